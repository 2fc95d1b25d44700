/** The part of a table file that the SQL types share: a query and its rules, made into the arm that a driver runs. */
import type { ArmPlan } from "../sql/arm.ts";
import type { SqlDialect } from "../sql/sql-text.ts";
import { domainFilter } from "./domains.ts";
import type { ReadFile } from "./lines.ts";
import type { Parameters } from "./parameters.ts";
import type { TableReport } from "./report.ts";
import { type TableQuery, tableArm } from "./template.ts";
import type { TableRules } from "./to-queries.ts";

/** What a table of one of the SQL types says. */
export interface SqlTable {
  /** One arm in the role `address`, asked in Postfix's own order of keys; `undefined` when the report has failed. */
  readonly plan: ArmPlan | undefined;
  readonly rules: TableRules;
}

/** Reads the query, its result_format and its limits; what is wrong with them goes to the report. */
export function readSqlTable(
  type: SqlDialect,
  parameters: Parameters,
  readFile: ReadFile,
  report: TableReport,
): SqlTable {
  const { query, name } = readQuery(type, parameters);
  const table: TableQuery = {
    type,
    query,
    name,
    line: parameters.lineOf(name),
    resultFormat: parameters.text("result_format", "%s", 1),
    resultFormatLine: parameters.lineOf("result_format"),
    expansionLimit: parameters.integer("expansion_limit", 0),
    // dict_pgsql.c takes a statement without rows for "not found".
    requiresResultSet: type !== "pgsql" && (parameters.flag("require_result_set") ?? true),
    domainFilter: domainFilter(parameters.text("domain"), readFile, report, parameters.lineOf("domain")),
  };
  const arm = query === "" ? undefined : tableArm(table, report);
  return {
    rules: {
      query,
      resultFormat: table.resultFormat,
      expansionLimit: table.expansionLimit,
      hasDomainFilter: table.domainFilter !== undefined,
    },
    plan:
      arm === undefined
        ? undefined
        : { optionalColumns: [], arms: () => ({ keyForm: "postfix", roles: { address: arm } }) },
  };
}

const legacyParameters = ["select_field", "table", "where_field"] as const;

/**
 * `query`, or the SELECT that Postfix before 2.2 built from its parts; `%` means the same in all of them. pgsql_table(5) has
 * `select_function` too, which goes before the parts.
 */
function readQuery(type: SqlDialect, parameters: Parameters): { query: string; name: string } {
  const query = parameters.text("query");
  if (query !== "") return { query, name: "query" };
  const selectFunction = type === "pgsql" ? parameters.text("select_function") : "";
  if (selectFunction !== "") return { query: `SELECT ${selectFunction}('%s')`, name: "select_function" };
  if (!legacyParameters.some((part) => parameters.has(part))) {
    parameters.text("query", "", 1);
    return { query, name: "query" };
  }
  const [select, table, where] = legacyParameters.map((part) => parameters.text(part, "", 1));
  return {
    query: `SELECT ${select} FROM ${table} WHERE ${where}='%s' ${parameters.text("additional_conditions")}`,
    name: "table",
  };
}
