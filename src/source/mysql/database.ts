/** A source in MySQL or MariaDB: what is particular to them. */
import type { ConnectionSettings } from "../../model/settings.ts";
import type { Database } from "../../model/source.ts";
import { HostNames } from "../../system/host-names.ts";
import type { DatabaseDependencies } from "../database.ts";
import { SqlDatabase } from "../pool/sql-database.ts";
import { readTls } from "../pool/tls.ts";
import type { ArmPlan } from "../sql/arm.ts";
import { watchChanges } from "./changes.ts";
import { probeColumns } from "./columns.ts";
import { readPublicKey } from "./public-key.ts";
import { fullScans } from "./report.ts";
import { mysqlSessions } from "./session.ts";
import { combineArms, maxArms, typeListing } from "./union.ts";

/**
 * Opens a source in MySQL or MariaDB. Connects to nothing yet.
 *
 * @throws {ConfigError} when a certificate or key cannot be read
 */
export function openMysql(
  name: string,
  settings: Extract<ConnectionSettings, { driver: "mysql" }>,
  plan: ArmPlan,
  deps: DatabaseDependencies,
): Database {
  const { user, password, database, charset } = settings;
  const tls = readTls(settings.tls);
  const serverPublicKey = readPublicKey(settings.serverPublicKeyFile);
  const { names = new HostNames() } = deps;
  const open = (queryTimeoutMs = settings.queryTimeoutMs) =>
    mysqlSessions({ user, password, database, charset, queryTimeoutMs, tls, serverPublicKey, names });
  const driver = {
    dialect: "mysql",
    open,
    combine: combineArms,
    maxArms,
    probeColumns,
    fullScans,
    typeListing,
    watchChanges,
  } as const;
  return new SqlDatabase(name, settings, plan, driver, deps);
}
