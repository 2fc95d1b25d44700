/**
 * The running daemon: sources, maps, listeners and sidecar, opened in this order and closed in the reverse one.
 *
 * Only wires parts together; what they do is theirs.
 */
import { isDeepStrictEqual } from "node:util";
import type { LookupMap } from "../lookup/map-registry.ts";
import { MapRegistry } from "../lookup/map-registry.ts";
import type { FlushSelector } from "../model/flush.ts";
import { formatEndpoint, type ListenerSettings, type Settings } from "../model/settings.ts";
import { Deadlines } from "../net/deadlines.ts";
import type { ListenerParts } from "../net/listener.ts";
import { Server } from "../net/server.ts";
import { Turn } from "../net/turn.ts";
import { socketmap } from "../protocol/socketmap.ts";
import { tcpTable } from "../protocol/tcp-table.ts";
import { LookupService } from "../service/lookup.ts";
import type { InheritedSocket } from "../system/inherited-sockets.ts";
import { LabelledLog } from "../telemetry/labelled-log.ts";
import type { AdjustableLog } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { RateLimitedLog } from "../telemetry/rate-limited-log.ts";
import { unknownMap } from "../telemetry/tallies.ts";
import { MapChain } from "./map-chain.ts";
import { closeSources, type OpenSources, openSources } from "./sources.ts";

/** What the daemon is started with. */
export interface DaemonParts {
  readonly log: AdjustableLog;
  readonly metrics: Metrics;
  readonly inherited: readonly InheritedSocket[];
}

// How long the first connection and reading of the hosted domains may delay readiness: a database that is down must not delay it more.
const warmTimeoutMs = 2_000;
// A source that is down counts as served from memory when that happened within the last minute (GET /readyz).
const servingStaleMs = 60_000;

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
  /** The maps of listeners whose protocol carries no map names; connections that are open follow a reload. */
  #defaultMaps: ReadonlyMap<string, string | undefined> = new Map();
  #isDraining = false;
  #reloading: Promise<void> = Promise.resolve();
  #connections = 0;

  private constructor(settings: Settings, parts: DaemonParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#log = new RateLimitedLog(parts.log);
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

  /** Milliseconds on the clock that deadlines of lookups are told in. */
  nowMs(): number {
    return this.#turn.nowMs();
  }

  /** Whether the source is down but lookups are answered from what memory holds. */
  isServingStale(source: string): boolean {
    const { isUp } = this.#sources.get(source)?.database.health() ?? { isUp: false };
    if (isUp) return false;
    return [...this.#chains.values()].some(
      (chain) => chain.settings.source === source && chain.cache.isServingStale(servingStaleMs),
    );
  }

  /**
   * Forgets what the selector names, for good: also in the chains that a reload under way may go back to.
   *
   * @param map `undefined` = every map
   * @returns how many answers went
   */
  flush(selector: FlushSelector, map: string | undefined): number {
    const flushIn = (chains: Iterable<MapChain>) =>
      [...chains]
        .filter((chain) => map === undefined || chain.map.name === map)
        .reduce((flushed, chain) => flushed + chain.flush(selector), 0);
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
    this.#settle();
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
    await Promise.race([Promise.all([...watched, ...warmed]), timeout(warmTimeoutMs)]);
  }

  /** Stops accepting, answers what is in flight, closes everything: at the latest after `limits.drain_timeout`. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    // One deadline for connections and sources. A reload under way ends too: until then it is open which sources are ours.
    const isLate = timeout(this.#settings.limits.drainTimeoutMs).then(() => false);
    const isDrained = Promise.all([this.#server.drain(), this.#reloading]).then(() => true);
    const wasInTime = await Promise.race([isDrained, isLate]);
    if (!wasInTime) {
      this.#log.warn(
        { connections: this.#openConnections() },
        "drain timeout: closing connections with lookups in flight",
      );
      this.#server.destroy();
    }
    await Promise.race([closeSources(this.#sources), isLate]);
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
    this.#defaultMaps = new Map(settings.listeners.map((listener) => [listenerName(listener), listener.map]));
    this.#registry.replace([...chains.values()].map((chain): LookupMap => chain.map));
    for (const [name, source] of sources) this.#parts.metrics.watchSource(name, () => source.database.health());
  }

  /** Builds the chains, keeping those that nothing changed and what the others remember if their source answers the same. */
  #chainsFor(settings: Settings, sources: OpenSources): ReadonlyMap<string, MapChain> {
    const parts = { settings, clock: this.#turn, tallies: this.#parts.metrics };
    const chains = new Map<string, MapChain>();
    for (const [name, map] of Object.entries(settings.maps)) {
      const source = sources.get(map.source);
      // config/ has checked that every map names a source.
      if (source === undefined) throw new Error(`map ${name} has no source ${map.source}`);
      const old = this.#chains.get(name);
      const isSameMap = old !== undefined && isDeepStrictEqual(old.settings, map);
      const isSameRules =
        isDeepStrictEqual(settings.cache, this.#settings.cache) &&
        isDeepStrictEqual(settings.limits, this.#settings.limits);
      if (isSameMap && isSameRules && old.database === source.database) {
        chains.set(name, old);
        continue;
      }
      const chain = new MapChain(name, map, source.database, parts);
      const oldSource = old === undefined ? undefined : this.#sources.get(old.settings.source);
      if (isSameMap && oldSource?.fingerprint === source.fingerprint) chain.restore(old.remembered());
      chains.set(name, chain);
    }
    return chains;
  }

  #listenerParts(listener: ListenerSettings): ListenerParts {
    const { metrics } = this.#parts;
    const name = listenerName(listener);
    const shared = {
      limits: () => this.#settings.limits,
      log: new LabelledLog(this.#log, { listener: name }),
    };
    const tally = metrics.listener(name);
    const service = new LookupService({
      ...shared,
      protocol: listener.protocol === "socketmap" ? socketmap : tcpTable,
      maps: this.#registry,
      defaultMap: () => this.#defaultMaps.get(name),
      tallyFor: (map = unknownMap) => metrics.lookup(map, listener.protocol),
      listenerTally: tally,
      clock: this.#turn,
    });
    return {
      ...shared,
      service,
      tally,
      turn: this.#turn,
      deadlines: this.#deadlines,
      nextConnectionId: () => ++this.#connections,
    };
  }

  #openConnections(): number {
    return this.#server.listeners.reduce((sum, listener) => sum + listener.connections, 0);
  }
}

function listenerName(listener: ListenerSettings): string {
  return formatEndpoint(listener.endpoint);
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
