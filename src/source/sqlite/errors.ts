/** Says what an error of SQLite means for the lookup: a table, as mysql/errors.ts is for MySQL. */

/**
 * What an error means:
 * - `busy`: a writer holds the file; the same statement works in a moment.
 * - `file`: the file is missing, unreadable, damaged or no database.
 * - `statement`: the SQL or the schema is at fault.
 */
export type SqliteErrorKind = "busy" | "file" | "statement";

// Primary result codes (sqlite.org/rescode.html). Extended codes begin with the primary one: SQLITE_IOERR_READ.
const kinds: Readonly<Record<string, SqliteErrorKind>> = {
  SQLITE_BUSY: "busy",
  SQLITE_LOCKED: "busy",
  SQLITE_CANTOPEN: "file",
  SQLITE_CORRUPT: "file",
  SQLITE_IOERR: "file",
  SQLITE_NOTADB: "file",
  SQLITE_PERM: "file",
  SQLITE_AUTH: "file",
  SQLITE_READONLY: "file",
  SQLITE_FULL: "file",
  SQLITE_NOMEM: "file",
};

/** An error of libsql, or anything else that was thrown. */
export interface SqliteFailure {
  readonly kind: SqliteErrorKind;
  /** For the log and `check`: the code, and the words where they only name a table or column. */
  readonly text: string;
}

/** Says what an error means. Without a code of SQLite it is the file that could not be opened. */
export function classifySqliteError(error: unknown): SqliteFailure {
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const words = typeof message === "string" ? message : String(error);
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return { kind: "file", text: words };
  const primary = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
  const isQuotable = /^no such (?:table|column|function): \S+$/.test(words);
  return { kind: kinds[primary] ?? "statement", text: isQuotable ? `${code}: ${words}` : code };
}

/** The words of SQLite whatever they are: for whoever wrote the statement, before it had parameters. */
export function authorsText(error: unknown): string {
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return typeof code === "string" ? `${code}: ${String(message)}` : String(message ?? error);
}
