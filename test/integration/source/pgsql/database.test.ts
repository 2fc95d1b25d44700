/** A source in a real PostgreSQL: what its sessions set, how statements and sessions end, keys it cannot take, what is said of its queries. */
import { describe, expect, test } from "vitest";
import { probeColumns } from "../../../../src/source/pgsql/columns.ts";
import { ParameterTypes } from "../../../../src/source/pgsql/parameter-types.ts";
import { pgsqlSessions } from "../../../../src/source/pgsql/session.ts";
import { HostNames } from "../../../../src/system/host-names.ts";
import { ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { waitUntil } from "../../../support/wait.ts";
import { alice, codeOf, inet, plain, usePgsql } from "./support.ts";

const pgsql = usePgsql();

describe("defaults of the account that could change what a statement means or live", () => {
  test("a statement may take as long as ours may, not as the account's", async () => {
    await pgsql.server.query("ALTER ROLE reader SET statement_timeout = 150");
    const sql = "SELECT owner FROM people WHERE address = :email AND pg_sleep(0.4) IS NOT NULL";
    expect(await alice(pgsql.open({ address: sql }))).toEqual(["alice"]);
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
    await pgsql.server.query(`ALTER ROLE reader SET ${setting}`);
    const sql =
      "SELECT owner FROM people WHERE address = :email OR (address = 'back\\slash@example.com' AND address = :email)";
    const database = pgsql.open({ address: sql });
    expect(await ownersOf(database, "back\\slash@example.com")).toEqual(["slash"]);
    expect(await ownersOf(database, "é@example.com")).toEqual(["accent"]);
    const [before] = await pgsql.sessions();
    await pgsql.server.query("SELECT pg_sleep(0.2)");
    expect(await alice(database)).toEqual(["alice"]);
    expect((await pgsql.sessions())[0]?.["pid"]).toBe(before?.["pid"]);
  });

  test("a search_path that leads nowhere is an error, never nobody", async () => {
    await pgsql.server.query("ALTER ROLE reader SET search_path = nowhere");
    const database = pgsql.open();
    await expect(alice(database)).rejects.toThrow('relation "people" does not exist');
    expect(database.health().isUp).toBe(true);
  });
});

describe("the end of a statement and of a session", () => {
  const slow = { address: "SELECT owner FROM people WHERE address = :email AND pg_sleep(30) IS NOT NULL" };

  test("the server gives a statement up in time, and the session lives", async () => {
    const database = pgsql.open(slow, { queryTimeoutMs: 300 });
    expect(await codeOf(alice(database))).toBe("ERR_SOURCE_TIMEOUT");
    expect(await pgsql.sessions("state = 'active'")).toEqual([]);
    expect(await pgsql.sessions()).toHaveLength(1);
    expect(database.health().isUp).toBe(true);
  });

  test("a statement that somebody cancelled is asked again", async () => {
    const database = pgsql.open({
      address: "SELECT owner FROM people WHERE address = :email AND pg_sleep(0.5) IS NOT NULL",
    });
    const asked = alice(database);
    await waitUntil("the statement to run", async () => (await pgsql.sessions("state = 'active'")).length > 0);
    await pgsql.server.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'",
    );
    expect(await asked).toEqual(["alice"]);
  });

  test("a session that was terminated, idle or at work, costs no answer", async () => {
    const terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'";
    const database = pgsql.open({
      address: "SELECT owner FROM people WHERE address = :email AND pg_sleep(0.3) IS NOT NULL",
    });
    expect(await alice(database)).toEqual(["alice"]);
    await pgsql.server.query(terminate);
    expect(await alice(database)).toEqual(["alice"]);
    const asked = alice(database);
    await waitUntil("the statement to run", async () => (await pgsql.sessions("state = 'active'")).length > 0);
    await pgsql.server.query(terminate);
    expect(await asked).toEqual(["alice"]);
  });

  test("a table that changes under prepared statements costs no answer", async () => {
    await pgsql.server.query(
      "CREATE TABLE changing AS SELECT address, owner FROM people; GRANT SELECT ON changing TO reader",
    );
    const database = pgsql.open(
      { address: "SELECT * FROM (SELECT owner FROM changing WHERE address = :email) AS t" },
      { poolSize: 1 },
    );
    expect(await alice(database)).toEqual(["alice"]);
    await pgsql.server.query("ALTER TABLE changing ALTER COLUMN owner TYPE varchar(50)");
    expect(await alice(database)).toEqual(["alice"]);
    await pgsql.server.query("DROP TABLE changing");
    expect(await codeOf(alice(database))).toBe("ERR_SOURCE_SQL");
  });

  test("closing says goodbye: the server keeps no session", async () => {
    const database = pgsql.open();
    await alice(database);
    await database.close();
    await waitUntil("the session to end", async () => (await pgsql.sessions()).length === 0);
  });
});

describe("keys that the server cannot take", () => {
  test("text where a number is wanted fails for that key alone", async () => {
    await pgsql.server.query(
      "CREATE TABLE IF NOT EXISTS numbers (id int, owner text); INSERT INTO numbers VALUES (7, 'seven')",
    );
    await pgsql.server.query("GRANT SELECT ON numbers TO reader");
    const database = pgsql.open({ address: "SELECT owner FROM numbers WHERE id = :user" });
    const asked = ["7@x.test", "alice@x.test", "7@y.test"].map((key) => codeOf(ownersOf(database, key)));
    expect(await Promise.all(asked)).toEqual(["seven", "ERR_SOURCE_SQL", "seven"]);
  });

  test("a key with a NUL, or of letters that the database's encoding lacks, has no row and no failure", async () => {
    await pgsql.server.query("CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
    await pgsql.server.query(
      "SET client_encoding = UTF8; CREATE TABLE people AS SELECT 'é@example.com'::text AS address, 'accent'::text AS owner",
      "latin",
    );
    await pgsql.server.addReader("reader", "r", "latin");
    const database = pgsql.open(plain, { database: "latin" });
    const asked = ["日本@example.com", "é@example.com", "a\0b@example.com", "nobody@example.com"];
    for (let times = 0; times < 2; times++) {
      expect(await Promise.all(asked.map((key) => ownersOf(database, key)))).toEqual([[], ["accent"], [], []]);
    }
  });
});

describe("check --connect", () => {
  test("names the table that is read whole, and none that has an index, however small", async () => {
    await pgsql.server.query(
      "CREATE TABLE IF NOT EXISTS bare (address text, owner text); GRANT SELECT ON bare TO reader",
    );
    const database = pgsql.open({
      ...plain,
      domain: "SELECT b.owner FROM bare AS b JOIN people AS p ON p.address = b.address WHERE b.owner = :domain",
    });
    expect(await scansOf(database)).toEqual({ domain: ["bare"] });
  });

  test("repeats the server's own words on a query that it refuses", async () => {
    const reports = await pgsql
      .open({ address: "SELECT owner FORM people", grant: "SELECT nosuch FROM people" })
      .report(performance.now() + 10_000);
    expect(reports.map(({ query, error }) => [query, error])).toEqual([
      ["address", 'syntax_error (42601): syntax error at or near "people"'],
      ["grant", 'syntax_error_or_access_rule_violation (42703): column "nosuch" does not exist'],
    ]);
  });

  test("explains a query whose parameter is a number", async () => {
    await pgsql.server.query(
      "CREATE TABLE IF NOT EXISTS numbers (id int, owner text); GRANT SELECT ON numbers TO reader",
    );
    expect(await scansOf(pgsql.open({ address: "SELECT owner FROM numbers WHERE id = :user" }))).toEqual({
      address: ["numbers"],
    });
  });
});

test("a column is there, missing, not to be read, or its table is hidden", async () => {
  await pgsql.server.query(
    "CREATE TABLE partly (a text, b text); GRANT SELECT (a) ON partly TO reader; REVOKE ALL ON partly FROM reader; GRANT SELECT (a) ON partly TO reader",
  );
  const names = new HostNames();
  const login = { user: "reader", password: "r", database: "vmail", tls: undefined, queryTimeoutMs: 5000, names };
  const session = await pgsqlSessions(login, new ParameterTypes())(inet(pgsql.server.port), {
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
