/** The native preset on a real MariaDB, and what the source does when the server is away, hangs, refuses or is full. */
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Cells, Key } from "../../../../src/model/keys.ts";
import type { Endpoint, TlsSettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { domainsOf, openSource, ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { Lag } from "../../../support/lag.ts";
import { lockTable } from "../../../support/servers/lock.ts";
import { type Mariadb, startMariadb } from "../../../support/servers/mariadb.ts";
import { waitUntil } from "../../../support/wait.ts";

// What a busy machine adds is no fault of the daemon.
const lag = new Lag();

const sql = join(import.meta.dirname, "../../../../sql");
let mariadb: Mariadb;
const open: Database[] = [];

beforeAll(async () => {
  mariadb = await startMariadb({
    tls: true,
    arguments: ["--max-connections=20"],
    load: [join(sql, "native/001-schema.mysql.sql"), join(sql, "demo/rows.sql")],
    sql: `CREATE TABLE latin (address VARCHAR(190) CHARACTER SET latin1 COLLATE latin1_general_ci PRIMARY KEY, owner VARCHAR(190));
          INSERT INTO latin VALUES ('alice@example.com', 'alice');`,
  });
  await mariadb.addReader("loginmapd", "secret");
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

afterAll(() => mariadb.remove());

interface Options {
  readonly hosts?: readonly Endpoint[];
  readonly password?: string;
  readonly tls?: TlsSettings;
  readonly poolSize?: number;
  readonly queryTimeoutMs?: number;
  readonly address?: string;
  readonly domains?: string;
}

const inet = (): Endpoint => ({ kind: "inet", host: "127.0.0.1", port: mariadb.port });
const unix = (): Endpoint => ({ kind: "unix", path: mariadb.socket });

function source(options: Options = {}): Database {
  const { hosts = [inet()], password = "secret", tls, poolSize = 4, queryTimeoutMs = 3000, address, domains } = options;
  const database = openSource({
    connection: {
      driver: "mysql",
      hosts,
      user: "loginmapd",
      password,
      database: mariadb.database,
      tls,
      charset: undefined,
      poolSize,
      connectTimeoutMs: 2000,
      queryTimeoutMs,
    },
    queries:
      address === undefined
        ? { kind: "preset", preset: "native", options: {} }
        : { kind: "queries", sql: { address, ...(domains && { domains }) } },
  });
  open.push(database);
  return database;
}

const alice = (database: Database) => ownersOf(database, "alice@example.com");

async function statements(): Promise<number> {
  const [row] = await mariadb.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
  return Number(row?.["Value"]);
}

async function connections(): Promise<number> {
  const [row] = await mariadb.query(
    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'loginmapd'",
  );
  return Number(row?.["n"]);
}

describe("the native preset on MariaDB", () => {
  test.each([
    ["alice@example.com", ["alice@example.com"]],
    ["Sales+spring@example.com", ["alice@example.com", "bob@example.com"]],
    ["anything@catch.example", ["erin@catch.example"]],
    ["newsletter@partner.example", ["bob@example.com"]],
    ["àlice@example.com", []],
    ["alice@exämple.com", []],
    ["dave@example.com", []],
    ["frank@example.net", []],
    ["'; DROP TABLE logins; -- @example.com", []],
    ["alice' OR '1'='1@example.com", []],
    ["alic_@example.com", []],
    ["%@example.com", []],
    ["日本@example.com", []],
  ])("%s is owned by %j", async (address, owners) => {
    expect(await ownersOf(source(), address)).toEqual(owners);
  });

  test("lists its domains", async () => {
    expect(await domainsOf(source())).toEqual(["catch.example", "example.com", "partner.example"]);
  });

  test.each(["münchen.example", "日本.example"])("refuses the domain %s, which nobody would find", async (domain) => {
    const domains = mariadb.query(`INSERT INTO domains (domain) VALUES ('${domain}')`);
    await expect(domains).rejects.toThrow("domains_a_label");
    const grants = `INSERT INTO send_as_grants (domain, login) VALUES ('${domain}', 'bob@example.com')`;
    await expect(mariadb.query(grants)).rejects.toThrow("send_as_grants_a_label");
    await mariadb.query(
      "INSERT INTO domains (domain) VALUES ('xn--mnchen-3ya.example'); DELETE FROM domains WHERE domain LIKE 'xn--%'",
    );
  });

  test("lists its domains though that takes longer than a query may", async () => {
    const address = "SELECT owner FROM latin WHERE address = :email";
    const database = source({ address, queryTimeoutMs: 300, domains: "SELECT CONCAT(SLEEP(0.6), '.example')" });
    for (let reading = 0; reading < 2; reading++) expect(await domainsOf(database)).toEqual(["0.example"]);
    expect(database.health().isUp).toBe(true);
    const late = database.hostedDomains(performance.now() + 350);
    await expect(late).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
  });

  test("asks by index only", async () => {
    expect(await scansOf(source())).toEqual({});
  });
});

describe("lookups", () => {
  test.each([
    ["one for an address with an owner", "alice@example.com", 1],
    ["two for another, whatever can answer in its place", "alice+spring@example.com", 2],
  ])("reach the server as prepared statements only, %s", async (_, address, expected) => {
    const database = source();
    // The first time every query is asked alone, which shows how many columns it gives.
    await ownersOf(database, address);
    const before = await statements();
    const [{ Value: queriesBefore } = {}] = await mariadb.query("SHOW GLOBAL STATUS LIKE 'Com_select'");
    expect(await ownersOf(database, address)).toEqual(["alice@example.com"]);
    expect((await statements()) - before).toBe(expected);
    const [{ Value: queriesAfter } = {}] = await mariadb.query("SHOW GLOBAL STATUS LIKE 'Com_select'");
    // The execution of a prepared SELECT counts as one; a SELECT sent as text would be another.
    expect(Number(queriesAfter) - Number(queriesBefore)).toBe(expected);
  });

  test("fill a statement before they are spread over free connections", async () => {
    const database = source();
    const all = (count: number) =>
      Promise.all(Array.from({ length: count }, () => ownersOf(database, "alice@example.com")));
    await all(100);
    await waitUntil("four connections", async () => (await connections()) === 4);
    const before = await statements();
    await all(8);
    expect((await statements()) - before).toBe(1);
  });

  test("that wait at the same time share statements, and each gets its own answer", async () => {
    const database = source();
    await alice(database);
    const before = await statements();
    const addresses = Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? `new${i}@catch.example` : `new${i}@example.com`,
    );
    const owners = await Promise.all(addresses.map((address) => ownersOf(database, address)));
    expect(owners).toEqual(addresses.map((address) => (address.includes("catch") ? ["erin@catch.example"] : [])));
    expect((await statements()) - before).toBeLessThan(100);
  });

  test("with a key that a column cannot hold find nothing, and harm no other", async () => {
    const database = source({ address: "SELECT owner FROM latin WHERE address = CONCAT(:user, '@', :domain)" });
    const asked = ["日本@example.com", "alice@example.com", "日@example.com", "alice@example.com"];
    expect(await Promise.all(asked.map((address) => ownersOf(database, address)))).toEqual([
      [],
      ["alice"],
      [],
      ["alice"],
    ]);
    expect(await alice(database)).toEqual(["alice"]);
    expect(database.health().isUp).toBe(true);
  });

  test("that meet an SQL error fail, and leave the host up", async () => {
    const database = source({ address: "SELECT owner FROM missing WHERE address = :email" });
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    expect(database.health().isUp).toBe(true);
    expect((await database.report(performance.now() + 5000))[0]?.error).toMatch(/missing/);
  });

  test("over the number that may wait are refused at once", async () => {
    const database = source({ poolSize: 1, queryTimeoutMs: 5000 });
    await alice(database);
    const lock = await lockTable(mariadb, "addresses");
    const lookups = Array.from({ length: 1100 }, (_, i) => ownersOf(database, `new${i}@example.com`));
    const settled = Promise.allSettled(lookups);
    await lock.release();
    const results = await settled;
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "ERR_SOURCE_OVERLOAD" });
    for (const result of results) if (result.status === "fulfilled") expect(result.value).toEqual([]);
  });

  test("that take too long end at query_timeout, and do not take the host out", async () => {
    const database = source({ queryTimeoutMs: 300 });
    await alice(database);
    const lock = await lockTable(mariadb, "addresses");
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
    expect(database.health().isUp).toBe(true);
    await lock.release();
    expect(await alice(database)).toEqual(["alice@example.com"]);
  });

  test("end at their own deadline even if the query may take longer", async () => {
    const database = source({ queryTimeoutMs: 60_000 });
    await alice(database);
    const lock = await lockTable(mariadb, "addresses");
    const key: Key = { email: "alice@example.com", user: "alice", domain: "example.com" };
    const ask = [{ role: "address", key, derived: false }] as const;
    const late = Promise.resolve<Cells>(database.find(ask, performance.now() + 200));
    await expect(late).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
    await lock.release();
  });
});

describe("connections", () => {
  test("are no more than pool_size, and none is left after close", async () => {
    const database = source({ poolSize: 3 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => ownersOf(database, `new${i}@example.com`)));
    expect(await connections()).toBeLessThanOrEqual(3);
    await database.close();
    await waitUntil("the end of every connection", async () => (await connections()) === 0);
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_CLOSED" });
  });

  test("that the server ended are replaced without a lookup noticing", async () => {
    const database = source({ poolSize: 2 });
    await Promise.all(Array.from({ length: 20 }, (_, i) => ownersOf(database, `new${i}@example.com`)));
    const rows = await mariadb.query("SELECT id FROM information_schema.processlist WHERE user = 'loginmapd'");
    expect(rows.length).toBeGreaterThan(0);
    for (const { id } of rows) await mariadb.query(`KILL ${id}`).catch(() => {});
    expect(await alice(database)).toEqual(["alice@example.com"]);
  });

  test("go to the next host when the first cannot be reached", async () => {
    const database = source({ hosts: [{ kind: "unix", path: join(mariadb.folder, "nobody.sock") }, inet()] });
    // The first lookup finds the first host dead; it waits for the second within its deadline.
    expect(await alice(database)).toEqual(["alice@example.com"]);
    expect(database.health()).toMatchObject({ isUp: true, hosts: [{ isUp: false }, { isUp: true }] });
  });

  test("go to the next host when the first takes no more statements, and its state is told", async () => {
    const other = await startMariadb({
      load: [join(sql, "native/001-schema.mysql.sql"), join(sql, "demo/rows.sql")],
      sql: "UPDATE addresses SET active = active;",
    });
    await other.addReader("loginmapd", "secret");
    const database = source({ hosts: [inet(), { kind: "inet", host: "127.0.0.1", port: other.port }] });
    expect(await alice(database)).toEqual(["alice@example.com"]);
    const [row] = await mariadb.query("SELECT @@GLOBAL.max_prepared_stmt_count AS most");
    await mariadb.query("SET GLOBAL max_prepared_stmt_count = 0");
    try {
      expect(await ownersOf(database, "sales@example.com")).toEqual(["alice@example.com", "bob@example.com"]);
      const [first, second] = database.health().hosts;
      expect(first).toMatchObject({ isUp: false, reason: expect.stringContaining("max_prepared_stmt_count") });
      expect(second?.isUp).toBe(true);
      const alone = source();
      await expect(alice(alone)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
      expect(alone.health()).toMatchObject({ isUp: false });
    } finally {
      await mariadb.query(`SET GLOBAL max_prepared_stmt_count = ${row?.["most"]}`);
    }
    await waitUntil("the first host to be up again", () => database.health().hosts[0]?.isUp);
    await database.close();
    await other.remove();
  });

  test("prefer the unix socket, wherever it stands in the list", async () => {
    const database = source({ hosts: [inet(), unix()] });
    expect(await alice(database)).toEqual(["alice@example.com"]);
    const [row] = await mariadb.query("SELECT host FROM information_schema.processlist WHERE user = 'loginmapd'");
    expect(row?.["host"] ?? row?.["HOST"]).toBe("localhost");
  });

  test("with a wrong password are a source that is down, and the message does not repeat it", async () => {
    const database = source({ password: "wrong-password" });
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(database.health().isUp).toBe(false);
    expect(database.health().reason).not.toContain("wrong-password");
    await expect(database.report(performance.now() + 5000)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  });

  test("that the server has no room for are a failure, and are there again when it has", async () => {
    const others = Array.from({ length: 6 }, () => source({ poolSize: 4 }));
    const all = others.flatMap((database) =>
      Array.from({ length: 40 }, (_, i) => ownersOf(database, `new${i}@catch.example`)),
    );
    for (const result of await Promise.allSettled(all)) {
      if (result.status === "fulfilled") expect(result.value).toEqual(["erin@catch.example"]);
      else expect(result.reason).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    }
    await Promise.all(open.splice(0).map((database) => database.close()));
    expect(await alice(source())).toEqual(["alice@example.com"]);
  });
});

describe("TLS", () => {
  const settings = (changes: Partial<TlsSettings> = {}): TlsSettings => ({
    caFile: mariadb.caFile,
    certFile: undefined,
    keyFile: undefined,
    verify: true,
    ...changes,
  });

  test("to a server whose certificate the authority signed is used", async () => {
    await mariadb.query("CREATE USER IF NOT EXISTS 'tlsonly'@'127.0.0.1' REQUIRE SSL");
    expect(await alice(source({ tls: settings() }))).toEqual(["alice@example.com"]);
  });

  test("to a server whose certificate nobody vouches for is refused, unless verify is off", async () => {
    const unknown = source({ tls: settings({ caFile: undefined }) });
    await expect(alice(unknown)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(await alice(source({ tls: settings({ caFile: undefined, verify: false }) }))).toEqual(["alice@example.com"]);
  });

  test("to a server whose certificate is another host's is refused, unless verify is off", async () => {
    // The certificate is for 127.0.0.1 and localhost.
    const relay = createServer((socket) => {
      const onward = connect(mariadb.port, "127.0.0.1");
      for (const one of [socket, onward]) one.on("error", () => one.destroy());
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.2", resolve));
    const { port } = relay.address() as { port: number };
    const hosts = [{ kind: "inet", host: "127.0.0.2", port }] as const;
    const tls = { caFile: mariadb.caFile, certFile: undefined, keyFile: undefined };
    await expect(alice(source({ hosts, tls: { ...tls, verify: true } }))).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
    });
    expect(await alice(source({ hosts, tls: { ...tls, verify: false } }))).toEqual(["alice@example.com"]);
    relay.close();
  });

  test("with files that cannot be read is a configuration that cannot be used, every file named", async () => {
    const missing = join(mariadb.folder, "missing.pem");
    expect(() => source({ tls: settings({ caFile: missing, certFile: missing, keyFile: missing }) })).toThrow(
      /sources\.mail\.tls\.ca_file: cannot read .*: no such file\n.*cert_file.*\n.*key_file/,
    );
    await expect(readFile(missing)).rejects.toThrow("ENOENT");
  });
});

// Last: they end the server.
describe("a server that goes away", () => {
  test("fails lookups at once and never with an answer, and is back within a second of its return", async () => {
    const database = source();
    await alice(database);
    await mariadb.kill();
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    const begun = performance.now();
    for (let i = 0; i < 100; i++)
      await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(1000);
    await mariadb.start();
    const back = performance.now();
    await waitUntil("an answer", () => alice(database).then(() => true));
    console.log(`answered again ${Math.round(performance.now() - back)} ms after the database greeted`);
  });

  test("was restarted in between: the lookup after it does not notice", async () => {
    const database = source();
    await alice(database);
    await mariadb.stop();
    await mariadb.start();
    expect(await alice(database)).toEqual(["alice@example.com"]);
  });

  test("hangs: lookups end in time, then fail at once, and are answered when it goes on", async () => {
    const database = source({ queryTimeoutMs: 1500 });
    await alice(database);
    mariadb.pause();
    try {
      await expect(alice(database)).rejects.toMatchObject({ name: "SourceError" });
      await waitUntil("the host to be out", () => !database.health().isUp);
      const begun = performance.now();
      await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
      expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(500);
    } finally {
      mariadb.resume();
    }
    await waitUntil("an answer", () => alice(database).then(() => true));
  });
});
