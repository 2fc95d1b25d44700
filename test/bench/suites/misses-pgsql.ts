/** The misses again, where the database is PostgreSQL: loginmapd, and Postfix's own table on the same database. */
import { join } from "node:path";
import { isListening } from "../../support/servers/ports.ts";
import { makePostfixHome, startPostfix } from "../../support/servers/postfix.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { waitUntil } from "../../support/wait.ts";
import { account } from "../database.ts";
import { type Pace, patient } from "../pace.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { hostedDomains } from "../workload.ts";
import { jobOf, type Setting } from "./contestants.ts";
import { clientCounts, postmapContestant, socketmapTable } from "./misses.ts";

/** Misses of 1, 8 and 50 clients. Postfix and loginmapd serve the same table file, so the same SQL. */
export async function measurePgsqlMisses(stage: Stage, usual: Pace): Promise<Lineup[]> {
  const pace = patient(usual);
  const releases: (() => unknown)[] = [];
  try {
    const postgresql = await startDatabase(stage.mailboxes);
    releases.push(() => postgresql.remove());
    const home = await makePostfixHome();
    releases.push(home.remove);
    const file = await home.writeTable("senders.cf", tableOf(postgresql));
    await home.setParameter("proxy_read_maps", `proxy:pgsql:${file}`);
    const postfix = await startPostfix(home, []);
    releases.push(postfix.stop);
    await waitUntil("proxymap to listen", () => isListening(join(home.queue, "private/proxymap")));
    const server = await stage.startLoginmapd("pgsql", { postfixCf: `pgsql:${file}` });
    releases.push(server.stop);

    const byGenerator = (clients: number, name: string): Contestant => ({
      name,
      async measure(repetition) {
        await server.flush();
        const workload = { population: "mailbox", first: 0, count: stage.mailboxes, order: "walk", repeat: 1 } as const;
        const setting: Setting = { way: "socketmap unix", connections: clients, workload, askAllFirst: false };
        return stage.generator.run(jobOf(server, setting, pace, repetition));
      },
    });
    for (const clients of clientCounts) await byGenerator(clients, "warming up").measure(0);
    const lineups: Lineup[] = [];
    for (const clients of clientCounts) {
      const byPostmap = (name: string, table: string, flush?: () => Promise<void>) =>
        postmapContestant(stage, pace, { etc: home.etc, table, clients, name, ...(flush && { flush }) });
      const contestants = [
        byGenerator(clients, "loginmapd"),
        await byPostmap("loginmapd, by postmap", socketmapTable(server), server.flush),
        await byPostmap("pgsql:, by postmap", `pgsql:${file}`),
        await byPostmap("proxy:pgsql:, by postmap", `proxy:pgsql:${file}`),
      ];
      const entries = await inTurns(contestants, pace.repetitions);
      lineups.push({ suite: "misses-pgsql", title: `misses on PostgreSQL, ${clients} clients`, entries });
    }
    return lineups;
  } finally {
    for (const release of releases.reverse()) await release();
  }
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
