/**
 * Two hosts, the second a real replica: the first dies under load while the second is behind. Nothing is made up, nobody is
 * deferred; what is answered is as old as the replica's data, and catches up with it.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig, loadOn, toCost, underFault } from "../../support/servers/fault.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { nativeSource, type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let stage: Stage;
let replica: Mariadb;
let tags = 0;

beforeAll(async () => {
  // Without a database of its own: everything comes from the other one's log.
  replica = await startMariadb({ databases: [], arguments: ["--server-id=2", "--read-only"] });
  stage = await startStage({
    mariadb: { arguments: ["--server-id=1", "--log-bin=bin", "--sync-binlog=0"] },
    config: (mariadb) =>
      loadConfig({ sources: { mail: { ...nativeSource(mariadb), hosts: [mariadb, replica].map(hostOf) } } }),
  });
  await stage.mariadb.query(`
    CREATE USER copier@'127.0.0.1' IDENTIFIED BY 'copier';
    GRANT REPLICATION SLAVE ON *.* TO copier@'127.0.0.1'`);
  await onReplica(`
    CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${stage.mariadb.port}, MASTER_USER = 'copier',
      MASTER_PASSWORD = 'copier', MASTER_USE_GTID = slave_pos;
    START SLAVE`);
  await waitUntil("the replica to have everything", async () => (await replicaGtid()) === (await primaryGtid()));
});

afterAll(async () => {
  await stage.daemon.kill();
  await stage.mariadb.remove();
  await replica.remove();
});

const hostOf = ({ port }: Mariadb) => `inet:127.0.0.1:${port}`;
const onReplica = (sql: string) => replica.query(sql, "mysql");
const gtid = async (variable: string, query: (sql: string) => Promise<Record<string, unknown>[]>) =>
  (await query(`SELECT @@GLOBAL.${variable} AS position`))[0]?.["position"];
const primaryGtid = () => gtid("gtid_binlog_pos", (sql) => stage.mariadb.query(sql));
const replicaGtid = () => gtid("gtid_slave_pos", onReplica);

/** Asks for an address under a tag that was never asked, so that the database answers and not the cache. */
const ask = (localpart: string) => askOnce(stage.ports.socketmap, "senders", `${localpart}+${++tags}@example.com`);

test("the first of two hosts dies while the second lags: what is answered is as old as the replica, and no more", async () => {
  await stage.mariadb.query(
    "INSERT INTO addresses (domain, localpart, login) VALUES ('example.com', 'gone', 'bob@example.com')",
  );
  await waitUntil("the replica to have it", async () => (await replicaGtid()) === (await primaryGtid()));
  await onReplica("STOP SLAVE SQL_THREAD");
  await stage.mariadb.query(`
    DELETE FROM addresses WHERE localpart = 'gone';
    INSERT INTO addresses (domain, localpart, login) VALUES ('example.com', 'new', 'alice@example.com')`);
  const last = await primaryGtid();
  await waitUntil("the log to be on the replica, not applied", async () => (await ioGtid()) === last);
  expect([await ask("gone"), await ask("new")]).toEqual(["NOTFOUND ", "OK alice@example.com"]);

  const load = loadOn(stage);
  load.start(8);
  await underFault(load, false);
  load.reset();
  await stage.mariadb.kill();
  await underFault(load, false);
  expect([await ask("gone"), await ask("new")]).toEqual(["OK bob@example.com", "NOTFOUND "]);
  await onReplica("START SLAVE SQL_THREAD");
  await waitUntil("the replica to catch up", async () => (await replicaGtid()) === last);
  expect([await ask("gone"), await ask("new")]).toEqual(["NOTFOUND ", "OK alice@example.com"]);

  await stage.mariadb.start();
  const mendedAt = performance.now();
  const onPrimary = async () =>
    Number(
      (
        await stage.mariadb.query("SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'loginmapd'")
      )[0]?.["n"],
    );
  await waitUntil(
    "the first host to be asked again",
    async () => (await ask("new")) !== "" && (await onPrimary()) > 0,
    2_000,
  );
  await load.stop();
  const cost = toCost("first of two hosts dies, replica lags", load, mendedAt, 0);
  const { fault, ...row } = cost;
  console.table({ [fault]: row });
  expect(cost).toMatchObject({ wrong: 0, late: 0, lost: 0, "451 cached": 0, "451 uncached": 0 });
});

async function ioGtid(): Promise<unknown> {
  const rows = await onReplica("SHOW SLAVE STATUS");
  return rows[0]?.["Gtid_IO_Pos"];
}
