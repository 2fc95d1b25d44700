/**
 * The SQLite file of a source, opened for reading only, and opened anew when it is another one.
 *
 * SQLite itself notices what a writer does to the file through SQLite. It does not notice a file that was put in its place by
 * rename or copied over it: where the change counter of the two is equal, pages that it remembers of the old one would answer for ever.
 *
 * A connection whose statement met a writer (SQLITE_BUSY) is closed by whoever used it. SQLite counts such a statement as under
 * way until it is run again, and while one is under way the read lock of every later statement stays: no writer would ever get in.
 */

import { type BigIntStats, statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type Sqlite from "libsql";
import type { Clock } from "../../model/clock.ts";
import type { ArmPlan, ArmSet } from "../sql/arm.ts";

export type Statement = Sqlite.Statement<unknown[]>;

/** An open file, with the statements prepared on it. */
export interface OpenFile {
  readonly database: Sqlite.Database;
  readonly arms: ArmSet;
  readonly statements: Map<string, Statement>;
  /** Changes with every change of the file, however it was made. */
  readonly identity: string;
}

// A file that was replaced (the usual way to publish a new one) is noticed this soon; a stat costs 2 µs.
const recheckMs = 250;

/** Keeps the file of one source open. */
export class FileKeeper {
  readonly #path: string;
  readonly #plan: ArmPlan;
  readonly #clock: Clock;
  #file: OpenFile | undefined;
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  /** Opens nothing yet. */
  constructor(path: string, plan: ArmPlan, clock: Clock) {
    this.#path = path;
    this.#plan = plan;
    this.#clock = clock;
  }

  /** The file as it is now, at most `recheckMs` ago. @throws whatever the system or libsql says */
  current(): OpenFile {
    const nowMs = this.#clock.nowMs();
    if (this.#file !== undefined && nowMs - this.#checkedAtMs < recheckMs) return this.#file;
    const identity = identityOf(this.#path);
    this.#checkedAtMs = nowMs;
    if (this.#file?.identity === identity) return this.#file;
    this.close();
    const database = openReadOnly(this.#path);
    try {
      this.#file = { database, arms: armsFor(this.#plan, database), statements: new Map(), identity };
    } catch (error) {
      database.close();
      throw error;
    }
    return this.#file;
  }

  /** Closes the file; the next call of `current` opens it anew. */
  close(): void {
    this.#file?.database.close();
    this.#file = undefined;
  }
}

/** Opens a file that must be there, for reading. */
export function openReadOnly(path: string): Sqlite.Database {
  const Database = loadLibsql();
  // libsql ignores better-sqlite3's `readonly` and `fileMustExist`; the URI form of sqlite3_open_v2 means both.
  return new Database(`${pathToFileURL(path).href}?mode=ro`);
}

/** Which file stands under the name, and when it and its write-ahead log last changed. The change time cannot be set back. */
export function identityOf(path: string): string {
  const file = statSync(path, { bigint: true });
  const log = statSync(`${path}-wal`, { bigint: true, throwIfNoEntry: false });
  // An empty log is none: SQLite makes one when it opens a database that has none, and takes it away again.
  return [file, log?.size === 0n ? undefined : log].map(written).join();
}

function written(stats: BigIntStats | undefined): string {
  return stats === undefined ? "" : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** Makes the arms for the optional columns that the file has. */
export function armsFor(plan: ArmPlan, database: Sqlite.Database): ArmSet {
  const columnsOf = database.prepare("SELECT name FROM pragma_table_info(?)").raw();
  const present = plan.optionalColumns.filter((column) => {
    const [table, name] = column.split(".") as [string, string];
    return (columnsOf.all([table]) as [string][]).some(([found]) => found.toLowerCase() === name.toLowerCase());
  });
  return plan.arms(new Set(present));
}

/** A value as text; NULL stays what it is. */
export function toCell(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

/** Gives the constructor of libsql's databases. Loaded when the first file is opened: a daemon with MySQL only starts without it. */
export function loadLibsql(): typeof Sqlite {
  return createRequire(import.meta.url)("libsql") as typeof Sqlite;
}
