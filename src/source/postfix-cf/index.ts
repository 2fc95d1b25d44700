/**
 * Reads the table files that a Postfix already uses: mysql_table(5) and sqlite_table(5).
 *
 * What Postfix refuses is refused, what it ignores is reported, and the keys and answers are its own. Knows neither drivers
 * nor protocols: it yields a connection and the arm to run on it.
 */
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { ArmPlan } from "../sql/arm.ts";
import { type Overrides, readConnection } from "./connection.ts";
import { domainFilter } from "./domains.ts";
import { type ReadFile, readFromDisk, reasonOf } from "./files.ts";
import { type Assignment, assignments } from "./lines.ts";
import type { TableType } from "./names.ts";
import { Parameters } from "./parameters.ts";
import { TableReport } from "./report.ts";
import { type TableQuery, tableArm } from "./template.ts";
import type { TableRules } from "./to-queries.ts";

/** A table file, ready to be used as a source. */
export interface PostfixTable {
  readonly connection: ConnectionSettings;
  /** One arm in the role `address`, asked in Postfix's own order of keys. */
  readonly plan: ArmPlan;
  /** What Postfix ignores or does otherwise; for the log, `check` and `import`. */
  readonly warnings: readonly ConfigProblem[];
}

/** A table file taken apart, for `import` and to tell whether its answers may have changed. */
export interface ParsedTable extends PostfixTable {
  readonly type: TableType;
  readonly rules: TableRules;
  /** What the file says, in its order; the password is among it. */
  readonly assignments: readonly Assignment[];
  /** Path and text of each file that `domain` names. */
  readonly domainFiles: readonly (readonly [path: string, text: string])[];
}

/**
 * Opens a table file.
 *
 * @param file its path; `mysql:/path` and `proxy:mysql:/path` as in main.cf are understood too
 * @param overrides settings that take the place of those in the file, or that it cannot hold
 * @throws {ConfigError} ERR_CONFIG_UNREADABLE, or ERR_CONFIG_INVALID with every problem; `path` is the parameter and
 *   `where` the file and line
 */
export function openPostfixCf(file: string, overrides: Overrides = {}): PostfixTable {
  const { connection, plan, warnings } = readPostfixCf(file, overrides);
  return { connection, plan, warnings };
}

/** As `openPostfixCf`, keeping what the file said. */
export function readPostfixCf(file: string, overrides: Overrides = {}, readFile: ReadFile = readFromDisk): ParsedTable {
  const { path, type } = splitTableName(file);
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const problem = { path: "postfix_cf", message: `${path}: ${reasonOf(error)}` };
    throw new ConfigError("ERR_CONFIG_UNREADABLE", [problem], { cause: error });
  }
  return parsePostfixCf(text, path, { type, overrides, readFile });
}

/** How `parsePostfixCf` is to read. */
export interface ParseOptions {
  /** `undefined`: by content; a file with `dbpath` is a sqlite_table(5). */
  readonly type?: TableType | undefined;
  readonly overrides?: Overrides;
  readonly readFile?: ReadFile;
}

/** Reads the text of a table file; `path` is for messages. Throws as `openPostfixCf`. */
export function parsePostfixCf(text: string, path: string, options: ParseOptions = {}): ParsedTable {
  const { overrides = {}, readFile = readFromDisk } = options;
  const report = new TableReport(path);
  const said = assignments(text, report);
  const parameters = new Parameters(said, report);
  const domainFiles: [string, string][] = [];
  const readDomains: ReadFile = (file) => {
    const domains = readFile(file);
    domainFiles.push([file, domains]);
    return domains;
  };
  const type = options.type ?? (parameters.has("dbpath") && !parameters.has("dbname") ? "sqlite" : "mysql");
  parameters.warnOfSurprises(type);

  const connection = readConnection(type, parameters, overrides, readFile, report);
  const { query, name } = readQuery(parameters);
  const table: TableQuery = {
    type,
    query,
    name,
    line: parameters.lineOf(name),
    resultFormat: parameters.text("result_format", "%s", 1),
    resultFormatLine: parameters.lineOf("result_format"),
    expansionLimit: parameters.integer("expansion_limit", 0),
    requiresResultSet: parameters.flag("require_result_set") ?? true,
    domainFilter: domainFilter(parameters.text("domain"), readDomains, report, parameters.lineOf("domain")),
  };
  const arm = query === "" ? undefined : tableArm(table, report);
  report.throwIfFailed();
  if (arm === undefined) throw new Error("a table without arm must have failed");
  return {
    type,
    rules: {
      query,
      resultFormat: table.resultFormat,
      expansionLimit: table.expansionLimit,
      hasDomainFilter: table.domainFilter !== undefined,
    },
    assignments: said,
    domainFiles,
    connection,
    warnings: report.warnings,
    plan: { optionalColumns: [], arms: () => ({ keyForm: "postfix", roles: { address: arm } }) },
  };
}

const legacyParameters = ["select_field", "table", "where_field"] as const;

/** `query`, or the SELECT that Postfix before 2.2 built from its parts; `%` means the same in all of them. */
function readQuery(parameters: Parameters): { query: string; name: string } {
  const query = parameters.text("query");
  if (query !== "") return { query, name: "query" };
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

/** Takes `proxy:` and the type off a table as main.cf names it. */
function splitTableName(file: string): { path: string; type: TableType | undefined } {
  const [, type, path] = /^(?:proxy:)?(mysql|sqlite):(\/.*|\.\/.*)$/.exec(file) ?? [];
  return { path: path ?? file, type: type as TableType | undefined };
}
