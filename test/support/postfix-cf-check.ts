/** What must hold for the reader of table files, whatever the text. Shared by the properties and the fuzzer. */
import assert from "node:assert/strict";
import { ConfigError } from "../../src/model/errors.ts";
import type { Key } from "../../src/model/keys.ts";
import { type ParsedTable, type PostfixTable, parsePostfixCf } from "../../src/source/postfix-cf/index.ts";
import type { ArmPlan } from "../../src/source/sql/arm.ts";
import { type SqlDialect, tokenizeSql } from "../../src/source/sql/sql-text.ts";

/** Pieces that table files are made of, and pieces that have no business in them. */
export const cfNames = [
  "hosts",
  "user",
  "password",
  "dbname",
  "dbpath",
  "charset",
  "query",
  "table",
  "select_field",
  "where_field",
  "additional_conditions",
  "result_format",
  "domain",
  "expansion_limit",
  "idle_interval",
  "retry_interval",
  "option_file",
  "option_group",
  "tls_CAfile",
  "tls_ciphers",
  "tls_verify_cert",
  "require_result_set",
  "encoding",
  "select_function",
  "port",
  "\ufeffuser",
];

// biome-ignore format: a word list
export const cfFragments = [
  "%s", "%u", "%d", "%S", "%U", "%D", "%1", "%9", "%%", "%", "%x", "'", "''", '"', "`", "\\", "[", "]", "(", ")", "{", "}",
  ";", "--", "-- ", "#", "/*", "*/", "/*!", "\n ", "\n", "\r\n ", "\t", " ", ",", "!", "/file", "static:x", "inline:{a=b}",
  "texthash:/file", "hash:/f", "localhost", "unix:/s", "inet:h:1", "[::1]:2", "SELECT ", "FROM t WHERE a=", "UNION ", "LIKE ",
  "CALL f(", "$$", "$q$", "$1", "E'", "U&", "::text", "postgresql://u:p@h/d?sslmode=", "0", "-1", "yes", "no", "true", "@", ":x", "?", "_latin1", "N", "é", "\ufffd", "\0", "\u00a0", "ORDER BY ",
];

/** What a table of one of the SQL types asks. */
export function sqlPlan({ plan }: PostfixTable): ArmPlan {
  if ("arms" in plan) return plan;
  throw new Error("a table of LDAP has no SQL");
}

/**
 * Reads a table file and binds a key: it yields a table or throws a ConfigError, each warning says something, and a key
 * fills exactly the placeholders of the statement without changing its text.
 *
 * @returns what became of the text, for a fuzzer to tell texts apart
 */
export function checkPostfixCf(text: string, key: Key): string {
  const parsed = parseOrRefuse(text);
  if (typeof parsed === "string") return parsed;
  for (const { message } of parsed.warnings) assert.notEqual(message, "");
  if (parsed.type === "ldap") return `ldap, ${parsed.warnings.length > 0}`;
  const arm = sqlPlan(parsed).arms(new Set()).roles.address;
  const sql = arm?.sql;
  const values = arm?.bind(key);
  assert.equal(arm?.sql, sql);
  if (values !== undefined) assert.equal(values.length, placeholders(sql ?? "", parsed.type));
  return `${parsed.type}, ${values?.length ?? "no"} values, ${arm?.isCombinable}, ${Math.min(2, parsed.warnings.length)} warnings`;
}

function parseOrRefuse(text: string): ParsedTable | string {
  try {
    return parsePostfixCf(text, "t.cf", { readFile });
  } catch (error) {
    assert.ok(error instanceof ConfigError, `threw ${String(error)}`);
    // What is quoted from the text differs from text to text; what is wrong does not, nor does it matter how often.
    const kinds = new Set(error.problems.map(({ message }) => message.replace(/"[^"]*"|\d+/g, "").slice(0, 25)));
    return [...kinds].slice(0, 2).join("; ");
  }
}

function readFile(path: string): string {
  if (path === "/file") return "example.com\n!a, static:x\n/file2\n";
  throw Object.assign(new Error("no such file"), { code: "ENOENT" });
}

function placeholders(sql: string, dialect: SqlDialect): number {
  const sign = dialect === "pgsql" ? /(?<![\w$])\$\d+/g : /\?/g;
  return tokenizeSql(sql, dialect)
    .filter((token) => token.kind === "code")
    .reduce((sum, token) => sum + (token.text.match(sign)?.length ?? 0), 0);
}
