/**
 * Reads the SQL of the presets: files that an administrator can read and, with all options on, run as they are.
 *
 * A line that ends in `-- if NAME` is kept only when the flag is set; `-- if NAME` alone on a line begins a block that
 * `-- end` ends. `-- if not NAME` is the opposite, `-- if A and not B` wants both. Blocks do not nest. When a block takes the first SELECT of a UNION with
 * it, the UNION that is then first goes too.
 */
import { existsSync, readFileSync } from "node:fs";
import { type QueryName, queryNames } from "../../model/keys.ts";
import { packageFile } from "../../system/program.ts";

/** Reads `sql/<path>`, UTF-8. */
export function readSql(path: string): string {
  return readFileSync(packageFile(`sql/${path}`), "utf8");
}

/** The texts of a stack's queries, with their conditional lines; a query without a file is none that the stack has. */
export type SqlFiles = readonly (readonly [query: QueryName, text: string])[];

/** Reads the queries of a stack, `sql/<stack>/<query>.sql`. */
export function readSqlFiles(stack: string): SqlFiles {
  return queryNames.flatMap((query) => {
    const path = `${stack}/${query}.sql`;
    return existsSync(packageFile(`sql/${path}`)) ? [[query, readSql(path)] as const] : [];
  });
}

const condition = /--\s+if\s+((?:not\s+)?\S+(?:\s+and\s+(?:not\s+)?\S+)*)\s*$/;

/**
 * Keeps the lines of a file whose flags are set.
 *
 * @returns the SQL without comment lines; the empty string when nothing but comments is left
 * @throws {Error} when blocks nest or do not end: a mistake in our own file
 */
export function keepLines(text: string, flags: ReadonlySet<string>): string {
  const kept: string[] = [];
  let block: boolean | undefined;
  for (const line of text.split("\n")) {
    const { kind, isSet, code } = readLine(line, flags);
    if (kind === "code" && isSet && block !== false) kept.push(code);
    if (kind === "if" && block !== undefined) throw new Error("sql file: -- if blocks do not nest");
    if (kind === "end" && block === undefined) throw new Error("sql file: -- end without -- if");
    if (kind === "if") block = isSet;
    if (kind === "end") block = undefined;
  }
  if (block !== undefined) throw new Error("sql file: -- if without -- end");
  return kept.join("\n").replace(/^\s*UNION(?:\s+ALL)?\b\s*/i, "");
}

interface SqlLine {
  readonly kind: "code" | "if" | "end" | "comment";
  /** Whether the flags of its condition are set; true without one. */
  readonly isSet: boolean;
  /** Without its comment. */
  readonly code: string;
}

function readLine(line: string, flags: ReadonlySet<string>): SqlLine {
  const found = condition.exec(line);
  const isSet = found === null || holds(found[1] as string, flags);
  const code = line.replace(/--\s.*$|--$/, "").trimEnd();
  if (code.trim() !== "") return { kind: "code", isSet, code };
  if (/^\s*--\s+end\s*$/.test(line)) return { kind: "end", isSet, code };
  return { kind: found === null ? "comment" : "if", isSet, code };
}

function holds(words: string, flags: ReadonlySet<string>): boolean {
  return words.split(/\s+and\s+/).every((term) => {
    const name = term.replace(/^not\s+/, "");
    return flags.has(name) === (name === term);
  });
}
