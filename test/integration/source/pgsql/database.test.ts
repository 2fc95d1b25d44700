/** A source in a real PostgreSQL: sessions, their state and their end, deadlines, TLS, a pooler, what the server may be like. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SourceError } from "../../../../src/model/errors.ts";
import type { ConnectionSettings, Endpoint, QuerySettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { probeColumns } from "../../../../src/source/pgsql/columns.ts";
import { ParameterTypes } from "../../../../src/source/pgsql/parameter-types.ts";
import { pgsqlSessions } from "../../../../src/source/pgsql/session.ts";
import { HostNames } from "../../../../src/system/host-names.ts";
import { openSource, ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { startPgbouncer } from "../../../support/servers/pgbouncer.ts";
import { freePort } from "../../../support/servers/ports.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";
import { waitUntil } from "../../../support/wait.ts";

type Settings = Extract<ConnectionSettings, { driver: "pgsql" }>;

const rows = `
CREATE TABLE people (address text PRIMARY KEY, owner text);
INSERT INTO people VALUES ('alice@example.com', 'alice'), ('bob@example.com', 'bob'), ('é@example.com', 'accent'),
  ('back\\slash@example.com', 'slash');
INSERT INTO people SELECT 'p' || n || '@example.com', 'o' || n FROM generate_series(1, 200) AS n;
`;

let server: Postgresql;
const opened: Database[] = [];

beforeAll(async () => {
  server = await startPostgresql({ sql: rows, tls: true });
  await server.addReader("reader", "r");
});

beforeEach(async () => {
  await server.query("ALTER ROLE reader RESET ALL; ALTER ROLE reader CONNECTION LIMIT -1");
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => server.remove());

const plain = { address: "SELECT owner FROM people WHERE address = :email" };

function open(
  sql: Extract<QuerySettings, { kind: "queries" }>["sql"] = plain,
  changes: Partial<Settings> = {},
): Database {
  const database = openSource({
    connection: {
      driver: "pgsql",
      hosts: [inet(server.port)],
      user: "reader",
      password: "r",
      database: "vmail",
      tls: undefined,
      poolSize: 2,
      connectTimeoutMs: 5000,
      queryTimeoutMs: 5000,
      ...changes,
    },
    queries: { kind: "queries", sql },
  });
  opened.push(database);
  return database;
}

const inet = (port: number, host = "127.0.0.1"): Endpoint => ({ kind: "inet", host, port });
const alice = (database: Database) => ownersOf(database, "alice@example.com");
const codeOf = (asked: Promise<unknown>) => asked.then(String, (error: SourceError) => error.code);

/** Statements and sessions of our account, as the server sees them. */
async function sessions(where = "true"): Promise<Record<string, unknown>[]> {
  return server.query(`SELECT * FROM pg_stat_activity WHERE application_name = 'loginmapd' AND ${where}`);
}

describe("the way to the server", () => {
  test("a unix socket is named by its folder or by itself, with its port", async () => {
    for (const path of [server.socketFolder, `${server.socketFolder}/.s.PGSQL.${server.port}`]) {
      expect(await alice(open(plain, { hosts: [{ kind: "unix", path }] })), path).toEqual(["alice"]);
    }
  });

  test("a dead host is passed over; when all are, each one's reason is told", async () => {
    const dead = await freePort();
    expect(await alice(open(plain, { hosts: [inet(dead), inet(server.port)] }))).toEqual(["alice"]);
    const hopeless = open(plain, { hosts: [inet(dead)], password: "wrong" });
    await expect(alice(hopeless)).rejects.toThrow(`inet:127.0.0.1:${dead}: connection refused`);
    const unwelcome = open(plain, { password: "wrong" });
    await expect(alice(unwelcome)).rejects.toThrow('password authentication failed for user "reader"');
    await expect(alice(open(plain, { database: "nosuch" }))).rejects.toThrow('database "nosuch" does not exist');
  });

  test("an empty password is one, whatever the environment says", async () => {
    process.env["PGPASSWORD"] = "r";
    try {
      await expect(alice(open(plain, { password: "" }))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    } finally {
      delete process.env["PGPASSWORD"];
    }
  });

  test("an account that may open one connection is served by one", async () => {
    await server.query("ALTER ROLE reader CONNECTION LIMIT 1");
    const database = open(plain, { poolSize: 4 });
    const asked = Array.from({ length: 50 }, (_, i) => ownersOf(database, `p${i + 1}@example.com`));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, i) => [`o${i + 1}`]));
    expect(database.health().isUp).toBe(true);
  });
});

describe("TLS", () => {
  const tls = (changes: object = {}) => ({
    caFile: server.caFile,
    certFile: undefined,
    keyFile: undefined,
    verify: true,
    ...changes,
  });
  const encrypted = () =>
    server.query("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'loginmapd'");

  test("is used, and the certificate checked, by address and by name", async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const database = open(plain, { hosts: [inet(server.port, host)], tls: tls() });
      expect(await alice(database), host).toEqual(["alice"]);
      expect(await encrypted()).toContainEqual({ ssl: true });
    }
  });

  test("a certificate of an unknown authority or for another name is refused", async () => {
    await expect(alice(open(plain, { tls: tls({ caFile: undefined }) }))).rejects.toThrow(
      /certificate|SELF_SIGNED|UNABLE/,
    );
    const misnamed = open(plain, { hosts: [inet(server.port, "127.0.0.2")], tls: tls() });
    await expect(alice(misnamed)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    const unnamed = open(plain, { tls: tls({ verifyName: false }) });
    expect(await alice(unnamed)).toEqual(["alice"]);
  });

  test("whoever believes any certificate says so", async () => {
    expect(await alice(open(plain, { tls: tls({ caFile: undefined, verify: false }) }))).toEqual(["alice"]);
  });

  test("where it is optional a server without it will do, and one with it uses it", async () => {
    const optional = tls({ caFile: undefined, verify: false, isOptional: true });
    expect(await alice(open(plain, { tls: optional }))).toEqual(["alice"]);
    expect(await encrypted()).toEqual([{ ssl: true }]);
    const bare = await startPostgresql({ sql: rows });
    try {
      await bare.addReader("reader", "r");
      expect(await alice(open(plain, { hosts: [inet(bare.port)], tls: optional }))).toEqual(["alice"]);
      await expect(alice(open(plain, { hosts: [inet(bare.port)], tls: tls() }))).rejects.toThrow(
        "does not support SSL",
      );
    } finally {
      await bare.remove();
    }
  });
});

describe("defaults of the account that could change what a statement means or live", () => {
  test("a statement may take as long as ours may, not as the account's", async () => {
    await server.query("ALTER ROLE reader SET statement_timeout = 150");
    const sql = "SELECT owner FROM people WHERE address = :email AND pg_sleep(0.4) IS NOT NULL";
    expect(await alice(open({ address: sql }))).toEqual(["alice"]);
  });

  test.each([
    "standard_conforming_strings = off",
    "idle_session_timeout = 50",
    "statement_timeout = 150",
    "default_transaction_isolation = serializable",
    "default_transaction_read_only = on",
    "DateStyle = 'Postgres, MDY'",
    "client_encoding = LATIN1",
    "bytea_output = escape",
    "quote_all_identifiers = on",
    "lc_messages = 'C'",
  ])("%s changes no answer", async (setting) => {
    await server.query(`ALTER ROLE reader SET ${setting}`);
    const sql =
      "SELECT owner FROM people WHERE address = :email OR (address = 'back\\slash@example.com' AND address = :email)";
    const database = open({ address: sql });
    expect(await ownersOf(database, "back\\slash@example.com")).toEqual(["slash"]);
    expect(await ownersOf(database, "é@example.com")).toEqual(["accent"]);
    const [before] = await sessions();
    await server.query("SELECT pg_sleep(0.2)");
    expect(await alice(database)).toEqual(["alice"]);
    expect((await sessions())[0]?.["pid"]).toBe(before?.["pid"]);
  });

  test("a search_path that leads nowhere is an error, never nobody", async () => {
    await server.query("ALTER ROLE reader SET search_path = nowhere");
    const database = open();
    await expect(alice(database)).rejects.toThrow('relation "people" does not exist');
    expect(database.health().isUp).toBe(true);
  });
});

describe("the end of a statement and of a session", () => {
  const slow = { address: "SELECT owner FROM people WHERE address = :email AND pg_sleep(30) IS NOT NULL" };

  test("the server gives a statement up in time, and the session lives", async () => {
    const database = open(slow, { queryTimeoutMs: 300 });
    expect(await codeOf(alice(database))).toBe("ERR_SOURCE_TIMEOUT");
    expect(await sessions("state = 'active'")).toEqual([]);
    expect(await sessions()).toHaveLength(1);
    expect(database.health().isUp).toBe(true);
  });

  test("a statement that somebody cancelled is asked again", async () => {
    const database = open({ address: "SELECT owner FROM people WHERE address = :email AND pg_sleep(0.5) IS NOT NULL" });
    const asked = alice(database);
    await waitUntil("the statement to run", async () => (await sessions("state = 'active'")).length > 0);
    await server.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'");
    expect(await asked).toEqual(["alice"]);
  });

  test("a session that was terminated, idle or at work, costs no answer", async () => {
    const terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'";
    const database = open({ address: "SELECT owner FROM people WHERE address = :email AND pg_sleep(0.3) IS NOT NULL" });
    expect(await alice(database)).toEqual(["alice"]);
    await server.query(terminate);
    expect(await alice(database)).toEqual(["alice"]);
    const asked = alice(database);
    await waitUntil("the statement to run", async () => (await sessions("state = 'active'")).length > 0);
    await server.query(terminate);
    expect(await asked).toEqual(["alice"]);
  });

  test("a table that changes under prepared statements costs no answer", async () => {
    await server.query(
      "CREATE TABLE changing AS SELECT address, owner FROM people; GRANT SELECT ON changing TO reader",
    );
    const database = open(
      { address: "SELECT * FROM (SELECT owner FROM changing WHERE address = :email) AS t" },
      { poolSize: 1 },
    );
    expect(await alice(database)).toEqual(["alice"]);
    await server.query("ALTER TABLE changing ALTER COLUMN owner TYPE varchar(50)");
    expect(await alice(database)).toEqual(["alice"]);
    await server.query("DROP TABLE changing");
    expect(await codeOf(alice(database))).toBe("ERR_SOURCE_SQL");
  });

  test("closing says goodbye: the server keeps no session", async () => {
    const database = open();
    await alice(database);
    await database.close();
    await waitUntil("the session to end", async () => (await sessions()).length === 0);
  });
});

describe("keys that the server cannot take", () => {
  test("text where a number is wanted fails for that key alone", async () => {
    await server.query(
      "CREATE TABLE IF NOT EXISTS numbers (id int, owner text); INSERT INTO numbers VALUES (7, 'seven')",
    );
    await server.query("GRANT SELECT ON numbers TO reader");
    const database = open({ address: "SELECT owner FROM numbers WHERE id = :user" });
    const asked = ["7@x.test", "alice@x.test", "7@y.test"].map((key) => codeOf(ownersOf(database, key)));
    expect(await Promise.all(asked)).toEqual(["seven", "ERR_SOURCE_SQL", "seven"]);
  });

  test("a key with a NUL, or of letters that the database's encoding lacks, has no row and no failure", async () => {
    await server.query("CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
    await server.query(
      "SET client_encoding = UTF8; CREATE TABLE people AS SELECT 'é@example.com'::text AS address, 'accent'::text AS owner",
      "latin",
    );
    await server.addReader("reader", "r", "latin");
    const database = open(plain, { database: "latin" });
    const asked = ["日本@example.com", "é@example.com", "a\0b@example.com", "nobody@example.com"];
    for (let times = 0; times < 2; times++) {
      expect(await Promise.all(asked.map((key) => ownersOf(database, key)))).toEqual([[], ["accent"], [], []]);
    }
  });
});

describe("PgBouncer in transaction mode", () => {
  test("answers many lookups of many shapes over few backends, and leaves nothing behind", async () => {
    const pooler = await startPgbouncer(server, { reader: "r", root: "" });
    try {
      const database = open(
        {
          ...plain,
          domain: "SELECT owner FROM people WHERE address = CONCAT('@', :domain)",
          grant: "SELECT 'boss' WHERE :user = 'p7'",
        },
        { hosts: [inet(pooler.port)], poolSize: 4 },
      );
      for (let round = 0; round < 3; round++) {
        const asked = Array.from({ length: 100 }, (_, i) => ownersOf(database, `p${i + 1}+x@example.com`));
        const want = Array.from({ length: 100 }, (_, i) => (i === 6 ? ["o7", "boss"] : [`o${i + 1}`]));
        expect(await Promise.all(asked)).toEqual(want);
      }
      const [report] = await database.report(performance.now() + 10_000);
      expect(report?.notes).toEqual([expect.stringContaining("a pooler stands between")]);
      const left = await server.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'reader'");
      expect(left[0]?.["n"]).toBeLessThanOrEqual(2);
      const pinned = open(
        { address: "SELECT current_setting('statement_timeout') || ' ' || current_setting('enable_seqscan')" },
        { hosts: [inet(pooler.port)] },
      );
      expect(await alice(pinned)).toEqual(["0", "on"]);
      const prepared = open(
        { address: "SELECT count(*)::text FROM pg_prepared_statements WHERE :email <> ''" },
        { hosts: [inet(pooler.port)] },
      );
      expect(await alice(prepared)).toEqual(["0"]);
    } finally {
      for (const database of opened.splice(0)) await database.close();
      await pooler.remove();
    }
  });

  test("strings that are read in the old way, which cannot be changed there, are refused with what to do", async () => {
    await server.query("ALTER ROLE reader SET standard_conforming_strings = off");
    const pooler = await startPgbouncer(server, { reader: "r" });
    try {
      const database = open(plain, { hosts: [inet(pooler.port)] });
      await expect(alice(database)).rejects.toThrow("ALTER ROLE … SET standard_conforming_strings = on");
    } finally {
      for (const database of opened.splice(0)) await database.close();
      await pooler.remove();
    }
  });
});

describe("check --connect", () => {
  test("names the table that is read whole, and none that has an index, however small", async () => {
    await server.query("CREATE TABLE IF NOT EXISTS bare (address text, owner text); GRANT SELECT ON bare TO reader");
    const database = open({
      ...plain,
      domain: "SELECT b.owner FROM bare AS b JOIN people AS p ON p.address = b.address WHERE b.owner = :domain",
    });
    expect(await scansOf(database)).toEqual({ domain: ["bare"] });
  });

  test("repeats the server's own words on a query that it refuses", async () => {
    const reports = await open({ address: "SELECT owner FORM people", grant: "SELECT nosuch FROM people" }).report(
      performance.now() + 10_000,
    );
    expect(reports.map(({ query, error }) => [query, error])).toEqual([
      ["address", 'syntax_error (42601): syntax error at or near "people"'],
      ["grant", 'syntax_error_or_access_rule_violation (42703): column "nosuch" does not exist'],
    ]);
  });

  test("explains a query whose parameter is a number", async () => {
    await server.query("CREATE TABLE IF NOT EXISTS numbers (id int, owner text); GRANT SELECT ON numbers TO reader");
    expect(await scansOf(open({ address: "SELECT owner FROM numbers WHERE id = :user" }))).toEqual({
      address: ["numbers"],
    });
  });
});

test("a column is there, missing, not to be read, or its table is hidden", async () => {
  await server.query(
    "CREATE TABLE partly (a text, b text); GRANT SELECT (a) ON partly TO reader; REVOKE ALL ON partly FROM reader; GRANT SELECT (a) ON partly TO reader",
  );
  const names = new HostNames();
  const login = { user: "reader", password: "r", database: "vmail", tls: undefined, queryTimeoutMs: 5000, names };
  const session = await pgsqlSessions(login, new ParameterTypes())(inet(server.port), {
    connectMs: 5000,
    loginMs: 5000,
  });
  const states = await probeColumns(["partly.a", "partly.b", "partly.c", "nosuch.a"], session);
  expect(Object.fromEntries(states)).toEqual({
    "partly.a": "there",
    "partly.b": "unreadable",
    "partly.c": "missing",
    "nosuch.a": "hidden",
  });
  await session.end();
});
