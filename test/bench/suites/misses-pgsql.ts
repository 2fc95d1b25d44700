/** The misses again, where the database is PostgreSQL: loginmapd, and Postfix's own table on the same database. */
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { account } from "../database.ts";
import type { Pace } from "../pace.ts";
import type { Stage } from "../stage.ts";
import type { Lineup } from "../statistics.ts";
import { hostedDomains } from "../workload.ts";
import { measureTableMisses } from "./misses-table.ts";

/** Misses of 1, 8 and 50 clients. Postfix and loginmapd serve the same table file, so the same SQL. */
export function measurePgsqlMisses(stage: Stage, pace: Pace): Promise<Lineup[]> {
  return measureTableMisses(stage, pace, {
    type: "pgsql",
    suite: "misses-pgsql",
    title: "misses on PostgreSQL",
    mailboxes: 200_000,
    async start(mailboxes) {
      const postgresql = await startDatabase(mailboxes);
      return { cf: tableOf(postgresql), remove: () => postgresql.remove() };
    },
  });
}

async function startDatabase(mailboxes: number): Promise<Postgresql> {
  const login = `'user' || lpad(n::text, 7, '0') || '@host' || lpad((n % ${hostedDomains})::text, 2, '0') || '.invalid'`;
  const postgresql = await startPostgresql({
    // Everything fits into memory, as it should on a mail server; 50 postmap clients and their proxymaps may connect.
    settings: ["shared_buffers = 256MB", "max_connections = 300"],
    sql: `CREATE TABLE alias (address varchar(255) NOT NULL PRIMARY KEY, goto text NOT NULL, active boolean NOT NULL DEFAULT true);
      INSERT INTO alias (address, goto) SELECT ${login}, ${login} FROM generate_series(0, ${mailboxes - 1}) AS n;`,
  });
  await postgresql.query("VACUUM ANALYZE alias");
  await postgresql.addReader(account.user, account.password);
  return postgresql;
}

/** As PostfixAdmin's documentation has it for PostgreSQL. */
function tableOf({ socketFolder, database }: Postgresql): string {
  return `hosts = unix:${socketFolder}
user = ${account.user}
password = ${account.password}
dbname = ${database}
query = SELECT goto FROM alias WHERE address = '%s' AND active = true
`;
}
