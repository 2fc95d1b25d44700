/** Connection settings of a reader in a private database, for tests that say only what theirs is about. */
import type { ConnectionSettings } from "../../../src/model/settings.ts";

type Mysql = Extract<ConnectionSettings, { driver: "mysql" }>;
type Pgsql = Extract<ConnectionSettings, { driver: "pgsql" }>;

/** What a connection cannot do without. */
type Place<Settings extends Mysql | Pgsql> = Pick<Settings, "hosts" | "password" | "database"> & Partial<Settings>;

// Long enough for a busy machine; the tests that take them as they are, are not about time.
const common = { user: "reader", tls: undefined, poolSize: 2, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };

/** In MySQL or MariaDB; `reader`, two connections and five seconds, if nothing else is said. */
export function mysqlConnection(said: Place<Mysql>): Mysql {
  return { driver: "mysql", charset: undefined, ...common, ...said };
}

/** In PostgreSQL, likewise. */
export function pgsqlConnection(said: Place<Pgsql>): Pgsql {
  return { driver: "pgsql", ...common, ...said };
}
