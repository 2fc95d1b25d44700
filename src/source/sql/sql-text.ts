/**
 * Cuts SQL into the pieces that matter to whoever puts parameters into it: what is code, and what only looks like it.
 *
 * Not a parser. It knows where strings, quoted identifiers and comments begin and end in each dialect, and nothing else.
 */

/** Which database understands the SQL. */
export type SqlDialect = "mysql" | "pgsql" | "sqlite";

/** One piece of SQL; the pieces joined are the text again. */
export interface SqlToken {
  /** `code` is everything that is not one of the others. `"…"` is `quoted`: a string in MySQL, a name in the others. */
  readonly kind: "code" | "string" | "quoted" | "comment";
  readonly text: string;
  /** Whether its end was found; only the last piece can be unclosed. */
  readonly isClosed: boolean;
}

/**
 * Cuts SQL into pieces, as the server would when it looks for placeholders.
 *
 * MySQL: a backslash escapes in strings, `#` and `--` followed by white space begin a comment, `/*!` and `/*+` are code in
 * disguise and stay `code`. SQLite: no escapes, `--` always begins a comment, `[…]` quotes a name. PostgreSQL (with
 * standard_conforming_strings): a backslash escapes in `E'…'` alone, `$tag$…$tag$` is a string, block comments nest.
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
      return { kind: "string", ...endOfQuoted(sql, at, "'", dialect === "mysql" || isEscapeString(sql, at, dialect)) };
    case '"':
      return { kind: "quoted", ...endOfQuoted(sql, at, '"', dialect === "mysql") };
    case "`":
      return dialect === "pgsql" ? undefined : { kind: "quoted", ...endOfQuoted(sql, at, "`", false) };
    case "[":
      return dialect === "sqlite" ? { kind: "quoted", ...endAfter(sql, at + 1, "]") } : undefined;
    case "$":
      return dialect === "pgsql" ? dollarString(sql, at) : undefined;
    case "#":
      return dialect === "mysql" ? lineComment(sql, at) : undefined;
    case "-":
      return beginsDashComment(sql, at, dialect) ? lineComment(sql, at) : undefined;
    case "/":
      return beginsBlockComment(sql, at, dialect) ? { kind: "comment", ...endOfComment(sql, at, dialect) } : undefined;
    default:
      return undefined;
  }
}

// `E'…'`, and not the end of a name.
function isEscapeString(sql: string, at: number, dialect: SqlDialect): boolean {
  return dialect === "pgsql" && /(?:^|[^\w$\x80-\uffff])e$/i.test(sql.slice(Math.max(0, at - 2), at));
}

/** `$$…$$` or `$tag$…$tag$`; a `$` within a name is part of it, and `$1` is a parameter. */
function dollarString(sql: string, at: number): Piece | undefined {
  if (/[\w$\x80-\uffff]/.test(sql.charAt(at - 1))) return undefined;
  const [tag] = /^\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/.exec(sql.slice(at, at + 66)) ?? [];
  return tag === undefined ? undefined : { kind: "string", ...endAfter(sql, at + tag.length, tag) };
}

function beginsDashComment(sql: string, at: number, dialect: SqlDialect): boolean {
  if (sql.charAt(at + 1) !== "-") return false;
  return dialect !== "mysql" || at + 2 === sql.length || /\s/.test(sql.charAt(at + 2));
}

function beginsBlockComment(sql: string, at: number, dialect: SqlDialect): boolean {
  return sql.charAt(at + 1) === "*" && !isExecutable(sql, at, dialect);
}

function endOfComment(sql: string, at: number, dialect: SqlDialect): { end: number; isClosed: boolean } {
  if (dialect !== "pgsql") return endAfter(sql, at + 2, "*/");
  let depth = 0;
  for (const found of sql.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return { end: at + found.index + 2, isClosed: true };
  }
  return { end: sql.length, isClosed: false };
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
