/**
 * Reads the table files that a Postfix already uses: mysql_table(5), pgsql_table(5), sqlite_table(5) and ldap_table(5).
 *
 * What Postfix refuses is refused, what it ignores is reported, and the keys and answers are its own. Knows neither drivers
 * nor protocols: it yields a connection and the arm to run on it.
 */

import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import { type CfType, isCfType, splitTableName, whyNotRead } from "../../model/table-type.ts";
import { fileReason } from "../../system/errno.ts";
import type { LdapPlan } from "../ldap/table.ts";
import type { ArmPlan } from "../sql/arm.ts";
import { type Overrides, readMysql, readSqlite } from "./connection.ts";
import { readLdap, readLdapTable } from "./ldap.ts";
import { type Assignment, assignments, type ReadFile, readFromDisk } from "./lines.ts";
import { Parameters } from "./parameters.ts";
import { readPgsql } from "./pgsql.ts";
import { recogniseTable } from "./recognise.ts";
import { TableReport } from "./report.ts";
import { readSqlTable } from "./sql-table.ts";
import type { TableRules } from "./to-queries.ts";

/** A table file, ready to be used as a source. */
export interface PostfixTable {
  readonly connection: ConnectionSettings;
  /** One query in the role `address`, asked in Postfix's own order of keys. */
  readonly plan: ArmPlan | LdapPlan;
  /** What Postfix ignores or does otherwise; for the log, `check` and `import`. */
  readonly warnings: readonly ConfigProblem[];
}

/** A table file taken apart, for `import` and to tell whether its answers may have changed. */
export interface ParsedTable extends PostfixTable {
  readonly type: CfType;
  /** `undefined` for a table that is no SQL. */
  readonly rules: TableRules | undefined;
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
  const { path, type } = splitCfName(file);
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const problem = { path: "postfix_cf", message: `${path}: ${fileReason(error)}` };
    throw new ConfigError("ERR_CONFIG_UNREADABLE", [problem], { cause: error });
  }
  return parsePostfixCf(text, path, { type, overrides, readFile });
}

/** How `parsePostfixCf` is to read. */
export interface ParseOptions {
  /** `undefined`: by the name of the file, or by its parameters. */
  readonly type?: CfType | undefined;
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
  const type = options.type ?? typeOf(path, said);
  parameters.warnOfSurprises(type);
  const content = readers[type]({ parameters, overrides, readFile, readDomains, report });
  report.throwIfFailed();
  if (content.plan === undefined) throw new Error("a table without arm must have failed");
  return {
    type,
    rules: content.rules,
    assignments: said,
    domainFiles,
    connection: content.connection,
    warnings: report.warnings,
    plan: content.plan,
  };
}

function typeOf(path: string, said: readonly Assignment[]): CfType {
  const type = recogniseTable(path, said);
  if (typeof type === "string") return type;
  throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "postfix_cf", message: type.problem }]);
}

/** What a reader works with. */
interface ReaderParts {
  readonly parameters: Parameters;
  readonly overrides: Overrides;
  readonly readFile: ReadFile;
  /** The same for the files that `domain` names, which the fingerprint of the table holds. */
  readonly readDomains: ReadFile;
  readonly report: TableReport;
}

/** What a file says, once its names and values are known. */
interface TableContent {
  readonly connection: ConnectionSettings;
  readonly plan: ArmPlan | LdapPlan | undefined;
  readonly rules: TableRules | undefined;
}

/** One reader per type; a further type is a row here, in names.ts and in model/table-type.ts. */
const readers: Readonly<Record<CfType, (parts: ReaderParts) => TableContent>> = {
  mysql: ({ parameters, overrides, readFile, readDomains, report }) => ({
    connection: readMysql(parameters, overrides, readFile, report),
    ...readSqlTable("mysql", parameters, readDomains, report),
  }),
  pgsql: ({ parameters, overrides, readDomains, report }) => ({
    connection: readPgsql(parameters, overrides, report),
    ...readSqlTable("pgsql", parameters, readDomains, report),
  }),
  sqlite: ({ parameters, overrides, readDomains, report }) => ({
    connection: readSqlite(parameters, overrides, report),
    ...readSqlTable("sqlite", parameters, readDomains, report),
  }),
  ldap: ({ parameters, overrides, readDomains, report }) => ({
    connection: readLdap(parameters, overrides, report),
    plan: readLdapTable(parameters, readDomains, report),
    rules: undefined,
  }),
};

/** Takes `proxy:` and the type off a table as main.cf names it. */
function splitCfName(file: string): { path: string; type: CfType | undefined } {
  const { type, path } = splitTableName(file);
  if (type === undefined || isCfType(type)) return { type, path };
  throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "postfix_cf", message: whyNotRead(type) }]);
}
