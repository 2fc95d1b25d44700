/** Settings of a source → its database: the driver, with the queries of a preset, of the configuration or of a `.cf` file. */
import { ConfigError, formatProblem } from "../model/errors.ts";
import type { ConnectionSettings, QuerySettings, SourceSettings } from "../model/settings.ts";
import type { Database } from "../model/source.ts";
import { AliasDepth } from "./alias-depth.ts";
import type { DatabaseDependencies } from "./database.ts";
import { IdentityDatabase } from "./identity/database.ts";
import { LdapDatabase } from "./ldap/database.ts";
import { planOfFilters } from "./ldap/filters.ts";
import type { LdapPlan } from "./ldap/table.ts";
import { openMysql } from "./mysql/database.ts";
import { openPgsql } from "./pgsql/database.ts";
import { openPostfixCf } from "./postfix-cf/index.ts";
import { presetNamed, presetNames } from "./presets/stacks.ts";
import type { ArmPlan } from "./sql/arm.ts";
import { planOfQueries } from "./sql/queries.ts";
import type { SqlDialect } from "./sql/sql-text.ts";
import { SqliteDatabase } from "./sqlite/database.ts";
import { TexthashDatabase } from "./texthash/database.ts";

type Driver = ConnectionSettings["driver"];
type SettingsOf<D extends Driver> = Extract<ConnectionSettings, { driver: D }>;
/** What a database of one kind is asked. */
type PlanOf<D extends Driver> = D extends "ldap" ? LdapPlan : ArmPlan;

/** Opens a database of one kind. Connects to nothing yet. Throws as `openDatabase`. */
type Open<D extends Driver> = (
  name: string,
  settings: SettingsOf<D>,
  plan: PlanOf<D>,
  deps: DatabaseDependencies,
) => Database;

/** What opens each kind of database: a new driver is a row. */
const openers: { readonly [D in Driver]: Open<D> } = {
  mysql: openMysql,
  pgsql: openPgsql,
  sqlite: (...parts) => new SqliteDatabase(...parts),
  ldap: (...parts) => new LdapDatabase(...parts),
  texthash: (name, settings, _plan, deps) => new TexthashDatabase(name, settings, deps),
  identity: (name, settings) => new IdentityDatabase(name, settings),
};

/**
 * Opens a source. Connects to nothing yet, so a database that is down does not keep the daemon from starting: the first
 * lookup, or `lookAfter`, connects; a lookup waits for that within its deadline.
 *
 * @param name of the source, for logs and metrics
 * @throws {ConfigError} with every problem of the preset's options, the queries, the `.cf` file or the certificates; `path`
 *   begins with `sources.<name>`
 */
export function openDatabase(name: string, settings: SourceSettings, deps: DatabaseDependencies): Database {
  return below(`sources.${name}`, () => {
    const { connection, plan } = planOf(name, settings, deps);
    // The opener of a driver takes the settings of that driver; TypeScript cannot follow it through the table.
    const open = openers[connection.driver] as Open<Driver>;
    const database = open(name, connection, plan, deps);
    const depth = ("aliasDepth" in plan ? plan.aliasDepth : undefined) ?? 1;
    return depth > 1 ? new AliasDepth(database, depth) : database;
  });
}

interface Planned {
  readonly connection: ConnectionSettings;
  readonly plan: ArmPlan | LdapPlan;
}

function planOf(name: string, { connection, queries }: SourceSettings, { log }: DatabaseDependencies): Planned {
  if (queries.kind === "postfix_cf") {
    const table = below("postfix_cf", () => openPostfixCf(queries.file, queries.overrides));
    for (const warning of table.warnings) log.warn({ source: name, problem: formatProblem(warning) }, "table file");
    return table;
  }
  // config/ asks for a connection wherever no .cf file has one.
  if (connection === undefined) throw new Error(`source ${name} has no connection`);
  if (queries.kind === "none") return { connection, plan: noPlan };
  if (queries.kind === "filters") return { connection, plan: planOfFilters(queries) };
  if (!isSql(connection)) throw new Error(`driver ${connection.driver} has no queries`);
  const plan = planOfOwn(queries, connection.driver);
  for (const warning of plan.warnings ?? [])
    log.warn({ source: name, problem: formatProblem(warning) }, "option of the preset");
  return { connection, plan };
}

/** What a driver is asked that knows by itself what to answer. */
const noPlan: ArmPlan = { optionalColumns: [], arms: () => ({ keyForm: "roles", roles: {} }) };

function isSql(connection: ConnectionSettings): connection is SettingsOf<SqlDialect> {
  return connection.driver === "mysql" || connection.driver === "pgsql" || connection.driver === "sqlite";
}

function planOfOwn(queries: Extract<QuerySettings, { kind: "queries" | "preset" }>, driver: SqlDialect): ArmPlan {
  if (queries.kind === "queries") return below("queries", () => planOfQueries(queries.sql, driver));
  const preset = presetNamed(queries.preset);
  if (preset === undefined) {
    const message = `expected one of ${presetNames().join(", ")}, got "${queries.preset}"`;
    throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "preset", message }]);
  }
  return preset.plan(queries.options, driver);
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
