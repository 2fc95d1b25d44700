/** Whatever a server or an account has set for its sessions, answers are those of the tables as they are now. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { mysqlConnection } from "../../../support/fakes/connections.ts";
import { domainsOf, openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { type Mariadb, startMariadb } from "../../../support/servers/mariadb.ts";

const sql = join(import.meta.dirname, "../../../../sql");
let mariadb: Mariadb;
const open: Database[] = [];
const restore: string[] = [];

beforeAll(async () => {
  mariadb = await startMariadb({
    // Not even the client's own character set counts on such a server.
    arguments: ["--skip-character-set-client-handshake", "--character-set-server=latin1"],
    load: [join(sql, "native/001-schema.mysql.sql"), join(sql, "demo/rows.sql")],
    sql: `CREATE TABLE m (a VARCHAR(190) CHARACTER SET utf8mb4 PRIMARY KEY, o VARCHAR(190)) ENGINE=InnoDB;
          INSERT INTO m VALUES ('alice@example.com', 'alice'), (CONVERT(X'6AC3B67267406578616D706C652E636F6D' USING utf8mb4), 'joerg');`,
  });
  await mariadb.addReader("loginmapd", "secret");
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
  for (const statement of restore.splice(0)) await mariadb.query(statement);
  await setOwner("alice");
});

afterAll(() => mariadb.remove());

async function setOwner(owner: string): Promise<void> {
  await mariadb.query(`UPDATE m SET o = '${owner}' WHERE a = 'alice@example.com'; COMMIT`);
}

/** Changes a variable of the server for the sessions that begin from now on, until the test ends. */
async function setGlobal(name: string, value: string): Promise<void> {
  const [row] = await mariadb.query(`SELECT @@GLOBAL.${name} AS value`);
  const before = row?.["value"];
  restore.push(`SET GLOBAL ${name} = ${typeof before === "number" ? before : `'${before}'`}`);
  await mariadb.query(`SET GLOBAL ${name} = ${value}`);
}

function source(address?: string, charset?: string): Database {
  const database = openSource({
    connection: mysqlConnection({
      hosts: [{ kind: "inet", host: "127.0.0.1", port: mariadb.port }],
      user: "loginmapd",
      password: "secret",
      database: mariadb.database,
      charset,
      poolSize: 1,
      queryTimeoutMs: 20_000,
    }),
    queries:
      address === undefined ? { kind: "preset", preset: "native", options: {} } : { kind: "queries", sql: { address } },
  });
  open.push(database);
  return database;
}

const byAddress = "SELECT o FROM m WHERE a = :email";

test.each([
  ["autocommit", "0"],
  ["init_connect", "'SET autocommit=0'"],
  ["init_connect", "'START TRANSACTION WITH CONSISTENT SNAPSHOT'"],
])("%s=%s: an owner who was taken away is gone with the next lookup", async (name, value) => {
  await setGlobal(name, value);
  const database = source(byAddress);
  expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
  await setOwner("bob");
  expect(await ownersOf(database, "alice@example.com")).toEqual(["bob"]);
});

test.each([["'SET NAMES latin1'"], ["'SET NAMES utf8'"], ["''"]])(
  "init_connect=%s: addresses beyond ASCII are found",
  async (value) => {
    await setGlobal("init_connect", value);
    expect(await ownersOf(source(byAddress), "jörg@example.com")).toEqual(["joerg"]);
    expect(await ownersOf(source(byAddress, "utf8mb4_unicode_ci"), "jörg@example.com")).toEqual(["joerg"]);
  },
);

test("sql_select_limit cuts neither domains nor owners", async () => {
  const all = await domainsOf(source());
  const owners = await ownersOf(source(), "sales@example.com");
  expect([all?.length, owners.length]).toEqual([expect.any(Number), 2]);
  await setGlobal("sql_select_limit", "1");
  expect(await domainsOf(source())).toEqual(all);
  expect(await ownersOf(source(), "sales@example.com")).toEqual(owners);
});

test.each([
  [
    "empty strings are no NULL",
    "sql_mode",
    "'EMPTY_STRING_IS_NULL,PIPES_AS_CONCAT'",
    "SELECT IF('' IS NULL, 'null', 'a' || 'b')",
    "ab",
  ],
  ["short strings are not padded", "sql_mode", "'PAD_CHAR_TO_FULL_LENGTH'", "SELECT @@sql_mode LIKE '%PAD_CHAR%'", "0"],
  [
    "long lists are not cut",
    "group_concat_max_len",
    "8",
    "SELECT GROUP_CONCAT(a ORDER BY a SEPARATOR ' ') FROM m",
    "alice@example.com,jörg@example.com",
  ],
  [
    "dates are those of the server",
    "init_connect",
    "'SET time_zone=''+05:00'''",
    "SELECT @@time_zone = @@GLOBAL.time_zone",
    "1",
  ],
  [
    "what is not committed is not seen",
    "transaction_isolation",
    "'READ-UNCOMMITTED'",
    "SELECT @@transaction_isolation",
    "READ-COMMITTED",
  ],
  ["NULL finds no row", "sql_auto_is_null", "1", "SELECT @@sql_auto_is_null", "0"],
  [
    "a statement has a time limit of the server's",
    "max_statement_time",
    "0",
    "SELECT @@max_statement_time",
    "20.000000",
  ],
])("%s, with %s=%s", async (_rule, name, value, query, owners) => {
  if (name === "transaction_isolation") restore.push("SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  if (name === "transaction_isolation") await mariadb.query("SET GLOBAL TRANSACTION ISOLATION LEVEL READ UNCOMMITTED");
  else await setGlobal(name, value);
  expect((await ownersOf(source(query.replace("@@transaction_isolation", "@@tx_isolation")), "x@y")).join()).toBe(
    owners,
  );
});

test("what a server refuses to set hides nothing else, and check --connect says so", async () => {
  await setGlobal("autocommit", "0");
  // A collation that MySQL has and MariaDB 10.11 has not.
  const database = source(byAddress, "utf8mb4_0900_ai_ci");
  const reports = await database.report(performance.now() + 20_000);
  expect(reports.flatMap(({ notes = [] }) => notes)).toEqual([
    "the character set could not be set: addresses beyond ASCII may not be found",
  ]);
  expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
  await setOwner("bob");
  expect(await ownersOf(database, "alice@example.com")).toEqual(["bob"]);
  expect(await source(byAddress).report(performance.now() + 20_000)).toMatchObject([{ query: "address" }]);
});

test("the documentation names what is set", () => {
  const operations = readFileSync(join(import.meta.dirname, "../../../../docs/operations.md"), "utf8");
  for (const name of ["autocommit", "isolation level", "sql_select_limit", "sql_mode", "time_zone"]) {
    expect(operations).toContain(name);
  }
});
