/**
 * A source in a database server that speaks SQL, whichever it is: what a driver says of its server, put together with the pool.
 *
 * The dispatcher decides which lookup goes when; the batch runner knows the statements; the schema knows which columns there
 * are. What is left to a driver is a session, its errors and how questions become one statement.
 */
import type { Ask, Cells, KeyForm, Role } from "../../model/keys.ts";
import { notAsked } from "../../model/keys.ts";
import type { Listing } from "../../model/listing.ts";
import type { QueryReport, RowProof } from "../../model/source.ts";
import type { DatabaseDependencies } from "../database.ts";
import { isAgainstHost, type OpenSession, SessionError, type StatementSession } from "../session.ts";
import type { ArmPlan, ArmSet } from "../sql/arm.ts";
import { bindAsks, type CombineArms, type Lookup } from "../sql/lookup.ts";
import { Schema } from "../sql/schema.ts";
import { BatchRunner } from "./batch.ts";
import type { Settle } from "./dispatcher.ts";
import { DomainList } from "./domain-list.ts";
import { PooledListing, type WatchChanges } from "./listing.ts";
import { type OpenApart, PooledDatabase, type PoolSettings, type PoolUse } from "./pooled-database.ts";
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

/** Answers lookups from a database server. */
export class SqlDatabase extends PooledDatabase<StatementSession, Lookup> {
  readonly keyForm: KeyForm;
  readonly roles: ReadonlySet<Role>;
  readonly rowProof: RowProof | undefined;
  readonly listing: Listing | undefined;
  readonly #plan: ArmPlan;
  readonly #driver: SqlDriver;
  readonly #schema: Schema;
  readonly #domains: DomainList;
  readonly #runner: BatchRunner;

  /** Connects to nothing yet. */
  constructor(name: string, settings: PoolSettings, plan: ArmPlan, driver: SqlDriver, deps: DatabaseDependencies) {
    const { combine, maxArms } = driver;
    const use: PoolUse<StatementSession, Lookup> = {
      open: driver.open(),
      prepare: (session) => this.#prepare(session),
      maxArms,
      serve: (session, lookups, settle) => this.#serve(session, lookups, settle),
      onRefused: () => this.#schema.doubt(),
    };
    super(name, settings, use, deps);
    const { clock, log, tally } = deps;
    this.#plan = plan;
    this.#driver = driver;
    this.#schema = new Schema(plan, driver.probeColumns, { source: name, clock, log });
    // Until the schema is known every query is expected to be there; an ask without one finds nothing.
    const { keyForm, roles } = this.#schema.fullest;
    this.keyForm = keyForm;
    this.roles = new Set(Object.keys(roles) as Role[]);
    this.rowProof = roles.address?.rowProof;
    const firstHitOnly = this.keyForm === "postfix";
    this.#runner = new BatchRunner({ source: name, firstHitOnly, combine, clock, log, tally });
    const openApart: OpenApart<StatementSession> = (timeoutMs, signal) =>
      this.openApart(driver.open(timeoutMs), signal);
    this.#domains = new DomainList({
      clock,
      ask: (bind, deadlineMs) => this.dispatcher.ask(bind, deadlineMs),
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
      return this.dispatcher.ask(() => lookup, deadlineMs);
    }
    let lookup: Lookup | undefined;
    return this.dispatcher.ask(() => {
      lookup ??= bindAsks(this.#schema.arms as ArmSet, asks);
      return lookup;
    }, deadlineMs);
  }

  protected override async readDomains(deadlineMs: number): Promise<readonly string[] | undefined> {
    const possible = this.#schema.arms ?? this.#schema.fullest;
    return possible.domains === undefined ? undefined : this.#domains.read(deadlineMs);
  }

  protected override reportOn(session: StatementSession): Promise<readonly QueryReport[]> {
    return reportQueries(session, this.#plan, this.#driver);
  }

  #openListing(open: OpenApart<StatementSession>): Listing {
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

  /** One statement answers all, or the failure of one. */
  async #serve(session: StatementSession, lookups: readonly Lookup[], settle: Settle): Promise<void> {
    if (this.#schema.isDue) await this.#schema.learn(session);
    for (const [i, outcome] of (await this.#runner.run(session, lookups)).entries()) settle(i, outcome);
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
