/** `check --connect` names rows that nobody finds, whatever the source: here those that have neither a listing nor a list of domains. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ConnectionSettings, QuerySettings } from "../../../src/model/settings.ts";
import type { Database } from "../../../src/model/source.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { mysqlConnection, pgsqlConnection } from "../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../support/fakes/open-source.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";

// Each table has the row that everybody expects beside the one that nobody finds.
const rows = `
CREATE TABLE senders (address VARCHAR(190), owner VARCHAR(190), comment VARCHAR(190));
INSERT INTO senders VALUES ('anna@exämple.com', 'anna', NULL), ('anna@example.com', 'stranger', 'seit d.J. für exämple.com'),
  ('jörg@example.com', 'jörg@exämple.com', NULL);
CREATE TABLE domains (id INT PRIMARY KEY, domain VARCHAR(190));
INSERT INTO domains VALUES (1, 'straßen.example'), (2, 'münchen.example'), (3, 'xn--bcher-kva.example');
CREATE TABLE mailboxes (localpart VARCHAR(190), domain_id INT, owner VARCHAR(190));
INSERT INTO mailboxes VALUES ('ida', 2, 'ida'), ('ida', 3, 'ida');
`;
const byAddress = "SELECT owner FROM senders WHERE address = :email";
const byDomain =
  "SELECT m.owner FROM mailboxes AS m JOIN domains AS d ON d.id = m.domain_id WHERE m.localpart = :user AND d.domain = :domain";
const ofAddresses =
  "1 domain is not written as A-label (xn--…), so nobody finds a row such as anna@exämple.com: write exämple.com as xn--exmple-cua.com";
const ofDomains =
  "2 domains are not written as A-label (xn--…), so nobody finds a row such as straßen.example: write straßen.example as xn--straen-eta.example";

let directory: TestDirectory;
let mariadb: Mariadb;
let postgresql: Postgresql;
const opened: Database[] = [];

beforeAll(async () => {
  directory = await makeDirectory("u-labels");
  [mariadb, postgresql] = await Promise.all([startMariadb({ sql: rows }), startPostgresql({ sql: rows })]);
  await mariadb.addReader("reader", "secret");
  await postgresql.addReader("reader", "secret");
  const file = new Sqlite(join(directory.path, "mail.sqlite"));
  file.exec(rows);
  file.close();
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});
afterAll(async () => {
  await mariadb?.remove();
  await postgresql?.remove();
  await directory?.remove();
});

function connectionOf(driver: "mysql" | "pgsql" | "sqlite", user = "reader"): ConnectionSettings {
  if (driver === "sqlite") return { driver, path: join(directory.path, "mail.sqlite"), queryTimeoutMs: 10_000 };
  const login = { user, password: "secret", database: "vmail", poolSize: 1, queryTimeoutMs: 10_000 };
  return driver === "mysql"
    ? mysqlConnection({ hosts: [{ kind: "unix", path: mariadb.socket }], ...login })
    : pgsqlConnection({ hosts: [{ kind: "inet", host: "127.0.0.1", port: postgresql.port }], ...login });
}

function open(connection: ConnectionSettings | undefined, queries: QuerySettings): Database {
  const database = openSource({ connection, queries });
  opened.push(database);
  return database;
}

async function notesOf(database: Database): Promise<Record<string, readonly string[] | undefined>> {
  const reports = await database.report(performance.now() + 20_000);
  expect(reports.flatMap(({ error }) => error ?? [])).toEqual([]);
  return Object.fromEntries(reports.map(({ query, notes }) => [query, notes]));
}

describe.each(["mysql", "pgsql", "sqlite"] as const)("%s", (driver) => {
  const sql = (queries: Readonly<Record<string, string>>): QuerySettings => ({ kind: "queries", sql: queries });

  test("names the domain and a row of it, and how to write it", async () => {
    expect(await notesOf(open(connectionOf(driver), sql({ address: byAddress })))).toEqual({ address: [ofAddresses] });
  });

  test("names domains of a table of domains, once for all queries", async () => {
    const source = open(connectionOf(driver), sql({ address: byDomain, grant: byAddress, domain: byDomain }));
    expect(await notesOf(source)).toEqual({ address: [ofDomains], grant: [ofAddresses], domain: undefined });
  });

  test("a name, a comment and an owner are no address that is looked for", async () => {
    const source = open(
      connectionOf(driver),
      sql({ address: "SELECT owner, comment FROM senders WHERE address = :email AND 1 = 0" }),
    );
    expect(await notesOf(source)).toEqual({ address: [ofAddresses] });
  });

  test("the stranger of the unaccented domain does not get the address", async () => {
    const source = open(connectionOf(driver), sql({ address: byAddress }));
    expect(await ownersOf(source, "anna@exämple.com")).toEqual([]);
  });

  test("a table file is told the same", async () => {
    const file = join(directory.path, `${driver}-senders.cf`);
    const place = {
      mysql: `hosts = unix:${mariadb.socket}\nuser = reader\npassword = secret\ndbname = vmail\n`,
      pgsql: `hosts = unix:${postgresql.socketFolder}\nuser = reader\npassword = secret\ndbname = vmail\n`,
      sqlite: `dbpath = ${join(directory.path, "mail.sqlite")}\n`,
    }[driver];
    await writeFile(file, `${place}query = SELECT owner FROM senders WHERE address = '%s'\n`);
    const overrides = { poolSize: 1, connectTimeoutMs: 5000, queryTimeoutMs: 10_000 };
    const source = open(undefined, { kind: "postfix_cf", file: `${driver}:${file}`, overrides });
    expect(await notesOf(source)).toEqual({ address: [ofAddresses] });
  });
});

test("a column that the account may not read is no reason to fail", async () => {
  await mariadb.query(
    "CREATE USER narrow@localhost IDENTIFIED BY 'secret'; GRANT SELECT (address, owner) ON vmail.senders TO narrow@localhost",
  );
  const source = open(connectionOf("mysql", "narrow"), { kind: "queries", sql: { address: byAddress } });
  expect(await notesOf(source)).toEqual({ address: [ofAddresses] });
});
