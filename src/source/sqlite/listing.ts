/**
 * Lists an SQLite file.
 *
 * The statement goes on from batch to batch, and with it the read lock. Without WAL that keeps writers out, who may wait no longer
 * than SQLite's usual five seconds: everything is read first, and given out at the pace of whoever iterates when the lock is gone.
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
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
    let open: OpenListing | undefined;
    try {
      open = await begin(this.#path, this.#plan, signal);
      const batches = open.keepsWritersOut ? await readAhead(open.rows, signal) : batchesOf(open.rows);
      if (open.keepsWritersOut) open = end(open);
      for (const batch of batches) {
        signal.throwIfAborted();
        yield batch;
      }
    } catch (error) {
      if (signal.aborted || error instanceof SourceError) throw error;
      const { kind, text } = classifySqliteError(error);
      const code = kind === "statement" ? "ERR_SOURCE_SQL" : "ERR_SOURCE_UNAVAILABLE";
      throw new SourceError(code, `cannot list the SQLite file: ${text}`, { cause: error });
    } finally {
      if (open !== undefined) end(open);
    }
  }

  watchChanges(onHint: () => void): ChangeWatch {
    return watchFile(this.#path, onHint);
  }
}

/** A statement under way. */
interface OpenListing {
  readonly database: Sqlite.Database;
  readonly rows: Rows;
  /** As a reader does in every way of journalling but WAL. */
  readonly keepsWritersOut: boolean;
}

/** Rows to come; `next` gives the first one too. */
interface Rows {
  next(): IteratorResult<unknown[]>;
  isDone: boolean;
}

/** Opens the file and runs the statement as far as its first row, which shows whether a writer holds it. */
async function begin(path: string, plan: ArmPlan, signal: AbortSignal): Promise<OpenListing> {
  for (let tries = 1; ; tries++) {
    const database = openReadOnly(path);
    try {
      const [{ journal_mode: mode } = {}] = database.pragma("journal_mode") as { journal_mode?: string }[];
      return { database, rows: firstRow(database, plan), keepsWritersOut: mode !== "wal" };
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

function* batchesOf(rows: Rows): Generator<readonly ListedLine[]> {
  for (let batch = take(rows); batch.length > 0; batch = take(rows)) yield batch;
}

/** Reads everything, letting lookups in between; kept as JSON, which takes a third of the memory of lines. */
async function readAhead(rows: Rows, signal: AbortSignal): Promise<Iterable<readonly ListedLine[]>> {
  const held: string[] = [];
  for (const batch of batchesOf(rows)) {
    held.push(JSON.stringify(batch));
    await nextTurn();
    signal.throwIfAborted();
  }
  return linesOf(held);
}

function* linesOf(held: readonly string[]): Generator<readonly ListedLine[]> {
  for (const batch of held) yield JSON.parse(batch) as readonly ListedLine[];
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
function end({ database, rows }: OpenListing): undefined {
  if (!rows.isDone) {
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
