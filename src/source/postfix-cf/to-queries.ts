/**
 * Writes the query of a table file as the queries by role of our own configuration, where both give the same answers.
 */
import { type SqlDialect, tokenizeSql } from "../sql/sql-text.ts";
import { type Expansion, parseTemplate, type Template } from "./expansions.ts";
import { compileStatement } from "./statement.ts";

/** Queries by role, with `:email`, `:user` and `:domain`. */
export interface RoleSql {
  readonly address: string;
  /** Absent when the table looks no `@domain` key up. */
  readonly domain?: string;
}

/** Why there are none; completes "kept as postfix_cf, since …". */
export interface NotExpressible {
  readonly because: string;
}

/** What of a table bears on its queries. */
export interface TableRules {
  readonly query: string;
  readonly resultFormat: string;
  readonly expansionLimit: number;
  readonly hasDomainFilter: boolean;
}

/**
 * Translates.
 *
 * `address` is asked for what Postfix would look up with a localpart, `domain` for its `@domain` key: the same SQL, with
 * `CONCAT('@', :domain)` for `%s`, unless a `%u` in it keeps Postfix from asking.
 */
export function toQueries(rules: TableRules, dialect: SqlDialect): RoleSql | NotExpressible {
  if (rules.resultFormat !== "%s") return { because: "result_format changes what the database answers" };
  if (rules.expansionLimit > 0) return { because: "expansion_limit bounds the answer" };
  if (rules.hasDomainFilter) return { because: "domain filters the keys" };
  const template = parseTemplate(rules.query);
  if ("invalid" in template) return { because: "its query is not valid" };
  const statement = compileStatement(template, dialect);
  if ("problems" in statement) return { because: "its query cannot be bound" };
  if (!statement.isCombinable) return { because: "its query has to be sent alone, as it is" };
  const letters = statement.parameters.flat().flatMap((piece) => (typeof piece === "string" ? [] : [piece.expansion]));
  if (letters.some((letter) => /\d/.test(letter))) return { because: "its query takes domains apart (%1 to %9)" };
  const write = (key: Spelling) => layOut(fill(statement.sql, statement.parameters, key, dialect), dialect);
  const address = write({ s: [":email"], u: [":user"], d: [":domain"] });
  if (letters.some((letter) => letter.toLowerCase() === "u")) return { address };
  return { address, domain: write({ s: ["'@'", ":domain"], u: [], d: [":domain"] }) };
}

/** What stands for a part of the key, as SQL expressions to be joined. */
type Spelling = Readonly<Record<"s" | "u" | "d", readonly string[]>>;

/** Puts named placeholders, with the constant text around them, in the place of each `?`. */
function fill(sql: string, parameters: readonly Template[], key: Spelling, dialect: SqlDialect): string {
  const left = parameters.map((parameter) => {
    const parts = joinStrings(
      parameter.flatMap((piece) =>
        typeof piece === "string" ? [quote(piece, dialect)] : key[piece.expansion.toLowerCase() as LetterKey],
      ),
    );
    if (parts.length === 1) return parts[0] as string;
    return dialect === "mysql" ? `CONCAT(${parts.join(", ")})` : `(${parts.join(" || ")})`;
  });
  let next = 0;
  return tokenizeSql(sql, dialect)
    .map((token) =>
      token.kind === "code" ? token.text.replace(placeholders[dialect], () => left[next++] as string) : token.text,
    )
    .join("");
}

const placeholders: Readonly<Record<SqlDialect, RegExp>> = { mysql: /\?/g, pgsql: /(?<![\w$])\$\d+/g, sqlite: /\?/g };

type LetterKey = Lowercase<Exclude<Expansion, `${number}`>>;

/** Two string literals next to each other are one: `'x'`, `'@'` → `'x@'`. */
function joinStrings(parts: readonly string[]): string[] {
  const joined: string[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    if (before?.endsWith("'") && part.startsWith("'")) joined[joined.length - 1] = before.slice(0, -1) + part.slice(1);
    else joined.push(part);
  }
  return joined;
}

function quote(text: string, dialect: SqlDialect): string {
  const escaped = dialect === "mysql" ? text.replaceAll("\\", "\\\\") : text;
  return `'${escaped.replaceAll("'", "''")}'`;
}

/** Begins a line with each clause that stands in no parentheses: a table file holds its query in one. */
function layOut(sql: string, dialect: SqlDialect): string {
  let depth = 0;
  const lay = (found: string) => {
    if (found === "(" || found === ")") depth += found === "(" ? 1 : -1;
    return depth === 0 && found.startsWith(" ") ? `\n${found.slice(1)}` : found;
  };
  return tokenizeSql(sql, dialect)
    .map((token) => (token.kind === "code" ? token.text.replace(/\s+/g, " ").replace(clause, lay) : token.text))
    .join("");
}

const clause = /[()]| (?:FROM|WHERE|AND|UNION|SELECT|GROUP BY|HAVING|LIMIT)\b/gi;
