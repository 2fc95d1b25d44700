/**
 * Cuts SQL into the pieces that matter to whoever puts parameters into it: what is code, and what only looks like it.
 *
 * Not a parser. It knows where strings, quoted identifiers and comments begin and end in each dialect, and nothing else.
 */

/** Which database understands the SQL. */
export type SqlDialect = "mysql" | "sqlite";

/** One piece of SQL; the pieces joined are the text again. */
export interface SqlToken {
  /** `code` is everything that is not one of the others. `"…"` is `quoted`: a string in MySQL, a name in SQLite. */
  readonly kind: "code" | "string" | "quoted" | "comment";
  readonly text: string;
  /** Whether its end was found; only the last piece can be unclosed. */
  readonly isClosed: boolean;
}

/**
 * Cuts SQL into pieces, as the server would when it looks for placeholders.
 *
 * MySQL: a backslash escapes in strings, `#` and `--` followed by white space begin a comment, `/*!` and `/*+` are code in
 * disguise and stay `code`. SQLite: no escapes, `--` always begins a comment, `[…]` quotes a name.
 */
export function tokenizeSql(sql: string, dialect: SqlDialect): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let code = 0;
  let at = 0;
  while (at < sql.length) {
    const piece = pieceAt(sql, at, dialect);
    if (piece === undefined) {
      at++;
      continue;
    }
    if (at > code) tokens.push({ kind: "code", text: sql.slice(code, at), isClosed: true });
    tokens.push({ kind: piece.kind, text: sql.slice(at, piece.end), isClosed: piece.isClosed });
    at = piece.end;
    code = at;
  }
  if (at > code) tokens.push({ kind: "code", text: sql.slice(code), isClosed: true });
  return tokens;
}

interface Piece {
  readonly kind: "string" | "quoted" | "comment";
  readonly end: number;
  readonly isClosed: boolean;
}

function pieceAt(sql: string, at: number, dialect: SqlDialect): Piece | undefined {
  switch (sql.charAt(at)) {
    case "'":
      return { kind: "string", ...endOfQuoted(sql, at, "'", dialect === "mysql") };
    case '"':
      return { kind: "quoted", ...endOfQuoted(sql, at, '"', dialect === "mysql") };
    case "`":
      return { kind: "quoted", ...endOfQuoted(sql, at, "`", false) };
    case "[":
      return dialect === "sqlite" ? { kind: "quoted", ...endAfter(sql, at + 1, "]") } : undefined;
    case "#":
      return dialect === "mysql" ? lineComment(sql, at) : undefined;
    case "-":
      return beginsDashComment(sql, at, dialect) ? lineComment(sql, at) : undefined;
    case "/":
      return sql.charAt(at + 1) === "*" && !isExecutable(sql, at, dialect)
        ? { kind: "comment", ...endAfter(sql, at + 2, "*/") }
        : undefined;
    default:
      return undefined;
  }
}

function beginsDashComment(sql: string, at: number, dialect: SqlDialect): boolean {
  if (sql.charAt(at + 1) !== "-") return false;
  return dialect === "sqlite" || at + 2 === sql.length || /\s/.test(sql.charAt(at + 2));
}

// `/*! … */` runs on MySQL, `/*M! … */` on MariaDB, `/*+ … */` is an optimizer hint.
function isExecutable(sql: string, at: number, dialect: SqlDialect): boolean {
  return dialect === "mysql" && /^(?:!|\+|M!)/.test(sql.slice(at + 2, at + 4));
}

function lineComment(sql: string, at: number): Piece {
  const newline = sql.indexOf("\n", at);
  return { kind: "comment", end: newline === -1 ? sql.length : newline, isClosed: true };
}

function endAfter(sql: string, from: number, close: string): { end: number; isClosed: boolean } {
  const found = sql.indexOf(close, from);
  return found === -1 ? { end: sql.length, isClosed: false } : { end: found + close.length, isClosed: true };
}

function endOfQuoted(sql: string, at: number, quote: string, escapes: boolean): { end: number; isClosed: boolean } {
  let i = at + 1;
  while (i < sql.length) {
    const character = sql.charAt(i);
    if (escapes && character === "\\") {
      i += 2;
    } else if (character !== quote) {
      i++;
    } else if (sql.charAt(i + 1) === quote) {
      i += 2;
    } else {
      return { end: i + 1, isClosed: true };
    }
  }
  return { end: sql.length, isClosed: false };
}
