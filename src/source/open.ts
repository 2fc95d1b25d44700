/** Settings of a source → its database: the driver, with the queries of a preset, of the configuration or of a `.cf` file. */
import { ConfigError, formatProblem } from "../model/errors.ts";
import type { ConnectionSettings, QuerySettings, SourceSettings } from "../model/settings.ts";
import { AliasDepth } from "./alias-depth.ts";
import type { DatabaseDependencies, ProbedDatabase } from "./database.ts";
import { MysqlDatabase } from "./mysql/database.ts";
import { openPostfixCf } from "./postfix-cf/index.ts";
import { presetNamed, presetNames } from "./presets/stacks.ts";
import type { ArmPlan } from "./sql/arm.ts";
import { planOfQueries } from "./sql/queries.ts";
import { SqliteDatabase } from "./sqlite/database.ts";

export type { ProbedDatabase } from "./database.ts";

/**
 * Opens a source. Connects to nothing yet, so a database that is down does not keep the daemon from starting: the first
 * lookup, or `watch`, connects; a lookup waits for that within its deadline.
 *
 * @param name of the source, for logs and metrics
 * @throws {ConfigError} with every problem of the preset's options, the queries, the `.cf` file or the certificates; `path`
 *   begins with `sources.<name>`
 */
export function openDatabase(name: string, settings: SourceSettings, deps: DatabaseDependencies): ProbedDatabase {
  return below(`sources.${name}`, () => {
    const { connection, plan } = planOf(name, settings, deps);
    const database =
      connection.driver === "mysql"
        ? new MysqlDatabase(name, connection, plan, deps)
        : new SqliteDatabase(name, connection, plan, deps);
    const depth = plan.aliasDepth ?? 1;
    return depth > 1 ? withAliasDepth(database, depth) : database;
  });
}

interface Planned {
  readonly connection: ConnectionSettings;
  readonly plan: ArmPlan;
}

function planOf(name: string, { connection, queries }: SourceSettings, { log }: DatabaseDependencies): Planned {
  if (queries.kind === "postfix_cf") {
    const table = below("postfix_cf", () => openPostfixCf(queries.file, queries.overrides));
    for (const warning of table.warnings) log.warn({ source: name, problem: formatProblem(warning) }, "table file");
    return table;
  }
  // config/ asks for a connection wherever no .cf file has one.
  if (connection === undefined) throw new Error(`source ${name} has no connection`);
  const plan = planOfOwn(queries, connection);
  for (const warning of plan.warnings ?? [])
    log.warn({ source: name, problem: formatProblem(warning) }, "option of the preset");
  return { connection, plan };
}

function planOfOwn(queries: Exclude<QuerySettings, { kind: "postfix_cf" }>, { driver }: ConnectionSettings): ArmPlan {
  if (queries.kind === "queries") return below("queries", () => planOfQueries(queries.sql, driver));
  const preset = presetNamed(queries.preset);
  if (preset === undefined) {
    const message = `expected one of ${presetNames().join(", ")}, got "${queries.preset}"`;
    throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "preset", message }]);
  }
  return preset.plan(queries.options, driver);
}

/** Follows aliases of aliases; what is said of the queries is what the database itself says. */
function withAliasDepth(database: ProbedDatabase, depth: number): ProbedDatabase {
  return Object.assign(new AliasDepth(database, depth), {
    report: (deadlineMs: number) => database.report(deadlineMs),
    watch: () => database.watch(),
  });
}

/** Puts the place in the configuration before the paths of problems. */
function below<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => ({
      ...problem,
      path: problem.path === "" || problem.path === place ? place : `${place}.${problem.path}`,
    }));
    throw new ConfigError(error.code, problems, { cause: error });
  }
}
