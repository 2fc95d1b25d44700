/**
 * Asks a session what a batch of lookups wants to know: in one statement where that works, else lookup by lookup, else query by
 * query, so that what is wrong with one key or one query fails alone.
 *
 * Knows what a statement's failure means for a lookup; what a session's failure means is for its caller.
 */
import type { Clock } from "../../model/clock.ts";
import { SourceError } from "../../model/errors.ts";
import type { Log } from "../../model/log.ts";
import type { SourceTally } from "../../model/tally.ts";
import { isAgainstHost, type ResultSet, SessionError, type StatementSession } from "../session.ts";
import type { Arm } from "../sql/arm.ts";
import { type ArmText, type BoundArm, type CombineArms, dealRows, findingsOf, type Lookup } from "../sql/lookup.ts";
import { askWithStandIns } from "../sql/stand-in.ts";
import type { Outcome } from "./dispatcher.ts";

/** What a batch needs of a session. */
export type StatementRunner = Pick<StatementSession, "isOpen" | "run">;

/** What a batch runner is given. */
export interface BatchOptions {
  readonly source: string;
  /**
   * Whether only the first ask with cells counts, as with Postfix's own tables: later ones are then not asked, or their failure
   * does not count, where they could not change the answer.
   */
  readonly firstHitOnly: boolean;
  /** Writes arms as one statement of the database. */
  readonly combine: CombineArms;
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: SourceTally;
}

/** A statement that asks several arms at once. */
interface Combined {
  readonly text: string;
  /** Columns of each arm, in the order of the statement. */
  readonly columnCounts: readonly number[];
}

// Once may be chance; this often is the schema.
const maxFailedTogether = 3;

/** Runs batches for one source, and remembers what it has learned about the source's queries. */
export class BatchRunner {
  readonly #options: BatchOptions;
  /** Columns of each arm, learned when it is first asked alone; an arm whose columns share a name, or are written as declared, cannot be combined. */
  readonly #columnCounts = new Map<Arm, number | "not combinable">();
  readonly #combined = new Map<string, Combined>();
  /** How often the arms of a shape answered one by one but not together. */
  readonly #failedTogether = new Map<string, number>();

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /**
   * Asks for lookups of one shape.
   *
   * @returns what became of each, at its index
   * @throws {SessionError} when the session is of no more use; nothing is known of the lookups then
   */
  async run(session: StatementRunner, lookups: readonly Lookup[]): Promise<readonly Outcome[]> {
    const [first, ...rest] = lookups;
    if (first === undefined) return [];
    const statement = this.#combine(first, lookups.length);
    // The first answer may be what was missing to combine the rest.
    if (statement === undefined) {
      const outcome = await this.#armByArm(session, first);
      if (rest.length === 0) return [outcome];
      return [outcome, ...(isTimeout(outcome) ? rest.map(() => outcome) : await this.run(session, rest))];
    }
    const values: string[] = [];
    for (const { arms } of lookups) for (const arm of arms) values.push(...arm.values);
    try {
      const { rows } = await this.#ask(session, statement.text, values);
      const dealt = dealRows(rows, statement.columnCounts);
      let next = 0;
      return lookups.map((lookup) => {
        const from = next;
        next += lookup.arms.length;
        return this.#collect(lookup, dealt, from);
      });
    } catch (error) {
      return this.#askApart(session, [first, ...rest], asSessionError(error, session));
    }
  }

  /** Goes on after the combined statement of a batch failed. */
  async #askApart(
    session: StatementRunner,
    lookups: readonly [Lookup, ...Lookup[]],
    error: SessionError,
  ): Promise<readonly Outcome[]> {
    const { kind, message } = error;
    if (kind === "timeout") return lookups.map(() => toSourceError(kind, message));
    const [first, ...rest] = lookups;
    if (kind !== "statement" && rest.length > 0) return this.#oneByOne(session, lookups);
    const outcome = await this.#separately(session, first, error);
    // What is wrong with the schema is wrong for every key; asking on would multiply the load of a broken source.
    if (outcome instanceof SourceError && kind === "statement") return lookups.map(() => outcome);
    return [outcome, ...(await this.#oneByOne(session, rest))];
  }

  /** Asks for each lookup by itself. When the database gives up on one it is not kept busy with the others. */
  async #oneByOne(session: StatementRunner, lookups: readonly Lookup[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const lookup of lookups) {
      const last = outcomes.at(-1);
      outcomes.push(...(isTimeout(last) ? [last] : await this.run(session, [lookup])));
    }
    return outcomes;
  }

  /**
   * The statement for so many lookups of the shape of this one; `undefined` when they cannot be one statement, or there is
   * nothing to combine.
   */
  #combine({ arms, shape }: Lookup, size: number): Combined | undefined {
    if (arms.length * size < 2 || this.#failsTogether(shape)) return undefined;
    // There are few: the shapes that keys have, times five sizes.
    const name = `${size} ${shape}`;
    const known = this.#combined.get(name);
    if (known !== undefined) return known;
    const texts: ArmText[] = [];
    for (const { arm } of arms) {
      const columnCount = arm.isCombinable ? this.#columnCounts.get(arm) : undefined;
      if (typeof columnCount !== "number") return undefined;
      texts.push({ sql: arm.sql, columnCount });
    }
    const all = Array.from({ length: size }, () => texts).flat();
    const combined = { text: this.#options.combine(all), columnCounts: all.map(({ columnCount }) => columnCount) };
    this.#combined.set(name, combined);
    return combined;
  }

  #failsTogether(shape: string): boolean {
    return (this.#failedTogether.get(shape) ?? 0) >= maxFailedTogether;
  }

  /** Asks one lookup arm by arm after its combined statement failed; if that works again and again, they do not combine. */
  async #separately(session: StatementRunner, lookup: Lookup, { kind, message }: SessionError): Promise<Outcome> {
    let sawBadKey = false;
    const outcome = await this.#armByArm(session, lookup, () => {
      sawBadKey = true;
    });
    if (outcome instanceof SourceError || sawBadKey || kind === "retry") return outcome;
    const failures = (this.#failedTogether.get(lookup.shape) ?? 0) + 1;
    this.#failedTogether.set(lookup.shape, failures);
    if (failures === maxFailedTogether) {
      const fields = { source: this.#options.source, queries: lookup.shape, reason: message };
      this.#options.log.warn(fields, "these queries do not run as one statement and are sent one by one");
    }
    return outcome;
  }

  async #armByArm(session: StatementRunner, lookup: Lookup, onBadKey = doNothing): Promise<Outcome> {
    const results: ResultSet["rows"][] = [];
    for (const bound of lookup.arms) {
      try {
        const rows = await this.#askArm(session, bound, onBadKey);
        results.push(rows);
        if (this.#options.firstHitOnly && bound.arm.collect(rows, bound.key).length > 0) break;
      } catch (error) {
        if (error instanceof SourceError) return error;
        const { kind, message } = asSessionError(error, session);
        return toSourceError(kind, message);
      }
    }
    return this.#collect(lookup, results, 0);
  }

  async #askArm(session: StatementRunner, bound: BoundArm, onBadKey: () => void): Promise<ResultSet["rows"]> {
    const { arm, values } = bound;
    try {
      return await this.#askAndLearn(session, bound);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      // A deadlock, say: the same statement works the second time.
      if (error.kind === "retry") return await this.#askAndLearn(session, bound);
      if (error.kind !== "key" || !beyondAscii.test(bound.key.email)) throw error;
      const result = await askWithStandIns(values, (others) => this.#askUnlessRefused(session, arm.sql, others));
      if (result === undefined) throw error;
      onBadKey();
      return result.rows;
    }
  }

  #askAndLearn(session: StatementRunner, { arm, values }: BoundArm): Promise<ResultSet["rows"]> {
    return this.#ask(session, arm.sql, values).then((result) => {
      this.#learn(arm, result);
      return result.rows;
    });
  }

  /** Asks, or says that the server refuses the values, for characters that it cannot compare or hold. */
  async #askUnlessRefused(
    session: StatementRunner,
    sql: string,
    values: readonly string[],
  ): Promise<ResultSet | undefined> {
    try {
      return await this.#ask(session, sql, values);
    } catch (error) {
      if (asSessionError(error, session).kind === "key") return undefined;
      throw error;
    }
  }

  #learn(arm: Arm, { columns, resultSetCount, isDeclared = false }: ResultSet): void {
    if (resultSetCount > 1) throw new SourceError("ERR_SOURCE_RESULT", "the query gave more than one result set");
    if (resultSetCount === 0) {
      if (arm.allowsNoResultSet === true) return;
      throw new SourceError("ERR_SOURCE_RESULT", "the query gave no result set");
    }
    const count = !isDeclared && areApart(columns) ? columns.length : "not combinable";
    // A query may have got other columns since it was combined (SELECT *).
    if (this.#columnCounts.get(arm) !== count) this.#combined.clear();
    this.#columnCounts.set(arm, count);
  }

  /** @param results rows of each arm, those of the lookup's first arm at `from` */
  #collect(lookup: Lookup, results: readonly ResultSet["rows"][], from: number): Outcome {
    const cells: (readonly string[])[] = [];
    try {
      for (const { arm, key } of lookup.arms) {
        const collected = arm.collect(results[from + cells.length] ?? [], key);
        cells.push(collected);
        if (this.#options.firstHitOnly && collected.length > 0) break;
      }
    } catch (error) {
      if (error instanceof SourceError) return error;
      throw error;
    }
    return findingsOf(lookup, cells);
  }

  // Promises without async: this is on the way of every miss, which is then a fifth less garbage.
  #ask(session: StatementRunner, sql: string, values: readonly string[]): Promise<ResultSet> {
    const startMs = this.#options.clock.nowMs();
    return session.run(sql, values).then(
      (result) => {
        this.#count("ok", startMs);
        return result;
      },
      (error: unknown) => {
        this.#count(error instanceof SessionError && error.kind === "timeout" ? "timeout" : "error", startMs);
        throw error;
      },
    );
  }

  #count(outcome: keyof SourceTally["queries"], startMs: number): void {
    const { clock, tally } = this.#options;
    tally.queries[outcome]++;
    tally.duration.observe((clock.nowMs() - startMs) / 1000);
  }
}

function isTimeout(outcome: Outcome | undefined): outcome is SourceError {
  return outcome instanceof SourceError && outcome.code === "ERR_SOURCE_TIMEOUT";
}

/** Takes what a session threw for an error of the statement. Throws it on when the session is of no more use, or it is a bug. */
function asSessionError(error: unknown, session: StatementRunner): SessionError {
  if (!(error instanceof SessionError) || isAgainstHost(error) || !session.isOpen) throw error;
  return error;
}

function toSourceError(kind: SessionError["kind"], message: string): SourceError {
  return kind === "timeout"
    ? new SourceError("ERR_SOURCE_TIMEOUT", `the database gave up: ${message}`)
    : new SourceError("ERR_SOURCE_SQL", `the database refused the query: ${message}`);
}

const doNothing = (): void => {};

/** Whether each name is there once, in any case. */
function areApart(columns: readonly string[]): boolean {
  return columns.length < 2 || new Set(columns.map((name) => name.toLowerCase())).size === columns.length;
}

const beyondAscii = /[^\x01-\x7f]/;
