/**
 * The running daemon: sources, maps, listeners and sidecar, opened in this order and closed in the reverse one.
 *
 * Only wires parts together; what they do is theirs.
 */
import { setTimeout as delay } from "node:timers/promises";
import { MapRegistry } from "../lookup/map-registry.ts";
import type { FlushSelector } from "../model/flush.ts";
import { type ListenerSettings, listenerName, type Settings } from "../model/settings.ts";
import { Deadlines } from "../net/deadlines.ts";
import type { ListenerParts } from "../net/listener.ts";
import { Server } from "../net/server.ts";
import { Turn } from "../net/turn.ts";
import type { Readiness } from "../sidecar/deps.ts";
import type { InheritedSocket } from "../system/inherited-sockets.ts";
import type { Metrics } from "../telemetry/exposition.ts";
import { LabelledLog } from "../telemetry/labelled-log.ts";
import type { AdjustableLog } from "../telemetry/log.ts";
import { RateLimitedLog } from "../telemetry/rate-limited-log.ts";
import { chainsFor } from "./chains.ts";
import { Followers } from "./followers.ts";
import type { MapChain } from "./map-chain.ts";
import { readinessOf } from "./readiness.ts";
import { openService } from "./services.ts";
import { FlushError, Snapshots } from "./snapshots.ts";
import { closeSources, type OpenSources, openSources } from "./sources.ts";

/** What the daemon is started with. */
export interface DaemonParts {
  readonly log: AdjustableLog;
  readonly metrics: Metrics;
  readonly inherited: readonly InheritedSocket[];
}

// How long the first connection and reading of the hosted domains may delay readiness: a database that is down must not delay it more.
const warmTimeoutMs = 2_000;
// For what databases are told before their connections are cut.
const goodbyeMs = 1_000;

/** A daemon that serves. */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly #log: RateLimitedLog;
  readonly #turn = new Turn();
  readonly #deadlines = new Deadlines(this.#turn);
  readonly #registry = new MapRegistry([]);
  readonly #server: Server;
  #settings: Settings;
  #sources: OpenSources = new Map();
  #chains: ReadonlyMap<string, MapChain> = new Map();
  /** While a reload is under way: what comes back if it fails. */
  #previousChains: ReadonlyMap<string, MapChain> = new Map();
  /** Listeners by endpoint, as the settings in force have them; connections that are open follow a reload. */
  #listenersByName: ReadonlyMap<string, ListenerSettings> = new Map();
  #isDraining = false;
  #reloading: Promise<void> = Promise.resolve();
  #connections = 0;
  readonly #snapshots: Snapshots;
  readonly #followers: Followers;

  private constructor(settings: Settings, parts: DaemonParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#log = new RateLimitedLog(parts.log);
    this.#snapshots = new Snapshots(() => this, parts.log);
    this.#followers = new Followers({
      present: () => this,
      flush: (selector, map) => this.flush(selector, map),
      nowMs: () => this.nowMs(),
      log: this.#log,
      tallies: parts.metrics,
    });
    this.#server = new Server({
      partsFor: (listener) => this.#listenerParts(listener),
      nowMs: () => this.#turn.nowMs(),
      limits: () => this.#settings.limits,
      inherited: parts.inherited,
      log: this.#log,
    });
  }

  /**
   * Opens sources and maps; nobody is answered before `listen`.
   *
   * @throws {ConfigError} when a source cannot be configured so
   */
  static open(settings: Settings, parts: DaemonParts): Daemon {
    const daemon = new Daemon(settings, parts);
    const sources = daemon.#openSources(settings);
    daemon.#switchTo(settings, sources, daemon.#chainsFor(settings, sources));
    return daemon;
  }

  /**
   * Listens: from now on clients are answered.
   *
   * @throws {ListenError} when an endpoint cannot be had
   */
  async listen(): Promise<void> {
    await this.#server.listen(this.#settings.listeners);
    this.#settle();
    await this.#followers.sync();
  }

  get settings(): Settings {
    return this.#settings;
  }

  get server(): Server {
    return this.#server;
  }

  get sources(): OpenSources {
    return this.#sources;
  }

  /** The chains of the maps, in the order of the configuration. */
  get chains(): ReadonlyMap<string, MapChain> {
    return this.#chains;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** The snapshot file of the caches. */
  get snapshots(): Snapshots {
    return this.#snapshots;
  }

  /** How many lookups wait for a source. */
  get lookupsUnderWay(): number {
    return this.#deadlines.size;
  }

  /** Milliseconds on the clock that deadlines of lookups are told in. */
  nowMs(): number {
    return this.#turn.nowMs();
  }

  /**
   * Whether Postfix should be sent here: every listener is bound, and every source is up, or down while stale answers are
   * served in its place. Asks nobody.
   */
  readiness(): Readiness {
    return readinessOf({
      isDraining: this.#isDraining,
      listeners: this.#server.listeners,
      sources: this.#sources,
      chains: this.#chains.values(),
      following: (source) => this.#followers.stateOf(source),
    });
  }

  /**
   * Forgets what the selector names, for good, wherever it is remembered: in memory, in lookups under way, in the list of hosted
   * domains, in the chains that a reload under way may go back to, in an open file of a source, in the snapshot file. Whoever has to forget something calls
   * this and nothing else.
   *
   * Costs as many steps as addresses are named, for a domain, a login or everything as many as there are answers. Memory has
   * forgotten when the call returns; the promise waits for the disk.
   *
   * @param map `undefined` = every map
   * @returns how many answers went
   * @throws {FlushError} when memory has forgotten, but a restart could bring it back
   */
  async flush(selector: FlushSelector, map: string | undefined): Promise<number> {
    const flushed = this.#flushMemory(selector, map);
    try {
      await this.#snapshots.forget();
    } catch (error) {
      throw new FlushError(flushed, { cause: error });
    }
    return flushed;
  }

  #flushMemory(selector: FlushSelector, map: string | undefined): number {
    const flushIn = (chains: Iterable<MapChain>) =>
      [...chains]
        .filter((chain) => map === undefined || chain.map.name === map)
        .reduce((flushed, chain) => flushed + chain.flush(selector), 0);
    for (const { database } of this.#sources.values()) database.renew?.();
    const present = new Set(this.#chains.values());
    flushIn([...this.#previousChains.values()].filter((chain) => !present.has(chain)));
    return flushIn(present);
  }

  /**
   * Takes another configuration in place of the present one, whole or not at all. Lookups under way end where they began;
   * listeners and sources that did not change stay open, and maps keep what they remember if it is still true.
   *
   * @throws {ConfigError | ListenError} when it cannot be taken; the present one goes on
   */
  reload(settings: Settings): Promise<void> {
    const reloaded = this.#reload(settings);
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  async #reload(settings: Settings): Promise<void> {
    const previous = { settings: this.#settings, sources: this.#sources, chains: this.#chains };
    const sources = this.#openSources(settings);
    this.#switchTo(settings, sources, this.#chainsFor(settings, sources));
    this.#previousChains = previous.chains;
    try {
      await this.#server.listen(settings.listeners);
    } catch (error) {
      this.#switchTo(previous.settings, previous.sources, previous.chains);
      void closeSources(sources, previous.sources);
      throw error;
    } finally {
      this.#previousChains = new Map();
    }
    for (const { database } of sources.values()) database.renew?.();
    this.#settle();
    await this.#followers.sync();
    await closeSources(previous.sources, sources);
  }

  /**
   * Connects to all sources, has them look after themselves from now on, and reads their hosted domains; a source that does
   * not answer delays nobody for long.
   */
  async warm(): Promise<void> {
    // First the connections, so that the domains are read on those.
    const watched = [...this.#sources.values()].map(({ database }) => database.lookAfter());
    const warmed = [...this.#chains.values()].map((chain) => chain.warm());
    await Promise.race([Promise.all([...watched, ...warmed]), delay(warmTimeoutMs, undefined, { ref: false })]);
  }

  /** Stops accepting, answers what is in flight, closes everything: at the latest after `limits.drain_timeout`. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#snapshots.stop();
    // One deadline for connections and sources. A reload under way ends too: until then it is open which sources are ours.
    const isLate = delay(this.#settings.limits.drainTimeoutMs, false, { ref: false });
    const isDrained = Promise.all([this.#server.drain(), this.#reloading]).then(() => true);
    if (!(await Promise.race([isDrained, isLate]))) {
      const connections = this.#server.listeners.reduce((sum, listener) => sum + listener.connections, 0);
      this.#log.warn({ connections }, "drain timeout: closing connections with lookups in flight");
      this.#server.destroy();
    }
    // Nobody waits for an answer any more: what sources still do (a long list of domains, a name server that says nothing) may go.
    const isClosed = this.#followers.close().then(() => closeSources(this.#sources));
    await Promise.race([isClosed, delay(goodbyeMs, undefined, { ref: false }), isLate]);
    await this.#snapshots.saveLast();
    this.#log.flush();
  }

  #openSources(settings: Settings): OpenSources {
    const parts = { clock: this.#turn, log: this.#log, tallies: this.#parts.metrics };
    return openSources(settings, parts, this.#sources);
  }

  /** Follows the settings in force where they matter beside the line: log level, limits shown, series that are no more. */
  #settle(): void {
    const { metrics, log } = this.#parts;
    const { limits, listeners } = this.#settings;
    log.setLevel(this.#settings.log.level);
    metrics.connectionsLimit = limits.maxConnections;
    metrics.retain({
      maps: [...this.#chains.keys()],
      sources: [...this.#sources.keys()],
      listeners: listeners.map(listenerName),
    });
  }

  #switchTo(settings: Settings, sources: OpenSources, chains: ReadonlyMap<string, MapChain>): void {
    this.#settings = settings;
    this.#sources = sources;
    this.#chains = chains;
    this.#listenersByName = new Map(settings.listeners.map((listener) => [listenerName(listener), listener]));
    this.#registry.replace([...chains.values()].map((chain) => chain.map));
    for (const [name, source] of sources) this.#parts.metrics.watchSource(name, () => source.database.health());
  }

  #chainsFor(settings: Settings, sources: OpenSources): ReadonlyMap<string, MapChain> {
    return chainsFor(settings, sources, this, { clock: this.#turn, tallies: this.#parts.metrics, log: this.#log });
  }

  #listenerParts(listener: ListenerSettings): ListenerParts {
    const name = listenerName(listener);
    const log = new LabelledLog(this.#log, { listener: name });
    const limits = () => this.#settings.limits;
    const tally = this.#parts.metrics.listener(name);
    const service = openService(listener, {
      maps: this.#registry,
      // A listener that a reload has taken away ends what it began as it began.
      settings: () => this.#listenersByName.get(name) ?? listener,
      limits,
      metrics: this.#parts.metrics,
      tally,
      turn: this.#turn,
      log,
    });
    const shared = { turn: this.#turn, deadlines: this.#deadlines, nextConnectionId: () => ++this.#connections };
    return { service, limits, log, tally, ...shared };
  }
}
