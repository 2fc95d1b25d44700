/**
 * Compiles SQL with named placeholders (`:email`) to SQL with positional ones (`?`; PostgreSQL's `$1`, where `?` is an operator).
 *
 * The only place where names become parameters. A value never enters the text, so no key can become SQL.
 */
import { type SqlDialect, type SqlToken, tokenizeSql } from "./sql-text.ts";

/** SQL whose placeholders are positional. */
export interface CompiledSql {
  /** One SELECT without comments, white space folded, no trailing `;`, with `?` or `$n` placeholders. */
  readonly sql: string;
  /** The name behind each placeholder, in order; a name may occur several times. */
  readonly binds: readonly string[];
}

/** What is wrong with SQL; each one sentence for the administrator who wrote it. */
export interface SqlProblems {
  readonly problems: readonly [string, ...string[]];
}

/**
 * Compiles one SELECT statement.
 *
 * @param names the placeholders that may occur, without the colon
 * @returns what is wrong with it, all at once, when it is not one SELECT with these placeholders
 */
export function compileNamed(text: string, dialect: SqlDialect, names: ReadonlySet<string>): CompiledSql | SqlProblems {
  const problems: string[] = [];
  const binds: string[] = [];
  let sql = "";
  for (const token of tokenizeSql(text, dialect)) {
    if (!token.isClosed) problems.push(`${unclosedName(token)} is never closed`);
    if (token.kind === "comment") sql += " ";
    else if (token.kind === "code") sql += compileCode(token.text, dialect, names, binds, problems);
    else sql += token.text;
  }
  sql = sql.trim().replace(/(?:\s*;)+$/, "");
  if (!/^[\s(]*(?:SELECT|WITH)\b/i.test(sql)) problems.push("expected one SELECT statement");
  if (hasSemicolon(sql, dialect)) problems.push("expected one statement, found a ; between two");
  const [first, ...rest] = new Set(problems);
  return first === undefined ? { sql, binds } : { problems: [first, ...rest] };
}

// A name, or something that the database would take for a placeholder of its own. `::` and `:=` are operators.
const placeholder = /(:+)([A-Za-z_]\w*)|\?\d*|([@$])([A-Za-z_]\w*)|(?<![\w$])\$\d+/g;

function compileCode(
  code: string,
  dialect: SqlDialect,
  names: ReadonlySet<string>,
  binds: string[],
  problems: string[],
): string {
  const listed = [...names].map((name) => `:${name}`).join(", ");
  return code.replace(/\s+/g, " ").replace(placeholder, (found, colons?: string, name?: string) => {
    const isNamed = name !== undefined && colons === ":";
    if (isNamed && names.has(name)) {
      binds.push(name);
      return placeholderAt(binds.length, dialect);
    }
    const problem = isNamed
      ? `unknown placeholder :${name}; expected ${listed === "" ? "none" : `one of ${listed}`}`
      : problemOf(found, dialect, listed === "" ? "none" : listed);
    if (problem !== undefined) problems.push(problem);
    return found;
  });
}

/** What is wrong with something that the database may take for a placeholder of its own; `undefined` when it does not. */
function problemOf(found: string, dialect: SqlDialect, expected: string): string | undefined {
  if (found.startsWith(dialect === "pgsql" ? "$" : "?")) {
    return `placeholders are named: expected ${expected}, found ${dialect === "pgsql" ? found : "?"}`;
  }
  // SQLite would take it for a parameter that nobody binds, that is for NULL. In MySQL `@x` is a variable.
  const isSigil = found.startsWith("@") || found.startsWith("$");
  return isSigil && dialect === "sqlite" ? `unknown placeholder ${found}; expected ${expected}` : undefined;
}

/** The placeholder with a number, from 1 on, as the database writes it. */
export function placeholderAt(number: number, dialect: SqlDialect): string {
  return dialect === "pgsql" ? `$${number}` : "?";
}

function unclosedName(token: SqlToken): string {
  return token.kind === "comment" ? "a comment" : `a quote (${token.text.charAt(0)})`;
}

function hasSemicolon(sql: string, dialect: SqlDialect): boolean {
  return tokenizeSql(sql, dialect).some((token) => token.kind === "code" && token.text.includes(";"));
}
