/** Table files for unit tests, written as the lines that matter. */
import { ConfigError, formatProblem } from "../../../../src/model/errors.ts";
import type { Key } from "../../../../src/model/keys.ts";
import type { CfType } from "../../../../src/model/table-type.ts";
import { type ParsedTable, parsePostfixCf } from "../../../../src/source/postfix-cf/index.ts";
import type { Arm } from "../../../../src/source/sql/arm.ts";
import { sqlPlan } from "../../../support/postfix-cf-check.ts";

/** Files that a table names, by path; any other cannot be read. */
export type Files = Readonly<Record<string, string>>;

/** Reads a table file from its text. */
export function parse(text: string, files: Files = {}, type?: CfType): ParsedTable {
  return parsePostfixCf(text, "t.cf", {
    type,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return content;
    },
  });
}

/** A mysql_table(5) with these lines on top of a dbname. */
export function table(lines: string, files: Files = {}): ParsedTable {
  return parse(`dbname = d\n${lines}\n`, files, "mysql");
}

/** The one arm of a table. */
export function armOf(parsed: ParsedTable): Arm {
  const arm = sqlPlan(parsed).arms(new Set()).roles.address;
  if (arm === undefined) throw new Error("a table has an arm for the role address");
  return arm;
}

/** The arm of a query; `rest` are further lines. */
export function armOfQuery(query: string, rest = "", files: Files = {}): Arm {
  return armOf(table(`query = ${query}\n${rest}`, files));
}

/** A key as the lookup layer makes it. */
export function key(email: string): Key {
  const at = email.lastIndexOf("@");
  return at === -1
    ? { email, user: email, domain: "" }
    : { email, user: email.slice(0, at), domain: email.slice(at + 1) };
}

/** The problems of a table that cannot be used, one line each. */
export function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  throw new Error("expected a ConfigError");
}

/** The warnings of a table, one line each. */
export function warningsOf(parsed: ParsedTable): string[] {
  return parsed.warnings.map(formatProblem);
}
