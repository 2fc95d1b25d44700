/** What a source finds out of itself, and what that costs. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Endpoint, SourceSettings } from "../../../src/model/settings.ts";
import type { Database } from "../../../src/model/source.ts";
import { sourceTally } from "../../../src/model/tally.ts";
import { lookAfterIntervalMs } from "../../../src/source/database.ts";
import { openDatabase } from "../../../src/source/open.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { mysqlConnection } from "../../support/fakes/connections.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";
import { ownersOf } from "../../support/fakes/open-source.ts";
import { Lag } from "../../support/lag.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { waitUntil } from "../../support/wait.ts";

// What a busy machine adds is no fault of the daemon.
const lag = new Lag();

let source: Database | undefined;
let tally = sourceTally();

afterEach(async () => {
  vi.useRealTimers();
  await source?.close();
});

function open(connection: SourceSettings["connection"], address: string): Database {
  tally = sourceTally();
  const queries = { kind: "queries", sql: { address } } as const;
  const clock = { nowMs: () => performance.now() };
  source = openDatabase("mail", { connection, queries }, { clock, log: fakeLog(), tally, maxWaitingLookups: 10 });
  return source;
}

describe("an SQLite file", () => {
  let directory: TestDirectory;
  let path: string;

  beforeAll(async () => {
    directory = await makeDirectory("watch");
    path = join(directory.path, "db");
    const database = new Sqlite(path);
    database.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT)");
    database.close();
  });

  afterAll(() => directory.remove());

  const openFile = () => open({ driver: "sqlite", path, queryTimeoutMs: 1000 }, "SELECT o FROM m WHERE a = :email");

  test("is looked at once when that begins, and then every few seconds until it is closed", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const database = openFile();
    renameSync(path, `${path}.away`);
    expect(database.health().isUp).toBe(true);
    await database.lookAfter();
    expect(database.health().isUp).toBe(false);
    renameSync(`${path}.away`, path);
    vi.advanceTimersByTime(lookAfterIntervalMs);
    expect(database.health()).toMatchObject({ isUp: true, reason: "" });
    await database.close();
    await database.lookAfter();
    expect(vi.getTimerCount()).toBe(0);
    expect(tally.queries).toEqual({ ok: 0, error: 0, timeout: 0 });
  });

  test("that a writer holds is not down", async () => {
    const database = openFile();
    const writer = new Sqlite(path);
    try {
      writer.exec("BEGIN EXCLUSIVE");
      await database.lookAfter();
      expect(database.health().isUp).toBe(true);
    } finally {
      writer.exec("ROLLBACK");
      writer.close();
    }
  });
});

describe("a MariaDB", () => {
  let mariadb: Mariadb;

  beforeAll(async () => {
    mariadb = await startMariadb({ sql: "CREATE TABLE m (a VARCHAR(190) PRIMARY KEY, o TEXT)" });
    await mariadb.addReader("loginmapd", "secret");
    await mariadb.query("INSERT INTO m VALUES ('alice@example.com', 'alice')");
  });

  afterAll(() => mariadb.remove());

  function openMariadb(password = "secret", hosts?: readonly Endpoint[]): Database {
    const connection = mysqlConnection({
      hosts: hosts ?? [{ kind: "inet", host: "127.0.0.1", port: mariadb.port }],
      user: "loginmapd",
      password,
      database: mariadb.database,
      connectTimeoutMs: 2000,
      queryTimeoutMs: 2000,
    });
    return open(connection, "SELECT o FROM m WHERE a = :email");
  }

  const alice = (database: Database) => ownersOf(database, "alice@example.com");

  /** Who is connected, and how many prepared statements the server has run. */
  async function seen(): Promise<{ ids: unknown[]; statements: number }> {
    const rows = await mariadb.query("SELECT id FROM information_schema.processlist WHERE user = 'loginmapd'");
    const [status] = await mariadb.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
    return { ids: rows.map(({ id }) => id), statements: Number(status?.["Value"]) };
  }

  test("is connected to once, and asked for a sign of life on that connection while nobody looks anything up", async () => {
    const database = openMariadb();
    await database.lookAfter();
    const { ids, statements } = await seen();
    expect(ids).toHaveLength(1);
    await waitUntil("a sign of life", async () => (await seen()).statements > statements);
    expect((await seen()).ids).toEqual(ids);
    expect(tally.queries).toEqual({ ok: 0, error: 0, timeout: 0 });
    expect(await alice(database)).toEqual(["alice"]);
    expect((await seen()).ids).toEqual(ids);
  });

  test("that refuses the account is down before anybody asks", async () => {
    const database = openMariadb("wrong");
    await database.lookAfter();
    expect(database.health()).toMatchObject({ isUp: false, reason: expect.stringContaining("ER_ACCESS_DENIED_ERROR") });
  });

  test("one of two hosts that is away is known before the first lookup, which goes to the other", async () => {
    const gone: Endpoint = { kind: "unix", path: `${mariadb.socket}.none` };
    const database = openMariadb("secret", [gone, { kind: "inet", host: "127.0.0.1", port: mariadb.port }]);
    await database.lookAfter();
    expect(database.health()).toMatchObject({ isUp: true, hosts: [{ isUp: false }, { isUp: true }] });
    expect(await alice(database)).toEqual(["alice"]);
  });

  test("that ends idle connections (wait_timeout) stays up", async () => {
    const database = openMariadb();
    await database.lookAfter();
    const { ids } = await seen();
    await mariadb.query(`KILL ${String(ids[0])}`);
    await waitUntil("another connection", async () => {
      const now = (await seen()).ids;
      return now.length === 1 && now[0] !== ids[0];
    });
    expect(database.health().isUp).toBe(true);
  });

  // Last: they stop it.
  test("that stops is noticed when its connection closes, long before the next look", async () => {
    const database = openMariadb();
    await database.lookAfter();
    await mariadb.kill();
    const killedMs = performance.now();
    await waitUntil("it to be down", () => !database.health().isUp);
    expect(performance.now() - killedMs - lag.allowanceMs).toBeLessThan(lookAfterIntervalMs / 2);
    await mariadb.start();
    // The host counts as down until a probe was there; the lookup does not wait for that.
    expect(await alice(database)).toEqual(["alice"]);
    expect(database.health().isUp).toBe(true);
  });

  test("that is away fails lookups, with one try and then at once", async () => {
    const database = openMariadb();
    await database.lookAfter();
    await mariadb.stop();
    await waitUntil("it to be down", () => !database.health().isUp);
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  });
});
