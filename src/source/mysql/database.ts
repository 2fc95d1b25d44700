/**
 * A source in MySQL or MariaDB.
 *
 * A lookup waits in a queue until a connection is free, which at once takes others of its shape with it into one statement.
 * Here is decided which lookup goes when, and what becomes of it when a connection breaks. Lanes and hosts keep the
 * connections; the batch runner knows the statements.
 */
import { SourceError } from "../../model/errors.ts";
import { type Ask, type Findings, type Key, type KeyForm, notAsked, type Role } from "../../model/keys.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { QueryReport, SourceHealth } from "../../model/source.ts";
import { type DatabaseDependencies, type ProbedDatabase, watchIntervalMs } from "../database.ts";
import { HostedDomains } from "../hosted-domains.ts";
import { BatchRunner } from "../pool/batch.ts";
import { LookupQueue, type Taken, type Waiting } from "../pool/queue.ts";
import { Lanes, type PooledLane } from "../pool/sessions.ts";
import type { ArmPlan, ArmSet } from "../sql/arm.ts";
import { bindAsks, type Lookup } from "../sql/lookup.ts";
import type { LaneSettings } from "./connection.ts";
import { reportQueries } from "./report.ts";
import { Schema } from "./schema.ts";
import { type Lane, LaneError } from "./session.ts";
import { readTls } from "./tls.ts";

type MysqlSettings = Extract<ConnectionSettings, { driver: "mysql" }>;

// A lookup whose connection broke is tried once more: that covers a server that was restarted while the connection idled.
const maxTries = 2;
// Deadlines are seconds long; one coarse tick for all is enough, and costs nothing while nobody waits.
const tickMs = 50;

/** Answers lookups from MySQL or MariaDB. */
export class MysqlDatabase implements ProbedDatabase {
  readonly name: string;
  readonly keyForm: KeyForm;
  readonly roles: ReadonlySet<Role>;
  readonly #plan: ArmPlan;
  readonly #deps: DatabaseDependencies;
  readonly #schema: Schema;
  readonly #hosted: HostedDomains;
  readonly #lanes: Lanes;
  readonly #runner: BatchRunner;
  readonly #queue = new LookupQueue();
  readonly #inFlight = new Set<Waiting>();
  #isScheduled = false;
  #ticker: NodeJS.Timeout | undefined;
  #watcher: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;
  #isClosing = false;
  #isClosed = false;

  /**
   * Connects to nothing yet.
   *
   * @throws {ConfigError} when a certificate cannot be read
   */
  constructor(name: string, settings: MysqlSettings, plan: ArmPlan, deps: DatabaseDependencies) {
    const { clock, log, random = Math.random } = deps;
    this.name = name;
    this.#plan = plan;
    this.#deps = deps;
    this.#schema = new Schema(plan, { source: name, clock, log });
    this.#hosted = new HostedDomains(name, log);
    // Until the schema is known every query is expected to be there; an ask without one finds nothing.
    const { keyForm, roles } = this.#schema.fullest;
    this.keyForm = keyForm;
    this.roles = new Set(Object.keys(roles) as Role[]);
    this.#runner = new BatchRunner(name, this.keyForm === "postfix", deps);
    this.#lanes = new Lanes({
      source: name,
      hosts: settings.hosts,
      lane: laneSettings(settings),
      poolSize: settings.poolSize,
      connectTimeoutMs: settings.connectTimeoutMs,
      clock,
      log,
      random,
      prepare: (lane) => this.#prepare(lane),
      onChange: () => this.#pump(),
    });
  }

  find(asks: readonly Ask[], deadlineMs: number): Findings | Promise<Findings> {
    const { arms } = this.#schema;
    if (arms !== undefined) {
      const lookup = bindAsks(arms, asks);
      if (lookup.arms.length === 0) return asks.map(() => notAsked);
      return this.#enqueue(() => lookup, deadlineMs);
    }
    let lookup: Lookup | undefined;
    return this.#enqueue(() => {
      lookup ??= bindAsks(this.#schema.arms as ArmSet, asks);
      return lookup;
    }, deadlineMs);
  }

  async hostedDomains(deadlineMs: number): Promise<ReadonlySet<string> | undefined> {
    const possible = this.#schema.arms ?? this.#schema.fullest;
    if (possible.domains === undefined) return undefined;
    const [cells] = await this.#enqueue(() => domainsLookup(this.#schema.arms as ArmSet), deadlineMs);
    return cells === undefined ? undefined : this.#hosted.read(cells);
  }

  health(): SourceHealth {
    const { hosts } = this.#lanes;
    const isUp = hosts.isAnyUp;
    return { isUp, reason: isUp ? "" : hosts.reason(), hosts: hosts.health() };
  }

  async report(deadlineMs: number): Promise<readonly QueryReport[]> {
    let lane: Lane;
    try {
      lane = await this.#lanes.openApart(deadlineMs);
    } catch (error) {
      throw unavailable(error instanceof LaneError ? error.message : String(error), error);
    }
    try {
      return await reportQueries(lane, this.#plan);
    } finally {
      await lane.end();
    }
  }

  async watch(): Promise<void> {
    if (this.#isClosing) return;
    this.#watcher ??= setInterval(() => void this.#lanes.lookAfter(), watchIntervalMs).unref();
    await this.#lanes.lookAfter();
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    clearInterval(this.#watcher);
    do {
      if (this.#queue.size + this.#inFlight.size > 0) await new Promise<void>((idle) => (this.#onIdle = idle));
      // A lookup that has its first answer may ask once more, within this turn (Resolver, AliasDepth).
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#queue.size + this.#inFlight.size > 0);
    this.#isClosed = true;
    clearTimeout(this.#ticker);
    await this.#lanes.close();
  }

  /** Learns the schema on a new lane. Where it is known already, a statement that fails for it speaks not against the host. */
  async #prepare(lane: Lane): Promise<void> {
    try {
      await this.#schema.learn(lane);
    } catch (error) {
      const isHostAtFault = !(error instanceof LaneError) || error.kind === "connection" || !lane.isOpen;
      if (isHostAtFault || this.#schema.arms === undefined) throw error;
      this.#schema.doubt();
    }
  }

  #enqueue(bind: () => Lookup, deadlineMs: number): Promise<Findings> {
    if (this.#isClosed) return Promise.reject(new SourceError("ERR_SOURCE_CLOSED", "the source is being closed"));
    const { hosts } = this.#lanes;
    if (hosts.preferred() === undefined) return Promise.reject(unavailable(hosts.reason()));
    if (this.#queue.size >= this.#deps.maxWaitingLookups) {
      const message = `${this.#queue.size} lookups wait for the database already`;
      return Promise.reject(new SourceError("ERR_SOURCE_OVERLOAD", message));
    }
    return new Promise((resolve, reject) => {
      this.#queue.add({ bind, deadlineMs, tries: 0, isSettled: false, resolve, reject });
      this.#ticker ??= setTimeout(() => this.#tick(), tickMs);
      this.#schedule();
    });
  }

  // Lookups that arrive in one turn of the event loop go together; a lookup that comes alone waits for no other.
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { hosts } = this.#lanes;
    const free = [...this.#lanes.free()];
    while (this.#queue.size > 0 && free.length > 0) {
      const lane = free.pop() as PooledLane;
      const taken = this.#queue.take();
      if (taken.length > 0) void this.#serve(lane, taken);
    }
    if (this.#queue.size === 0) return;
    if (hosts.preferred() === undefined) this.#refuseAll(unavailable(hosts.reason()));
    else this.#lanes.grow(this.#queue.size);
  }

  async #serve(pooled: PooledLane, taken: readonly Taken[]): Promise<void> {
    const waiting = taken.map((one) => one.waiting);
    pooled.isBusy = true;
    for (const one of waiting) {
      one.tries++;
      this.#inFlight.add(one);
    }
    try {
      if (this.#schema.isDue) await this.#schema.learn(pooled.lane);
      const outcomes = await this.#runner.run(
        pooled.lane,
        taken.map(({ lookup }) => lookup),
      );
      for (const [i, one] of waiting.entries()) {
        const outcome = outcomes[i] as Findings | SourceError;
        if (outcome instanceof SourceError) this.#reject(one, outcome);
        else this.#resolve(one, outcome);
      }
    } catch (error) {
      this.#broken(pooled, waiting, error);
    } finally {
      pooled.isBusy = false;
      for (const one of waiting) this.#inFlight.delete(one);
      this.#doneWaiting();
      this.#schedule();
    }
  }

  /** Decides about lookups whose connection is of no more use, or that met a bug. */
  #broken(pooled: PooledLane, waiting: readonly Waiting[], error: unknown): void {
    const reason = error instanceof LaneError ? error.message : "unexpected answer";
    this.#lanes.discard(pooled, reason);
    const again: Waiting[] = [];
    for (const one of waiting) {
      if (!(error instanceof LaneError)) this.#reject(one, error);
      else if (error.kind === "timeout") this.#reject(one, new SourceError("ERR_SOURCE_TIMEOUT", reason));
      else if (one.tries >= maxTries) this.#reject(one, unavailable(`${pooled.host.name}: ${reason}`, error));
      else again.push(one);
    }
    this.#queue.putBack(again.filter(({ isSettled }) => !isSettled));
  }

  #resolve(waiting: Waiting, findings: Findings): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    waiting.resolve(findings);
  }

  #reject(waiting: Waiting, error: unknown): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    if (error instanceof SourceError && error.code === "ERR_SOURCE_SQL") this.#schema.doubt();
    waiting.reject(error);
  }

  #refuseAll(error: SourceError): void {
    for (const waiting of this.#queue.takeAll()) this.#reject(waiting, error);
    this.#doneWaiting();
  }

  #tick(): void {
    // By the next tick their time is up; the lookup is to end before its deadline, not after it.
    const nowMs = this.#deps.clock.nowMs() + tickMs;
    for (const waiting of this.#queue.takeExpired(nowMs)) this.#reject(waiting, late("waiting for a connection"));
    for (const waiting of this.#inFlight) {
      if (waiting.deadlineMs <= nowMs) this.#reject(waiting, late("waiting for the database"));
    }
    this.#ticker = undefined;
    if (this.#queue.size + this.#inFlight.size > 0) this.#ticker = setTimeout(() => this.#tick(), tickMs);
    else this.#doneWaiting();
    // A host that turned a connection away may take one now.
    this.#schedule();
  }

  #doneWaiting(): void {
    if (this.#queue.size + this.#inFlight.size === 0) this.#onIdle?.();
  }
}

const noKey: Key = { email: "", user: "", domain: "" };

function domainsLookup({ domains, variant = "" }: ArmSet): Lookup {
  const shape = `domains ${variant}`;
  if (domains === undefined) return { arms: [], askCount: 0, shape };
  const values = domains.bind(noKey) ?? [];
  return { arms: [{ role: "domains", arm: domains, key: noKey, values, ask: 0 }], askCount: 1, shape };
}

function laneSettings(settings: MysqlSettings): LaneSettings {
  const { user, password, database, charset, queryTimeoutMs } = settings;
  return { user, password, database, charset, queryTimeoutMs, tls: readTls(settings.tls) };
}

function unavailable(reason: string, cause?: unknown): SourceError {
  return new SourceError("ERR_SOURCE_UNAVAILABLE", `no database host: ${reason}`, { cause });
}

function late(doing: string): SourceError {
  return new SourceError("ERR_SOURCE_TIMEOUT", `the lookup's deadline passed while ${doing}`);
}
