/**
 * A source in an SQLite file, opened for reading only.
 *
 * Answers at once: a lookup is a few index accesses in the page cache, some 10 µs each, and less than handing it to another
 * thread would take. A query without an index holds up everything else, so `check --connect` looks for those.
 */
import type Sqlite from "libsql";
import { SourceError } from "../../model/errors.ts";
import type { Ask, Cells, Key, KeyForm, Role } from "../../model/keys.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { Database, QueryReport, RowProof, SourceHealth } from "../../model/source.ts";
import { type DatabaseDependencies, lookAfterIntervalMs } from "../database.ts";
import { HostedDomains, unfindableDomains } from "../hosted-domains.ts";
import type { Arm, ArmPlan, Row } from "../sql/arm.ts";
import { bindAsks, findingsOf, type Lookup } from "../sql/lookup.ts";
import { BusyQueue } from "./busy-queue.ts";
import { authorsText, classifySqliteError } from "./errors.ts";
import { SqliteListing } from "./listing.ts";
import { FileKeeper, type OpenFile, openReadOnly, toCell } from "./open-file.ts";
import { fullScansOf, withUnlistedRows } from "./report.ts";

type SqliteSettings = Extract<ConnectionSettings, { driver: "sqlite" }>;

/** Answers lookups from an SQLite file. */
export class SqliteDatabase implements Database {
  readonly name: string;
  readonly keyForm: KeyForm;
  readonly roles: ReadonlySet<Role>;
  readonly rowProof: RowProof | undefined;
  readonly listing: SqliteListing | undefined;
  readonly #settings: SqliteSettings;
  readonly #deps: DatabaseDependencies;
  readonly #hosted: HostedDomains;
  readonly #file: FileKeeper;
  readonly #waiting: BusyQueue;
  #reason = "";
  #looking: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Opens nothing yet. */
  constructor(name: string, settings: SqliteSettings, plan: ArmPlan, deps: DatabaseDependencies) {
    const fullest = plan.arms(new Set(plan.optionalColumns));
    this.name = name;
    this.keyForm = fullest.keyForm;
    this.roles = new Set(Object.keys(fullest.roles) as Role[]);
    this.rowProof = fullest.roles.address?.rowProof;
    this.#settings = settings;
    this.#deps = deps;
    this.#hosted = new HostedDomains(name, deps.log);
    this.#file = new FileKeeper(settings.path, plan, deps.clock);
    this.#waiting = new BusyQueue(deps.clock, deps.maxWaitingLookups, () => {
      deps.tally.queries.timeout++;
    });
    this.listing = fullest.listing === undefined ? undefined : new SqliteListing(settings.path, plan);
  }

  find(asks: readonly Ask[], deadlineMs: number): Cells | Promise<Cells> {
    return this.#answer((file) => this.#lookUp(file, bindAsks(file.arms, asks)), deadlineMs);
  }

  async hostedDomains(deadlineMs: number): Promise<ReadonlySet<string> | undefined> {
    const cells = await this.#answer((file) => this.#domains(file), deadlineMs);
    return cells === undefined ? undefined : this.#hosted.read(cells);
  }

  health(): SourceHealth {
    const state = { isUp: this.#reason === "", reason: this.#reason };
    return { ...state, hosts: [{ endpoint: this.#settings.path, ...state }] };
  }

  async report(deadlineMs: number): Promise<readonly QueryReport[]> {
    const { reports, unlisted } = await this.#answer(({ database, arms: { roles, domains, listing } }) => {
      // Apart: after an EXPLAIN libsql leaves the next read transaction of a connection open, which keeps writers out.
      const explaining = openReadOnly(this.#settings.path);
      try {
        const ofRoles = Object.entries(roles).map(([query, arm]) => reportQuery(explaining, query, arm));
        const ofDomains = domains === undefined ? [] : [reportDomains(database, domains)];
        const isListed = domains !== undefined || listing !== undefined;
        return { reports: [...ofRoles, ...ofDomains], unlisted: isListed ? {} : roles };
      } finally {
        explaining.close();
      }
    }, deadlineMs);
    return withUnlistedRows(this.#settings.path, unlisted, reports);
  }

  async lookAfter(): Promise<void> {
    if (this.#isClosed) return;
    this.#looking ??= setInterval(() => this.#look(), lookAfterIntervalMs).unref();
    this.#look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    await this.#waiting.drained();
    this.#file.close();
  }

  renew(): void {
    this.#file.close();
  }

  #answer<T>(ask: (file: OpenFile) => T, deadlineMs: number): T | Promise<T> {
    if (this.#isClosed) throw new SourceError("ERR_SOURCE_CLOSED", "the source is being closed");
    const answer = this.#waiting.isEmpty ? this.#unlessBusy(ask) : undefined;
    if (answer !== undefined) return answer.value;
    const untilMs = Math.min(deadlineMs, this.#deps.clock.nowMs() + this.#settings.queryTimeoutMs);
    return this.#waiting.join(() => this.#unlessBusy(ask), untilMs);
  }

  /** @returns `undefined` while a writer holds the file */
  #unlessBusy<T>(ask: (file: OpenFile) => T): { readonly value: T } | undefined {
    try {
      const value = ask(this.#file.current());
      this.#noteUp();
      return { value };
    } catch (error) {
      if (error instanceof SourceError) throw error;
      const { kind, text } = classifySqliteError(error);
      if (kind === "busy") {
        this.#file.close();
        return undefined;
      }
      this.#deps.tally.queries.error++;
      if (kind === "statement") throw new SourceError("ERR_SOURCE_SQL", `SQLite refused the query: ${text}`);
      this.#file.close();
      this.#noteDown(text);
      throw new SourceError("ERR_SOURCE_UNAVAILABLE", `cannot read the SQLite file: ${text}`, { cause: error });
    }
  }

  /** Opens the file where need be and reads a page of it, as a lookup would. A writer that holds it is no news of it. */
  #look(): void {
    try {
      this.#file.current().database.prepare("SELECT 1 FROM sqlite_master LIMIT 1").all([]);
      this.#noteUp();
    } catch (error) {
      const { kind, text } = classifySqliteError(error);
      this.#file.close();
      if (kind === "file") this.#noteDown(text);
    }
  }

  #noteUp(): void {
    if (this.#reason === "") return;
    this.#deps.log.info({ source: this.name }, "database file is readable again");
    this.#reason = "";
  }

  #noteDown(reason: string): void {
    if (this.#reason === "") this.#deps.log.warn({ source: this.name, reason }, "database file is not readable");
    this.#reason = reason;
  }

  #lookUp(file: OpenFile, lookup: Lookup): Cells {
    const cells: (readonly string[])[] = [];
    for (const { arm, key, values } of lookup.arms) {
      const found = arm.collect(this.#run(file, arm, values), key);
      cells.push(found);
      // As Postfix keys its own tables: the first answer ends the search.
      if (this.keyForm === "postfix" && found.length > 0) break;
    }
    return findingsOf(lookup, cells);
  }

  #domains(file: OpenFile): readonly string[] | undefined {
    const arm = file.arms.domains;
    return arm?.collect(this.#run(file, arm, arm.bind(noKey) ?? []), noKey);
  }

  #run(file: OpenFile, arm: Arm, values: readonly string[]): readonly Row[] {
    const { clock, tally } = this.#deps;
    let statement = file.statements.get(arm.sql);
    if (statement === undefined) {
      statement = file.database.prepare<unknown[]>(arm.sql).raw();
      file.statements.set(arm.sql, statement);
    }
    const startMs = clock.nowMs();
    const rows = (statement.all(values) as unknown[][]).map((row) => row.map(toCell));
    tally.queries.ok++;
    tally.duration.observe((clock.nowMs() - startMs) / 1000);
    return rows;
  }
}

const noKey: Key = { email: "", user: "", domain: "" };

/** Prepares a query and explains it. */
function reportQuery(database: Sqlite.Database, query: string, { sql }: Arm): QueryReport {
  return orItsError(query, () => {
    database.prepare(sql);
    return { query, fullScans: fullScansOf(database, sql) };
  });
}

/** Runs the query for all domains, which reads all of them by nature. */
function reportDomains(database: Sqlite.Database, arm: Arm): QueryReport {
  const query = "domains";
  return orItsError(query, () => {
    const statement = database.prepare<unknown[]>(arm.sql).raw();
    const rows = (statement.all(arm.bind(noKey) ?? []) as unknown[][]).map((row) => row.map(toCell));
    const problem = unfindableDomains(arm.collect(rows, noKey));
    return { query, fullScans: [], ...(problem === undefined ? {} : { notes: [problem] }) };
  });
}

function orItsError(query: string, report: () => QueryReport): QueryReport {
  try {
    return report();
  } catch (error) {
    if (classifySqliteError(error).kind !== "statement") throw error;
    return { query, error: authorsText(error), fullScans: [] };
  }
}
