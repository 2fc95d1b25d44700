/**
 * Knows which of the columns that a plan can do without are there, and the arms that follow from it.
 *
 * A column that is there but may not be read counts as there: the queries that name it fail, and say so. Taken for missing,
 * the column that says who may not send (mailcow's `sender_allowed`) would let everybody.
 */
import type { Clock } from "../../model/clock.ts";
import type { Log } from "../../model/log.ts";
import type { StatementSession } from "../session.ts";
import type { ArmPlan, ArmSet } from "./arm.ts";

/** What was found of a column, `table.column`; `hidden`: its table is not there, or none of it may be read. */
export type ColumnState = "there" | "unreadable" | "missing" | "hidden";

/** What a probe needs of a session. */
export type ProbeSession = Pick<StatementSession, "isOpen" | "run">;

/**
 * Looks for columns, in the way of a database.
 *
 * @param columns as `table.column`
 * @throws {SessionError}
 */
export type ProbeColumns = (
  columns: readonly string[],
  session: ProbeSession,
) => Promise<ReadonlyMap<string, ColumnState>>;

// A migration adds a column while connections live: it takes effect here within this time, or after the first SQL error.
const refreshMs = 300_000;
// A schema that is broken makes every lookup fail; it is not probed for each of them.
const pauseMs = 5000;

/** The schema behind one source. */
export class Schema {
  readonly #plan: ArmPlan;
  readonly #probe: ProbeColumns;
  readonly #deps: { readonly source: string; readonly clock: Clock; readonly log: Log };
  #arms: ArmSet | undefined;
  #found = "";
  #variant = 0;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #isDoubted = false;

  constructor(
    plan: ArmPlan,
    probe: ProbeColumns,
    deps: { readonly source: string; readonly clock: Clock; readonly log: Log },
  ) {
    this.#plan = plan;
    this.#probe = probe;
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
   * @throws {SessionError}
   */
  async learn(session: ProbeSession): Promise<void> {
    const { optionalColumns } = this.#plan;
    if (optionalColumns.length === 0 || this.#ageMs() < pauseMs) return;
    const states = await this.#probe(optionalColumns, session);
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
