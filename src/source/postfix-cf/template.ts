/**
 * Query, result_format, domain filter and limits of a table file, as the arm that a driver can run.
 *
 * dict_mysql.c, dict_pgsql.c and dict_sqlite.c, Postfix 3.7: which keys are looked up at all, and what becomes of the rows.
 */
import { SourceError } from "../../model/errors.ts";
import type { Key } from "../../model/keys.ts";
import type { Arm } from "../sql/arm.ts";
import { holdsSample, rowProofOf, sampleKey } from "../sql/row-proof.ts";
import type { SqlDialect } from "../sql/sql-text.ts";
import { fillQuery, keyNeeds, meets, parseTemplate, resultFiller, type Template } from "./expansions.ts";
import type { TableReport } from "./report.ts";
import { compileStatement } from "./statement.ts";

/** What the arm of a table is made of; `name` and `line` are where the query stands, for messages. */
export interface TableQuery {
  readonly type: SqlDialect;
  readonly query: string;
  readonly name: string;
  readonly line: number | undefined;
  readonly resultFormat: string;
  readonly resultFormatLine: number | undefined;
  /** 0 or less = no limit. */
  readonly expansionLimit: number;
  readonly requiresResultSet: boolean;
  /** Whether keys of a domain are looked up; `undefined` when all are. */
  readonly domainFilter: ((domain: string) => boolean) | undefined;
}

/**
 * Makes the arm of a table.
 *
 * `bind` suppresses what Postfix suppresses: keys outside of the domain filter and keys that lack a part which the templates
 * take. `collect` expands every cell (SQLite: of the first column) with the result_format and counts it against the limit.
 *
 * @returns `undefined` when the report says why the templates cannot be used
 */
export function tableArm(table: TableQuery, report: TableReport): Arm | undefined {
  const query = parseTemplate(table.query);
  const format = parseTemplate(table.resultFormat);
  if ("invalid" in query) report.fail(table.name, invalidExpansion(query.invalid), table.line);
  if ("invalid" in format) report.fail("result_format", invalidExpansion(format.invalid), table.resultFormatLine);
  if ("invalid" in query || "invalid" in format) return undefined;

  const statement = compileStatement(query, table.type);
  if ("problems" in statement) {
    for (const problem of statement.problems) report.fail(table.name, problem, table.line);
    return undefined;
  }
  for (const warning of statement.warnings) report.warn(table.name, warning, table.line);

  const needs = keyNeeds(query, format);
  const { domainFilter } = table;
  const isLookedUp = (key: Key) => (domainFilter === undefined || passes(key, domainFilter)) && meets(key, needs);
  const fill = resultFiller(format);
  const values = statement.parameters.map((parameter) => fillQuery(parameter, sampleKey));
  const echoes = holdsSample(fill("value@example.com", sampleKey) ?? "");
  return {
    sql: statement.sql,
    bind: (key) => (isLookedUp(key) ? statement.parameters.map((parameter) => fillQuery(parameter, key)) : undefined),
    collect: collector(table, format),
    isCombinable: statement.isCombinable,
    allowsNoResultSet: !table.requiresResultSet,
    rowProof: rowProofOf(statement.sql, values, table.type, echoes),
  };
}

function invalidExpansion(found: string): string {
  return `"${found}" is no expansion: expected %% %s %u %d %S %U %D or %1 to %9`;
}

/** `@domain` keys and bare localparts never pass a domain filter (db_common_check_domain). */
export function passes(key: Key, filter: (domain: string) => boolean): boolean {
  return key.user !== "" && key.domain !== "" && filter(key.domain);
}

function collector({ type, expansionLimit }: TableQuery, format: Template): Arm["collect"] {
  const fill = resultFiller(format);
  return (rows, key) => {
    const given = type === "sqlite" ? rows.map(([first = null]) => first) : rows.flat();
    // NULL and empty cells are skipped before they are formatted, and do not count.
    const filled = given.map((cell) => (cell === null || cell === "" ? undefined : fill(cell, key)));
    const cells = filled.filter((cell) => cell !== undefined);
    if (expansionLimit > 0 && cells.length > expansionLimit) {
      throw new SourceError("ERR_SOURCE_RESULT", `more than expansion_limit = ${expansionLimit} values`);
    }
    return cells;
  };
}
