/**
 * The listing of every preset: it lists what the lookups answer, no more and no less, on the example rows and on random ones.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ListedSource } from "../../../src/lookup/listed-source.ts";
import { ListedMap } from "../../../src/lookup/reverse.ts";
import { splitAddress } from "../../../src/model/address.ts";
import type { Role } from "../../../src/model/keys.ts";
import type { ListedLine } from "../../../src/model/listing.ts";
import type { Database } from "../../../src/model/source.ts";
import type { PresetOptions } from "../../../src/source/presets/preset.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { mysqlConnection, pgsqlConnection } from "../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../support/fakes/open-source.ts";
import { everyAddress, insertSql, randomRows } from "../../support/random-mail.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { stacks } from "./stack-cases.ts";

const deadlineMs = 20_000;

let mariadb: Mariadb;
let postgresql: Postgresql;
let directory: TestDirectory;
const opened: Database[] = [];

const sqlFile = (path: string) => readFileSync(join(import.meta.dirname, "../../../sql", path), "utf8");
const mysqlSchemas = [
  ...stacks.map(({ name }) => [name, `${name}/example.sql`] as const),
  ["native", "native/001-schema.mysql.sql"] as const,
];

// Schemas that a stack had before, or that its configuration names otherwise.
const variants = [
  { name: "mailcow", what: "before 2026", change: "ALTER TABLE alias DROP COLUMN sender_allowed", options: {} },
  { name: "froxlor", what: "before 2.3.0", change: "DROP TABLE mail_sender_aliases", options: {} },
  {
    name: "postfixadmin",
    what: "with a table_prefix",
    change: ["mailbox", "alias", "domain", "alias_domain"]
      .map((table) => `ALTER TABLE ${table} RENAME TO pfa_${table}`)
      .join(";"),
    options: { table_prefix: "pfa_" },
  },
] as const;
const rowsOf = ["example", "random"] as const;

const pgsqlSchemas = [
  ["native", "native/001-schema.pgsql.sql"],
  ...["postfixadmin", "iredmail", "modoboa"].map((name) => [name, `${name}/example.pgsql.sql`] as const),
] as const;

beforeAll(async () => {
  const names = mysqlSchemas.flatMap(([name]) => [name, `${name}_random`]);
  const ofVariants = variants.flatMap(({ name }) => rowsOf.map((rows) => `${name}_variant_${rows}`));
  mariadb = await startMariadb({ databases: [...names, ...ofVariants] });
  for (const [name, schema] of mysqlSchemas) {
    await mariadb.query(sqlFile(schema), name);
    await fillRandom(name, schema, `${name}_random`);
  }
  await mariadb.query(sqlFile("demo/rows.sql"), "native");
  for (const { name, change } of variants) {
    await mariadb.query(sqlFile(`${name}/example.sql`), `${name}_variant_example`);
    await fillRandom(name, `${name}/example.sql`, `${name}_variant_random`);
    for (const rows of rowsOf) await mariadb.query(change, `${name}_variant_${rows}`);
  }
  await mariadb.query("CREATE USER reader@localhost IDENTIFIED BY 'r'; GRANT SELECT ON *.* TO reader@localhost");
  postgresql = await startPostgresql({ databases: pgsqlSchemas.map(([name]) => name) });
  for (const [name, schema] of pgsqlSchemas) {
    await postgresql.query(sqlFile(schema), name);
    const rows = randomRows(name, 13).map((table) => insertSql(table, "pgsql"));
    await postgresql.query(`SET session_replication_role = replica; ${rows.join("\n")}`, name);
    await postgresql.addReader("reader", "r", name);
  }
  directory = await makeDirectory("listing");
  for (const [name, schema] of [
    ["native", "native/001-schema.sqlite.sql"],
    ["mailinabox", "mailinabox/example.sql"],
  ] as const) {
    for (const suffix of ["", "_random"]) {
      const database = new Sqlite(join(directory.path, `${name}${suffix}.sqlite`));
      database.exec(sqlFile(schema));
      if (suffix !== "") for (const table of randomRows(name, 13)) database.exec(insertSql(table, "sqlite"));
      else if (name === "native") database.exec(sqlFile("demo/rows.sql"));
      database.close();
    }
  }
});

async function fillRandom(name: string, schema: string, database: string): Promise<void> {
  await mariadb.query(sqlFile(schema), database);
  const rows = randomRows(name, 13).map((table) => insertSql(table, "mysql"));
  await mariadb.query(`SET foreign_key_checks = 0; ${rows.join("\n")}`, database);
}

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  await mariadb.remove();
  await postgresql.remove();
  await directory.remove();
});

function openServer(driver: "mysql" | "pgsql", preset: string, options: PresetOptions, database: string): Database {
  const path = driver === "mysql" ? mariadb.socket : postgresql.socketFolder;
  const place = { hosts: [{ kind: "unix", path }] as const, password: "r", database };
  const connection = driver === "mysql" ? mysqlConnection(place) : pgsqlConnection(place);
  return closedLater(openSource({ connection, queries: { kind: "preset", preset, options } }));
}

function openMysql(preset: string, options: PresetOptions, database: string): Database {
  return openServer("mysql", preset, options, database);
}

function openSqlite(preset: string, options: PresetOptions, name: string): Database {
  const connection = { driver: "sqlite", path: join(directory.path, `${name}.sqlite`), queryTimeoutMs: 5000 } as const;
  return closedLater(openSource({ connection, queries: { kind: "preset", preset, options } }));
}

function closedLater(database: Database): Database {
  opened.push(database);
  return database;
}

async function linesOf(database: Database): Promise<ListedLine[]> {
  const lines: ListedLine[] = [];
  for await (const batch of database.listing?.list(new AbortController().signal) ?? []) lines.push(...batch);
  return lines;
}

const asSet = (logins: readonly string[]) => [...new Set(logins.map((login) => login.toLowerCase()))].sort();

/**
 * Compares listed keys and addresses of the random rows with what a lookup answers.
 *
 * @param every how many addresses there are to each one that is asked
 */
async function expectListingEqualsLookups(database: Database, every = 1): Promise<void> {
  const listed = new ListedMap({ rules: { recipientDelimiter: "+", localDomains: new Set() }, combine: "first" });
  const source = new ListedSource(database, undefined);
  listed.addSource(source);
  listed.add(source, await linesOf(database));
  const keys = [...listed.keys()].filter((key) => key !== "*");
  expect(keys.length).toBeGreaterThan(0);
  const all = [...new Set([...keys.filter((key) => !key.startsWith("@")), ...everyAddress])];
  const addresses = all.filter((_, i) => i % every === 0);
  const domains = keys.filter((key) => key.startsWith("@"));
  const wanted: Record<string, string[]> = {};
  const found: Record<string, string[]> = {};
  await Promise.all(
    [...addresses, ...domains].map(async (key) => {
      // A lookup of `@domain` asks for the catch-all alone.
      wanted[key] = asSet(listed.ownersOf(key, !key.startsWith("@")));
      found[key] = asSet(await ownersOf(database, key));
    }),
  );
  const differing = [...addresses, ...domains].filter((key) => !isDeepStrictEqual(found[key], wanted[key]));
  expect(differing.map((key) => ({ key, listed: wanted[key], found: found[key] }))).toEqual([]);
  await expectEveryAddressIsListed(database, addresses, new Set(keys));
}

async function expectEveryAddressIsListed(database: Database, addresses: readonly string[], keys: ReadonlySet<string>) {
  const asks = addresses.map((email) => {
    const { localpart: user, domain } = splitAddress(email);
    return { role: "address" as Role, key: { email, user, domain }, derived: false };
  });
  const findings = await Promise.all(asks.map((ask) => database.find([ask], performance.now() + deadlineMs)));
  const answered = addresses.filter((_, i) => (findings[i]?.[0] ?? []).length > 0);
  expect(answered.filter((address) => !keys.has(address))).toEqual([]);
}

const plain: Readonly<Record<string, PresetOptions>> = { ispconfig: { server_id: 1 } };
const optionSets: readonly PresetOptions[] = [
  { include_catchall: true, include_list_members: true, extra_owners: ["boss@d0.test"] },
  { include_alias: false, include_catchall: true, include_list_members: true },
  { include_alias_domain: false, include_catchall: false },
];
const deep: PresetOptions = { alias_depth: 3, include_catchall: true };
// Each of these lookups asks several times, of stacks whose grants have no index.
const deepEvery = 8;
const optionsOf = (preset: string, options: PresetOptions) => ({ ...plain[preset], ...options });

describe.each(stacks)("$name", ({ name }) => {
  test("lists what its lookups answer, in the example rows", async () => {
    const options = { include_catchall: true, include_list_members: true };
    await expectListingEqualsLookups(openMysql(name, optionsOf(name, options), name));
  });

  test.each(optionSets)("with %j lists what its lookups answer, in 2,000 random rows", async (options) => {
    await expectListingEqualsLookups(openMysql(name, optionsOf(name, options), `${name}_random`));
  });

  test("with an alias_depth lists the logins behind aliases", async () => {
    await expectListingEqualsLookups(openMysql(name, optionsOf(name, deep), `${name}_random`), deepEvery);
  });
});

test("ISPConfig with include_cc lists those who get the copies", async () => {
  await expectListingEqualsLookups(openMysql("ispconfig", { server_id: 1, include_cc: true }, "ispconfig_random"));
});

test("native lists what its lookups answer, in the example rows of MySQL and of SQLite", async () => {
  await expectListingEqualsLookups(openMysql("native", {}, "native"));
  await expectListingEqualsLookups(openSqlite("native", {}, "native"));
});

describe.each(variants)("$name $what", ({ name, options }) => {
  test.each(rowsOf)("lists what its lookups answer, in the %s rows", async (rows) => {
    await expectListingEqualsLookups(
      openMysql(name, { ...options, include_catchall: true }, `${name}_variant_${rows}`),
    );
  });
});

test("native lists what its lookups answer, in 2,000 random rows of MySQL and of SQLite", async () => {
  await expectListingEqualsLookups(openMysql("native", {}, "native_random"));
  await expectListingEqualsLookups(openSqlite("native", {}, "native_random"));
});

describe("mailinabox", () => {
  test.each([...optionSets, deep])("with %j lists what its lookups answer", async (options) => {
    await expectListingEqualsLookups(openSqlite("mailinabox", options, "mailinabox"));
    await expectListingEqualsLookups(openSqlite("mailinabox", options, "mailinabox_random"));
  });
});

describe.each(pgsqlSchemas)("%s on PostgreSQL", (name) => {
  test.each(name === "native" ? [{}] : [...optionSets, deep])(
    "with %j lists what its lookups answer",
    async (options) => {
      await expectListingEqualsLookups(openServer("pgsql", name, options, name), options === deep ? deepEvery : 1);
    },
  );
});
