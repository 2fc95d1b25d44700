/** A source in PostgreSQL: what is particular to it. */
import type { ConnectionSettings } from "../../model/settings.ts";
import type { Database } from "../../model/source.ts";
import { HostNames } from "../../system/host-names.ts";
import type { DatabaseDependencies } from "../database.ts";
import { SqlDatabase } from "../pool/sql-database.ts";
import { readTls } from "../pool/tls.ts";
import type { StatementSession } from "../session.ts";
import type { ArmPlan } from "../sql/arm.ts";
import type { ArmText } from "../sql/lookup.ts";
import { watchChanges } from "./changes.ts";
import { probeColumns } from "./columns.ts";
import { ParameterTypes } from "./parameter-types.ts";
import { fullScans } from "./report.ts";
import { pgsqlSessions } from "./session.ts";
import { combineArms, maxArms } from "./union.ts";

/**
 * Opens a source in PostgreSQL. Connects to nothing yet.
 *
 * @throws {ConfigError} when a certificate cannot be read
 */
export function openPgsql(
  name: string,
  settings: Extract<ConnectionSettings, { driver: "pgsql" }>,
  plan: ArmPlan,
  deps: DatabaseDependencies,
): Database {
  const { user, password, database } = settings;
  const tls = readTls(settings.tls);
  const { names = new HostNames() } = deps;
  const types = new ParameterTypes();
  const open = (queryTimeoutMs = settings.queryTimeoutMs) =>
    pgsqlSessions({ user, password, database, queryTimeoutMs, tls, names }, types);
  // What was learned of an arm alone need not be learned again of every statement that it is part of.
  const combine = (arms: readonly ArmText[]) => combineArms(arms.map((arm) => ({ ...arm, sql: types.of(arm.sql) })));
  const scans = (session: StatementSession, sql: string) => fullScans(session, types.of(sql));
  const driver = { dialect: "pgsql", open, combine, maxArms, probeColumns, fullScans: scans, watchChanges } as const;
  return new SqlDatabase(name, settings, plan, driver, deps);
}
