/**
 * Knows which of the columns that a plan can do without are there, in MySQL or MariaDB, and the arms that follow from it.
 *
 * A column that is there but may not be read counts as there: the queries that name it fail, and say so. Taken for missing,
 * the column that says who may not send (mailcow's `sender_allowed`) would let everybody.
 */
import type { Clock } from "../../model/clock.ts";
import type { Log } from "../../model/log.ts";
import type { ArmPlan, ArmSet } from "../sql/arm.ts";
import { LaneError, type ResultSet } from "./session.ts";

/** What a probe needs of a lane. */
export interface ProbeLane {
  readonly isOpen: boolean;
  /** @throws {LaneError} */
  run(sql: string, values: readonly string[]): Promise<ResultSet>;
}

/** What was found of a column, `table.column`; `hidden`: its table is not there, or none of it may be read. */
export type ColumnState = "there" | "unreadable" | "missing" | "hidden";

// A migration adds a column while connections live: it takes effect here within this time, or after the first SQL error.
const refreshMs = 300_000;
// A schema that is broken makes every lookup fail; it is not probed for each of them.
const pauseMs = 5000;

/** The schema behind one source. */
export class Schema {
  readonly #plan: ArmPlan;
  readonly #deps: { readonly source: string; readonly clock: Clock; readonly log: Log };
  #arms: ArmSet | undefined;
  #found = "";
  #variant = 0;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #isDoubted = false;

  constructor(plan: ArmPlan, deps: { readonly source: string; readonly clock: Clock; readonly log: Log }) {
    this.#plan = plan;
    this.#deps = deps;
    if (plan.optionalColumns.length === 0) this.#arms = plan.arms(new Set());
  }

  /** The arms for what was found last; `undefined` before the first probe, if there is anything to probe. */
  get arms(): ArmSet | undefined {
    return this.#arms;
  }

  /** The arms of a schema that has everything: what may be asked, before it is known. */
  get fullest(): ArmSet {
    return this.#plan.arms(new Set(this.#plan.optionalColumns));
  }

  /** Whether to probe again. */
  get isDue(): boolean {
    if (this.#plan.optionalColumns.length === 0) return false;
    return this.#isDoubted || this.#ageMs() >= refreshMs;
  }

  /** Notes that a statement failed, which a change of the schema may be the reason of. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /**
   * Probes, unless that was done a moment ago. Says in the log what it found, when it found something else than before.
   *
   * @throws {LaneError}
   */
  async learn(lane: ProbeLane): Promise<void> {
    const { optionalColumns } = this.#plan;
    if (optionalColumns.length === 0 || this.#ageMs() < pauseMs) return;
    const states = await probeColumns(optionalColumns, lane);
    this.#probedAtMs = this.#deps.clock.nowMs();
    this.#isDoubted = false;
    const found = JSON.stringify([...states]);
    if (found === this.#found) return;
    const isFirst = this.#found === "";
    this.#found = found;
    this.#arms = { ...this.#plan.arms(countedAsThere(states)), variant: String(this.#variant++) };
    const fields = { source: this.#deps.source, columns: Object.fromEntries(states) };
    if (isFirst && ![...states.values()].includes("unreadable")) this.#deps.log.info(fields, "optional columns");
    else this.#deps.log.warn(fields, isFirst ? "optional columns" : "the schema changed; the queries follow it");
  }

  #ageMs(): number {
    return this.#deps.clock.nowMs() - this.#probedAtMs;
  }
}

/** The columns that queries may name. */
export function countedAsThere(states: ReadonlyMap<string, ColumnState>): ReadonlySet<string> {
  const named = [...states].filter(([, state]) => state === "there" || state === "unreadable");
  return new Set(named.map(([column]) => column));
}

/**
 * Looks for columns.
 *
 * @param columns as `table.column`
 * @throws {LaneError}
 */
export async function probeColumns(
  columns: readonly string[],
  lane: ProbeLane,
): Promise<ReadonlyMap<string, ColumnState>> {
  const tables = [...new Set(columns.map((column) => splitColumn(column).table))];
  const marks = tables.map(() => "?").join(", ");
  // Lists what the account has some right to, and nothing else.
  const { rows } = await lane.run(
    `SELECT table_name, CONCAT(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (${marks})`,
    tables,
  );
  const [seenTables, seenColumns] = [0, 1].map((i) => new Set(rows.map((row) => row[i]?.toLowerCase()))) as [
    Set<string | undefined>,
    Set<string | undefined>,
  ];
  const states = new Map<string, ColumnState>();
  for (const column of columns) {
    const { table } = splitColumn(column);
    if (seenColumns.has(column.toLowerCase())) states.set(column, "there");
    else if (!seenTables.has(table.toLowerCase())) states.set(column, "hidden");
    else states.set(column, (await isUnreadable(column, lane)) ? "unreadable" : "missing");
  }
  return states;
}

/**
 * Tells a column that may not be read from one that is not there. Asked plainly the server says the same of both (1143). In
 * a subquery a name that its table does not have is taken from outside, where it is; one that the table has is refused.
 */
async function isUnreadable(column: string, lane: ProbeLane): Promise<boolean> {
  const { table, name } = splitColumn(column);
  try {
    await lane.run(`SELECT (SELECT MAX(${name}) FROM ${table} WHERE FALSE) FROM (SELECT 1 AS ${name}) AS outside`, []);
    return false;
  } catch (error) {
    if (error instanceof LaneError && error.kind === "statement" && lane.isOpen) return true;
    throw error;
  }
}

function splitColumn(column: string): { readonly table: string; readonly name: string } {
  const [table, name] = column.split(".") as [string, string];
  return { table, name };
}
