/**
 * A source in a database server that speaks SQL, whichever it is: what a driver says of its server, put together with the pool.
 *
 * The dispatcher decides which lookup goes when; the batch runner knows the statements; the schema knows which columns there
 * are. What is left to a driver is a session, its errors and how questions become one statement.
 */
import type { Ask, Cells, KeyForm, Role } from "../../model/keys.ts";
import { notAsked } from "../../model/keys.ts";
import type { Listing } from "../../model/listing.ts";
import type { Endpoint } from "../../model/settings.ts";
import type { Database, QueryReport, SourceHealth } from "../../model/source.ts";
import { type DatabaseDependencies, lookAfterIntervalMs } from "../database.ts";
import { HostedDomains } from "../hosted-domains.ts";
import { isAgainstHost, type OpenSession, SessionError, type StatementSession } from "../session.ts";
import type { ArmPlan, ArmSet } from "../sql/arm.ts";
import { bindAsks, type CombineArms, type Lookup } from "../sql/lookup.ts";
import { Schema } from "../sql/schema.ts";
import { BatchRunner } from "./batch.ts";
import { Dispatcher, type Outcome } from "./dispatcher.ts";
import { DomainList } from "./domain-list.ts";
import { PooledListing, type WatchChanges } from "./listing.ts";
import { type ReportDriver, reportQueries } from "./report.ts";

/** What is particular to one kind of server. */
export interface SqlDriver extends ReportDriver {
  /** @param queryTimeoutMs how long a statement may take, if not as long as the settings say */
  open(queryTimeoutMs?: number): OpenSession<StatementSession>;
  /** Writes several questions as one statement, which so many may share. */
  readonly combine: CombineArms;
  readonly maxArms: number;
  /** Writes the statement of a listing as the server is to get it; as it is, by default. */
  typeListing?(sql: string, columnCount: number | undefined): string;
  /** How the server signals changes; absent when it does not. */
  readonly watchChanges?: WatchChanges;
}

/** Where the server is, and how much of it may be used. */
export interface PoolSettings {
  /** Tried in order, unix sockets first. */
  readonly hosts: readonly Endpoint[];
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
}

/** Answers lookups from a database server. */
export class SqlDatabase implements Database {
  readonly name: string;
  readonly keyForm: KeyForm;
  readonly roles: ReadonlySet<Role>;
  readonly listing: Listing | undefined;
  readonly #plan: ArmPlan;
  readonly #driver: SqlDriver;
  readonly #schema: Schema;
  readonly #hosted: HostedDomains;
  readonly #domains: DomainList;
  readonly #dispatcher: Dispatcher<StatementSession, Lookup>;
  readonly #runner: BatchRunner;
  #looking: NodeJS.Timeout | undefined;

  /** Connects to nothing yet. */
  constructor(name: string, settings: PoolSettings, plan: ArmPlan, driver: SqlDriver, deps: DatabaseDependencies) {
    const { clock, log, tally, maxWaitingLookups, random = Math.random } = deps;
    this.name = name;
    this.#plan = plan;
    this.#driver = driver;
    this.#schema = new Schema(plan, driver.probeColumns, { source: name, clock, log });
    this.#hosted = new HostedDomains(name, log);
    // Until the schema is known every query is expected to be there; an ask without one finds nothing.
    const { keyForm, roles } = this.#schema.fullest;
    this.keyForm = keyForm;
    this.roles = new Set(Object.keys(roles) as Role[]);
    const { combine, maxArms } = driver;
    const open = driver.open();
    const firstHitOnly = this.keyForm === "postfix";
    this.#runner = new BatchRunner({ source: name, firstHitOnly, combine, clock, log, tally });
    const { hosts, poolSize, connectTimeoutMs } = settings;
    const prepare = (session: StatementSession) => this.#prepare(session);
    this.#dispatcher = new Dispatcher({
      sessions: { source: name, hosts, open, poolSize, connectTimeoutMs, log, random, prepare },
      clock,
      maxWaitingLookups,
      maxArms,
      serve: (session, lookups) => this.#serve(session, lookups),
      onRefused: () => this.#schema.doubt(),
    });
    const openApart = (timeoutMs: number) =>
      this.#dispatcher.openApart(clock.nowMs() + connectTimeoutMs, driver.open(timeoutMs));
    this.#domains = new DomainList({
      clock,
      ask: (bind, deadlineMs) => this.#dispatcher.ask(bind, deadlineMs),
      open: openApart,
      learn: (session) => this.#schema.learn(session),
      arms: () => this.#schema.arms,
    });
    this.listing = this.#schema.fullest.listing === undefined ? undefined : this.#openListing(openApart);
  }

  find(asks: readonly Ask[], deadlineMs: number): Cells | Promise<Cells> {
    const { arms } = this.#schema;
    if (arms !== undefined) {
      const lookup = bindAsks(arms, asks);
      if (lookup.arms.length === 0) return asks.map(() => notAsked);
      return this.#dispatcher.ask(() => lookup, deadlineMs);
    }
    let lookup: Lookup | undefined;
    return this.#dispatcher.ask(() => {
      lookup ??= bindAsks(this.#schema.arms as ArmSet, asks);
      return lookup;
    }, deadlineMs);
  }

  async hostedDomains(deadlineMs: number): Promise<ReadonlySet<string> | undefined> {
    const possible = this.#schema.arms ?? this.#schema.fullest;
    if (possible.domains === undefined) return undefined;
    const cells = await this.#domains.read(deadlineMs);
    return cells === undefined ? undefined : this.#hosted.read(cells);
  }

  health(): SourceHealth {
    const { hosts } = this.#dispatcher;
    const isUp = hosts.isAnyUp;
    return { isUp, reason: isUp ? "" : hosts.reason(), hosts: hosts.health() };
  }

  async report(deadlineMs: number): Promise<readonly QueryReport[]> {
    const session = await this.#dispatcher.openApart(deadlineMs);
    try {
      return await reportQueries(session, this.#plan, this.#driver);
    } finally {
      await session.end();
    }
  }

  async lookAfter(): Promise<void> {
    if (this.#dispatcher.isClosing) return;
    this.#looking ??= setInterval(() => void this.#dispatcher.lookAfter(), lookAfterIntervalMs).unref();
    await this.#dispatcher.lookAfter();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#dispatcher.close();
  }

  #openListing(open: (queryTimeoutMs: number) => Promise<StatementSession>): Listing {
    const { watchChanges, typeListing = (sql: string) => sql } = this.#driver;
    return new PooledListing({
      open,
      statement: async (session) => {
        await this.#schema.learn(session);
        const { listing } = this.#schema.arms ?? this.#schema.fullest;
        if (listing === undefined) throw new SessionError("statement", "this schema cannot be listed");
        return { sql: typeListing(listing.sql, listing.columnCount), values: listing.values };
      },
      watchChanges,
    });
  }

  async #serve(session: StatementSession, lookups: readonly Lookup[]): Promise<readonly Outcome[]> {
    if (this.#schema.isDue) await this.#schema.learn(session);
    return this.#runner.run(session, lookups);
  }

  /** Learns the schema on a new session. Where it is known already, a statement that fails for it is no fault of the host. */
  async #prepare(session: StatementSession): Promise<void> {
    try {
      await this.#schema.learn(session);
    } catch (error) {
      const isHostAtFault = !(error instanceof SessionError) || isAgainstHost(error) || !session.isOpen;
      if (isHostAtFault || this.#schema.arms === undefined) throw error;
      this.#schema.doubt();
    }
  }
}
