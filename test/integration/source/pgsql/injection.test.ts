/** Whatever a key holds, and however a statement quotes it: PostgreSQL is asked for that key, and for nothing else. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { QuerySettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { pgsqlConnection } from "../../../support/fakes/connections.ts";
import { answerTo, openSource } from "../../../support/fakes/open-source.ts";
import { injections } from "../../../support/injections.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";

let server: Postgresql;
const opened: Database[] = [];

beforeAll(async () => {
  server = await startPostgresql({ sql: "CREATE TABLE people (k text PRIMARY KEY, owner text, n int)" });
  await server.query("INSERT INTO people VALUES ('alice@example.com', 'alice', 1), ('bob@example.com', 'bob', 2)");
  await server.query(
    "CREATE FUNCTION owner_of(k text) RETURNS text LANGUAGE sql STABLE AS 'SELECT owner FROM people WHERE k = $1'",
  );
  await server.addReader("reader", "r");
  // Were a key ever run as a statement, it would have the rights to do harm.
  await server.query("GRANT ALL ON people TO reader; GRANT CREATE ON SCHEMA public TO reader");
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => server.remove());

const connection = () =>
  pgsqlConnection({
    hosts: [{ kind: "inet", host: "127.0.0.1", port: server.port }],
    password: "r",
    database: "vmail",
  });

function open(queries: QuerySettings): Database {
  const database = openSource({ connection: queries.kind === "postfix_cf" ? undefined : connection(), queries });
  opened.push(database);
  return database;
}

async function openTable(lines: string): Promise<Database> {
  const file = join(server.folder, `table-${opened.length}.cf`);
  const account = `hosts = 127.0.0.1:${server.port}\nuser = reader\npassword = r\ndbname = vmail\n`;
  await writeFile(file, `${account}${lines}\n`);
  const overrides = { poolSize: 2, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };
  return open({ kind: "postfix_cf", file: `pgsql:${file}`, overrides });
}

const tables = [
  "query = SELECT owner FROM people WHERE k = '%s'",
  "query = SELECT owner FROM people WHERE k = E'%s'",
  "query = SELECT owner FROM people WHERE k = $$%s$$",
  "query = SELECT owner FROM people WHERE k = $q$%s$q$",
  "query = SELECT owner FROM people WHERE k = concat('%s', '')",
  "query = SELECT owner FROM people WHERE k = '' || '%s'::text",
  "query = SELECT owner FROM people WHERE '%s' = k -- the end",
  "select_function = owner_of",
  "table = people\nselect_field = owner\nwhere_field = k",
];

/** What each key is answered, asked alone and all together. */
async function allAnswers(database: Database): Promise<(string | undefined)[]> {
  const alone: (string | undefined)[] = [];
  for (const key of injections) alone.push(await answerTo(database, key));
  expect(await Promise.all(injections.map((key) => answerTo(database, key)))).toEqual(alone);
  return alone;
}

describe.each([...tables, "queries"])("%s", (lines) => {
  const openIt = () =>
    lines === "queries"
      ? open({ kind: "queries", sql: { address: "SELECT owner FROM people WHERE k = :email" } })
      : openTable(lines);

  // A localpart that ends in a blank is never asked for by a query of the configuration: collations would pad it.
  const isAsked = (key: string) => lines !== "queries" || !key.includes(" @");

  test("a key without a row has no owner, and one with a row has that row's alone", async () => {
    const database = await openIt();
    expect(await answerTo(database, "alice@example.com")).toBe("alice");
    expect(await allAnswers(database)).toEqual(injections.map(() => undefined));
    const rows = injections.map((key, n) => `('${key.replaceAll("'", "''")}', 'owner-${n}', 0)`);
    await server.query(`INSERT INTO people VALUES ${rows.join(", ")}`);
    try {
      expect(await allAnswers(database)).toEqual(injections.map((key, n) => (isAsked(key) ? `owner-${n}` : undefined)));
    } finally {
      await server.query("DELETE FROM people WHERE n = 0");
    }
    expect(await server.query("SELECT count(*)::int AS n FROM people")).toEqual([{ n: 2 }]);
  });
});
