/** The presets that exist on PostgreSQL, on a real one: the rows of MySQL's example, and the same answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import type { PresetOptions } from "../../../../src/source/presets/preset.ts";
import { pgsqlConnection } from "../../../support/fakes/connections.ts";
import { domainsOf, openSource, ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";
import { stacks } from "../stack-cases.ts";
import { allOwners, testStack } from "../stack-suite.ts";

const names = ["iredmail", "postfixadmin", "modoboa"];
const sql = (path: string) => readFileSync(join(import.meta.dirname, "../../../../sql", path), "utf8");

let server: Postgresql;
const opened: Database[] = [];

beforeAll(async () => {
  server = await startPostgresql({ databases: [...names, "native", "variant"] });
  for (const name of names) {
    await server.query(sql(`${name}/example.pgsql.sql`), name);
    await server.query(rowsOf(sql(`${name}/example.sql`)), name);
    await server.addReader("reader", "r", name);
  }
  await server.query(sql("native/001-schema.pgsql.sql"), "native");
  await server.query(sql("demo/rows.sql"), "native");
  await server.addReader("reader", "r", "native");
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => server.remove());

/** What example.pgsql.sql says to take of MySQL's example. */
function rowsOf(example: string): string {
  return example.slice(example.indexOf("\nINSERT"));
}

function open(preset: string, options: PresetOptions, database = preset): Database {
  const source = openSource({
    connection: pgsqlConnection({
      hosts: [{ kind: "unix", path: server.socketFolder }],
      password: "r",
      database,
    }),
    queries: { kind: "preset", preset, options },
  });
  opened.push(source);
  return source;
}

const here = stacks.filter(({ name }) => names.includes(name));

describe.each(here)("$name", (stack) => {
  testStack(stack, { open: (options) => open(stack.name, options), fill: () => fill(stack.name) });
});

describe("native", () => {
  test.each([
    ["alice@example.com", ["alice@example.com"]],
    ["ALICE@Example.com", ["alice@example.com"]],
    ["sales+spring@example.com", ["alice@example.com", "bob@example.com"]],
    ["anything@catch.example", ["erin@catch.example"]],
    ["newsletter@partner.example", ["bob@example.com"]],
    ["dave@example.com", []],
    ["' OR '1'='1@example.com", []],
  ])("%s is owned by %j", async (address, owners) => {
    expect(await ownersOf(open("native", {}), address)).toEqual(owners);
  });

  test("knows its domains, and finds every row by an index", async () => {
    expect(await domainsOf(open("native", {}))).toEqual(["catch.example", "example.com", "partner.example"]);
    expect(await scansOf(open("native", {}))).toEqual({});
  });

  test.each([
    ["a domain with letters beyond ASCII", "INSERT INTO domains (domain) VALUES ('münchen.example')"],
    ["a domain in capitals", "INSERT INTO domains (domain) VALUES ('Example.org')"],
    [
      "a localpart in capitals",
      "INSERT INTO addresses (domain, localpart, login) SELECT 'example.com', 'Ü', login FROM logins",
    ],
    ["a login that is two", "INSERT INTO logins (login) VALUES ('a,b')"],
  ])("refuses %s, which nobody would find", async (_, statement) => {
    await expect(server.query(statement, "native")).rejects.toThrow("violates check constraint");
  });

  test("takes nothing for an address but itself", async () => {
    for (const key of ["àlice@example.com", "ａlice@example.com", "alice @example.com"]) {
      expect(await ownersOf(open("native", {}), key), key).toEqual([]);
    }
  });
});

test("PostfixAdmin's tables may have a prefix", async () => {
  await server.query(sql("postfixadmin/example.pgsql.sql"), "variant");
  await server.query(rowsOf(sql("postfixadmin/example.sql")), "variant");
  for (const table of ["mailbox", "alias", "domain", "alias_domain"]) {
    await server.query(`ALTER TABLE ${table} RENAME TO pfa_${table}`, "variant");
  }
  await server.addReader("reader", "r", "variant");
  const want = { "sales@alias.test": "alice,bob", "random@catchalias.test": "erin" };
  expect(await allOwners(open("postfixadmin", { table_prefix: "pfa_" }, "variant"), Object.keys(want))).toEqual(want);
});

/** Rows enough that reading a table whole costs more than its index. */
async function fill(name: string): Promise<void> {
  for (const [table, columns, values] of fillers[name] ?? []) {
    await server.query(
      `INSERT INTO ${table} (${columns}) SELECT ${values} FROM generate_series(1, 3000) AS n (seq)`,
      name,
    );
  }
  await server.query("ANALYZE", name);
}

const user = "'filler' || n.seq || '@filler.test'";
const domain = "'filler' || n.seq || '.test'";

const fillers: Readonly<Record<string, readonly (readonly [table: string, columns: string, values: string])[]>> = {
  iredmail: [
    ["domain", "domain", domain],
    ["mailbox", "username, domain", `${user}, ${domain}`],
    ["forwardings", "address, forwarding, is_alias", `${user}, ${user}, 1`],
    ["alias_domain", "alias_domain, target_domain", `'a' || ${domain}, ${domain}`],
  ],
  postfixadmin: [
    ["domain", "domain", domain],
    ["mailbox", "username, local_part, domain", `${user}, 'x', ${domain}`],
    ["alias", "address, goto, domain", `${user}, ${user}, ${domain}`],
    ["alias_domain", "alias_domain, target_domain", `${domain}, ${domain}`],
  ],
  modoboa: [
    ["core_user", "id, username, email", `1000 + n.seq, ${user}, ${user}`],
    ["admin_domain", "id, name", `1000 + n.seq, ${domain}`],
    ["admin_domainalias", "name, target_id", `'a' || ${domain}, 1000 + n.seq`],
    ["admin_mailbox", "id, address, domain_id, user_id", "1000 + n.seq, 'filler' || n.seq, 1000 + n.seq, 1000 + n.seq"],
    ["admin_alias", "id, address, domain_id", `1000 + n.seq, ${user}, 1000 + n.seq`],
    ["modoboa_admin_aliasrecipient", "address, alias_id, r_mailbox_id", `${user}, 1000 + n.seq, 1000 + n.seq`],
    ["admin_senderaddress", "address, mailbox_id", `'s' || ${user}, 1000 + n.seq`],
  ],
};
