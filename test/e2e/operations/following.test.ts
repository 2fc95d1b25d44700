/**
 * A source that is followed: how soon a change in the database is a changed answer, and what is served while the database is away.
 *
 * `cache.ttl` is ten minutes, so that nothing here is found out by an answer that expired.
 */
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory } from "../../support/directories.ts";
import { ispconfigStack } from "../../support/follow-changes/ispconfig.ts";
import { mailcowStack } from "../../support/follow-changes/mailcow.ts";
import { nativeStack } from "../../support/follow-changes/native.ts";
import { postfixadminStack } from "../../support/follow-changes/postfixadmin.ts";
import type { FollowedStack } from "../../support/follow-changes/stack.ts";
import { Lag } from "../../support/lag.ts";
import { type CleanUp, follow, judge, sqlFile, timesOf } from "../../support/servers/following.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { type Outage, startOutage } from "../../support/servers/outage.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

const cleanUp: CleanUp = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

// An outage of a minute goes on beside the other tests, and the last one tells of it.
let minute: Outage | undefined;

beforeAll(async () => {
  minute = await startOutage();
});

afterAll(async () => {
  for (const step of minute?.cleanUp.reverse() ?? []) await step();
});

const mysqlStacks: Readonly<Record<string, readonly [stack: FollowedStack, schema: string]>> = {
  native: [nativeStack((table) => `TRUNCATE ${table}`), "native/001-schema.mysql.sql"],
  postfixadmin: [postfixadminStack, "postfixadmin/example.sql"],
  mailcow: [mailcowStack, "mailcow/example.sql"],
  ispconfig: [ispconfigStack, "ispconfig/example.sql"],
};

async function startStacks(args: readonly string[]): Promise<Mariadb> {
  const mariadb = await startMariadb({ databases: Object.keys(mysqlStacks), arguments: args });
  cleanUp.push(() => mariadb.remove());
  for (const [name, [stack, schema]] of Object.entries(mysqlStacks)) {
    await mariadb.query(`${sqlFile(schema)}\n${stack.rows}`, name);
    // As a server does by itself after a while: until then it reads tables whole that it takes for empty.
    const tables = await mariadb.query("SHOW TABLES", name);
    await mariadb.query(`ANALYZE TABLE ${tables.map((row) => Object.values(row)[0]).join(", ")}`, name);
  }
  await mariadb.query("CREATE USER reader@localhost IDENTIFIED BY 'r'; GRANT SELECT ON *.* TO reader@localhost");
  return mariadb;
}

function sourcesOf({ socket }: Mariadb): Record<string, object> {
  const connection = { driver: "mysql", hosts: [`unix:${socket}`], user: "reader", password: "r" };
  return Object.fromEntries(
    Object.entries(mysqlStacks).map(([name, [{ preset, options = {} }]]) => [
      name,
      { ...connection, database: name, preset, options },
    ]),
  );
}

describe("a change is a changed answer", () => {
  test("within a second on SQLite", async () => {
    const directory = await makeDirectory("following");
    cleanUp.push(() => directory.remove());
    const path = join(directory.path, "native.sqlite");
    const stack = nativeStack((table) => `DELETE FROM ${table}`);
    const database = new Sqlite(path);
    // As every program that writes to a file that others read.
    database.pragma("busy_timeout = 10000");
    database.exec(sqlFile("native/001-schema.sqlite.sql"));
    database.exec(stack.rows);
    const { port, admin } = await follow(cleanUp, { native: { driver: "sqlite", path, preset: "native" } });
    const lag = new Lag();
    const times = await timesOf(stack, "native", port, async (sql) => void database.exec(sql));
    database.close();
    lag.stop();
    await judge("SQLite", { native: times }, 1000, lag, admin);
  });

  test.each([
    [
      "within a second and a half on MariaDB with a binlog",
      ["--log-bin=binlog", "--server-id=1", "--sync-binlog=0"],
      1500,
    ],
    ["within two seconds on MariaDB without one", [], 2000],
  ] as const)("%s", async (title, args, boundMs) => {
    const mariadb = await startStacks(args);
    const { port, admin } = await follow(cleanUp, sourcesOf(mariadb));
    const lag = new Lag();
    const measured = await Promise.all(
      Object.entries(mysqlStacks).map(async ([name, [stack]]) => {
        const times = await timesOf(stack, name, port, async (sql) => {
          await mariadb.query(`SET foreign_key_checks = 0; ${sql}`, name);
        });
        return [name, times] as const;
      }),
    );
    lag.stop();
    await judge(title, Object.fromEntries(measured), boundMs, lag, admin);
  });
});

/** Fifty changes a second for twenty seconds: addresses that go, come back, and change their owner. */
async function changeAndAsk(run: (sql: string) => Promise<unknown>, client: WireClient, map: string): Promise<void> {
  const logins = ["alice", "bob", "erin"];
  const beganMs = performance.now();
  for (let i = 0; i < 1000; i++) {
    const row = `domain = 'filler.test' AND localpart = 'filler${(i * 7) % 100}'`;
    const login = logins[i % logins.length];
    await run(`UPDATE addresses SET login = '${login}', active = ${i % 5 === 0 ? 0 : 1} WHERE ${row}`);
    // Someone sends meanwhile.
    await client.ask(map, `filler${i % 100}@filler.test`);
    const restMs = beganMs + (i + 1) * 20 - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

interface FillerRow {
  readonly localpart: string;
  readonly login: string;
  readonly active: number;
}

/** Addresses for which a client is told something else than the database has. */
async function disagreeing(rows: readonly FillerRow[], client: WireClient, map: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const { localpart, login, active } of rows) {
    const expected = active === 1 ? `OK ${login}` : "NOTFOUND ";
    if ((await client.ask(map, `${localpart}@filler.test`)) !== expected) wrong.push(localpart);
  }
  return wrong;
}

test("under 50 changes a second for 20 seconds, every address agrees with the database a second after the last", async () => {
  const directory = await makeDirectory("following");
  cleanUp.push(() => directory.remove());
  const path = join(directory.path, "native.sqlite");
  const file = new Sqlite(path);
  file.pragma("busy_timeout = 10000");
  file.exec(sqlFile("native/001-schema.sqlite.sql"));
  file.exec(nativeStack((table) => `DELETE FROM ${table}`).rows);
  const mariadb = await startMariadb({
    databases: ["mariadb"],
    arguments: ["--log-bin=binlog", "--server-id=1", "--sync-binlog=0"],
  });
  cleanUp.push(() => mariadb.remove());
  await mariadb.query(`${sqlFile("native/001-schema.mysql.sql")}\n${nativeStack((table) => `TRUNCATE ${table}`).rows}`);
  await mariadb.addReader("reader", "r");
  const server = { driver: "mysql", hosts: [`unix:${mariadb.socket}`], user: "reader", password: "r" };
  const { port, admin } = await follow(cleanUp, {
    sqlite: { driver: "sqlite", path, preset: "native" },
    mariadb: { ...server, database: "mariadb", preset: "native" },
  });
  const lag = new Lag();
  const select = "SELECT localpart, login, active FROM addresses WHERE domain = 'filler.test'";
  const sides = {
    sqlite: {
      run: async (sql: string) => void file.exec(sql),
      rows: async () => file.prepare(select).all() as unknown as FillerRow[],
    },
    mariadb: {
      run: (sql: string) => mariadb.query(sql),
      rows: async () => (await mariadb.query(select)) as unknown as FillerRow[],
    },
  };
  const times = await Promise.all(
    Object.entries(sides).map(async ([map, { run, rows }]) => {
      const client = await WireClient.open(port);
      await changeAndAsk(run, client, map);
      const endedMs = performance.now();
      const expected = await rows();
      const changed = expected.filter(({ localpart }) => Number(localpart.slice("filler".length)) < 100);
      await waitUntil(
        `${map}: every changed address to agree`,
        async () => (await disagreeing(changed, client, map)).length === 0,
      );
      const ms = performance.now() - endedMs;
      expect(expected).toHaveLength(2000);
      expect(await disagreeing(expected, client, map)).toEqual([]);
      client.close();
      return [map, [{ change: "the last of 1,000", ms }]] as const;
    }),
  );
  lag.stop();
  file.close();
  await judge("50 changes a second", Object.fromEntries(times), 1000, lag, admin);
});

test("three daemons, one at the primary and two at replicas, see a revocation by themselves", async () => {
  const primary = await startMariadb({
    databases: ["native"],
    arguments: ["--log-bin=binlog", "--server-id=1", "--sync-binlog=0"],
  });
  cleanUp.push(() => primary.remove());
  await primary.query(
    `${sqlFile("native/001-schema.mysql.sql")}\n${nativeStack((table) => `TRUNCATE ${table}`).rows}` +
      "CREATE USER reader@localhost IDENTIFIED BY 'r'; GRANT SELECT ON *.* TO reader@localhost;" +
      "CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'x'; GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1'",
  );
  const replicas = await Promise.all(
    [2, 3].map((id) => startMariadb({ databases: [], arguments: [`--server-id=${id}`] })),
  );
  for (const replica of replicas) {
    cleanUp.push(() => replica.remove());
    await replica.query(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='replica', MASTER_PASSWORD='x', MASTER_USE_GTID=slave_pos; START SLAVE`,
      "",
    );
    await waitUntil("the replica to have the rows", async () => {
      const [row] = await replica.query("SELECT COUNT(*) AS n FROM native.addresses", "");
      return Number(row?.["n"]) > 2000;
    });
  }
  const clients = await Promise.all(
    [primary, ...replicas].map(async ({ socket }) => {
      const source = { driver: "mysql", hosts: [`unix:${socket}`], user: "reader", password: "r", database: "native" };
      const { port } = await follow(cleanUp, { native: { ...source, preset: "native" } });
      return await WireClient.open(port);
    }),
  );
  const answers = () => Promise.all(clients.map((client) => client.ask("native", "leaver@example.com")));
  expect(await answers()).toEqual(["OK bob", "OK bob", "OK bob"]);
  await primary.query("DELETE FROM addresses WHERE localpart = 'leaver'");
  await waitUntil("all three to see it", async () => (await answers()).every((answer) => answer === "NOTFOUND "));
  for (const client of clients) client.close();
});

test("with the database stopped after the warming, every listed address is answered, right, over a minute; nothing revoked is", async () => {
  expect(await minute?.over).toEqual({ rounds: expect.any(Number), wrong: [] });
});
