/** Where an administrator finds the text of a query: the file, and the line in it. */
import { readFileSync } from "node:fs";
import { Problems } from "../config/problems.ts";
import { configFileOf } from "../config/read-config.ts";
import type { ConfigNode, Entry } from "../config/tree.ts";
import { readYaml } from "../config/yaml-document.ts";
import type { Settings } from "../model/settings.ts";
import { readPostfixCf } from "../source/postfix-cf/index.ts";
import type { CommandLine } from "./command.ts";
import { stringOf } from "./load-settings.ts";

/**
 * Finds it: the table file, `sql/<stack>/<query>.sql` of a preset, or the configuration.
 *
 * @param query a `QueryName`
 * @returns `undefined` when the text came from no file
 */
export function originOf(line: CommandLine, settings: Settings, source: string, query: string): string | undefined {
  const queries = settings.sources[source]?.queries;
  switch (queries?.kind) {
    case "postfix_cf": {
      const path = queries.file.replace(/^(?:proxy:)?(?:mysql|pgsql|sqlite|ldap):/, "");
      const names = ["query", "query_filter", "select_function", "select_field"];
      const said = readPostfixCf(queries.file, queries.overrides).assignments;
      return at(path, said.findLast(({ name }) => names.includes(name))?.line);
    }
    case "preset":
      return `sql/${queries.preset}/${query}.sql`;
    case "queries":
    case "filters": {
      const file = configFileOf({ env: process.env, ...fileOf(line) });
      return at(file, lineIn(file, ["sources", source, queries.kind, query]));
    }
    default:
      return undefined;
  }
}

function fileOf(line: CommandLine): { file?: string } {
  const file = stringOf(line.options["config"]);
  return file === undefined ? {} : { file };
}

function at(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file} line ${line}`;
}

/** The line of a key of the configuration file; `undefined` when the environment has it. */
function lineIn(file: string, path: readonly string[]): number | undefined {
  let node: ConfigNode | undefined = readYaml(readFileSync(file, "utf8"), new Problems(file));
  let line: number | undefined;
  for (const key of path) {
    const entry: Entry | undefined = node?.kind === "mapping" ? node.entries.get(key) : undefined;
    if (entry === undefined) return undefined;
    line = entry.place.kind === "file" ? entry.place.line : undefined;
    node = entry.node;
  }
  return line;
}
