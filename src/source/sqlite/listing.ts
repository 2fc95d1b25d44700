/**
 * Lists an SQLite file.
 *
 * The statement goes on from batch to batch, and with it the read lock: without WAL a writer waits for its end, so whoever
 * iterates does not dawdle. 100,000 rows take some 100 ms.
 */
import { setTimeout as delay } from "node:timers/promises";
import type Sqlite from "libsql";
import { SourceError } from "../../model/errors.ts";
import { type ChangeWatch, type ListedLine, type Listing, toListedLine } from "../../model/listing.ts";
import type { ArmPlan } from "../sql/arm.ts";
import { watchFile } from "./changes.ts";
import { classifySqliteError } from "./errors.ts";
import { armsFor, openReadOnly, toCell } from "./open-file.ts";

// Some 0.3 ms of work.
const rowsPerBatch = 256;
// A writer holds the file for some milliseconds at a time.
const busyDelayMs = 20;
const maxBusyTries = 100;

/** The listing of a file. */
export class SqliteListing implements Listing {
  readonly #path: string;
  readonly #plan: ArmPlan;

  constructor(path: string, plan: ArmPlan) {
    this.#path = path;
    this.#plan = plan;
  }

  async *list(signal: AbortSignal): AsyncGenerator<readonly ListedLine[], void, undefined> {
    let database: Sqlite.Database | undefined;
    let rows: Rows | undefined;
    try {
      ({ database, rows } = await begin(this.#path, this.#plan, signal));
      for (let batch = take(rows); batch.length > 0; batch = take(rows)) {
        yield batch;
        signal.throwIfAborted();
      }
    } catch (error) {
      if (signal.aborted || error instanceof SourceError) throw error;
      const { kind, text } = classifySqliteError(error);
      const code = kind === "statement" ? "ERR_SOURCE_SQL" : "ERR_SOURCE_UNAVAILABLE";
      throw new SourceError(code, `cannot list the SQLite file: ${text}`, { cause: error });
    } finally {
      if (database !== undefined) end(database, rows);
    }
  }

  watchChanges(onHint: () => void): ChangeWatch {
    return watchFile(this.#path, onHint);
  }
}

/** Rows to come; `next` gives the first one too. */
interface Rows {
  next(): IteratorResult<unknown[]>;
  isDone: boolean;
}

/** Opens the file and runs the statement as far as its first row, which shows whether a writer holds it. */
async function begin(path: string, plan: ArmPlan, signal: AbortSignal) {
  for (let tries = 1; ; tries++) {
    const database = openReadOnly(path);
    try {
      return { database, rows: firstRow(database, plan) };
    } catch (error) {
      database.close();
      if (classifySqliteError(error).kind !== "busy" || tries >= maxBusyTries) throw error;
      await delay(busyDelayMs);
      signal.throwIfAborted();
    }
  }
}

function firstRow(database: Sqlite.Database, plan: ArmPlan): Rows {
  const { listing } = armsFor(plan, database);
  if (listing === undefined) throw new Error("the plan has no listing");
  const rows = database.prepare<unknown[]>(listing.sql).raw().iterate(listing.values) as IterableIterator<unknown[]>;
  let first: IteratorResult<unknown[]> | undefined = rows.next();
  return {
    isDone: false,
    next() {
      const result = first ?? rows.next();
      first = undefined;
      return result;
    },
  };
}

function take(rows: Rows): readonly ListedLine[] {
  const lines: ListedLine[] = [];
  while (!rows.isDone && lines.length < rowsPerBatch) {
    const { value, done = false } = rows.next();
    rows.isDone = done;
    const line = done ? undefined : toListedLine((value as unknown[]).map(toCell));
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

/** Closes the file. libsql keeps the read lock of a statement that was left before its end, unless it is interrupted. */
function end(database: Sqlite.Database, rows: Rows | undefined): void {
  if (rows?.isDone === false) {
    try {
      // Missing in the types.
      (database as Sqlite.Database & { interrupt(): void }).interrupt();
      rows.next();
    } catch {
      // SQLITE_INTERRUPT: what was wanted.
    }
  }
  database.close();
}
