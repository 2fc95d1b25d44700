/** Every preset on the example rows of its stack, on a real MariaDB. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../../src/model/source.ts";
import type { PresetOptions } from "../../../src/source/presets/preset.ts";
import { mysqlConnection } from "../../support/fakes/connections.ts";
import { domainsOf, openSource } from "../../support/fakes/open-source.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { stacks } from "./stack-cases.ts";
import { allOwners, testStack } from "./stack-suite.ts";

let mariadb: Mariadb;
const opened: Database[] = [];

beforeAll(async () => {
  mariadb = await startMariadb({ databases: [...stacks.map(({ name }) => name), "variant"] });
  for (const { name } of stacks) await load(name, name);
  await mariadb.query("CREATE USER reader@localhost IDENTIFIED BY 'r'; GRANT SELECT ON *.* TO reader@localhost");
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  await mariadb.remove();
});

/** Makes the tables and rows of a stack. */
async function load(stack: string, database: string): Promise<void> {
  const file = join(import.meta.dirname, `../../../sql/${stack}/example.sql`);
  await mariadb.query(`USE \`${database}\`; ${readFileSync(file, "utf8")}`);
}

/** Opens a preset as the daemon does; closed after the test. */
function open(preset: string, options: PresetOptions, database = preset): Database {
  const source = openSource({
    connection: mysqlConnection({
      hosts: [{ kind: "unix", path: mariadb.socket }],
      password: "r",
      database,
    }),
    queries: { kind: "preset", preset, options },
  });
  opened.push(source);
  return source;
}

describe.each(stacks)("$name", (stack) => {
  testStack(stack, { open: (options) => open(stack.name, options), fill: () => fill(stack.name) });
});

describe("schemas that lack something", () => {
  test("a mailcow before 2026 has no sender_allowed: every alias may send", async () => {
    await load("mailcow", "variant");
    await mariadb.query("USE variant; ALTER TABLE alias DROP COLUMN sender_allowed");
    const want = { "alice@example.com": "alice,bob", "rx@example.com": "alice", "random@catch.test": "erin,frank" };
    expect(await allOwners(open("mailcow", {}, "variant"), Object.keys(want))).toEqual(want);
  });

  test("a Froxlor before 2.3.0 has no allowed senders", async () => {
    await load("froxlor", "variant");
    await mariadb.query("USE variant; DROP TABLE mail_sender_aliases");
    const database = open("froxlor", {}, "variant");
    const want = { "alice@example.com": "alice", "random@catch.test": "info", "ceo@partner.test": "-" };
    expect(await allOwners(database, Object.keys(want))).toEqual(want);
    expect(await domainsOf(database)).toEqual(["catch.test", "cust2.test", "example.com"]);
  });

  test("PostfixAdmin's tables may have a prefix", async () => {
    const tables = ["mailbox", "alias", "domain", "alias_domain"];
    const names = tables.map((table) => `postfixadmin.${table} TO variant.pfa_${table}`).join(", ");
    await mariadb.query(`RENAME TABLE ${names}`);
    const want = { "sales@alias.test": "alice,bob", "random@catchalias.test": "erin" };
    expect(await allOwners(open("postfixadmin", { table_prefix: "pfa_" }, "variant"), Object.keys(want))).toEqual(want);
  });

  test("a grant to everything means that no domain is foreign", async () => {
    await mariadb.query("INSERT INTO mailcow.sender_acl (logged_in_as, send_as) VALUES ('spoof@example.com', '*')");
    const database = open("mailcow", {});
    expect(await domainsOf(database)).toBeUndefined();
    const want = { "alice+tag@example.com": "alice,spoof,bob", "x@elsewhere.test": "spoof" };
    expect(await allOwners(database, Object.keys(want))).toEqual(want);
  });
});

/** Rows enough that reading a table whole costs more than its index. */
async function fill(name: string): Promise<void> {
  const connection = await mysql.createConnection({ socketPath: mariadb.socket, user: "root", database: name });
  try {
    for (const [table, columns, values] of fillers[name] ?? []) {
      await connection.query(
        `INSERT INTO ${table} (${columns}) SELECT ${values} FROM (SELECT seq FROM seq_1_to_3000) AS n`,
      );
      await connection.query(`ANALYZE TABLE ${table}`);
    }
  } finally {
    await connection.end();
  }
}

const user = "CONCAT('filler', n.seq, '@filler.test')";
const domain = "CONCAT('filler', n.seq, '.test')";
type Filler = readonly [table: string, columns: string, values: string];

const fillers: Readonly<Record<string, readonly Filler[]>> = {
  iredmail: [
    ["domain", "domain", domain],
    ["mailbox", "username, domain", `${user}, ${domain}`],
    ["forwardings", "address, forwarding, is_alias", `${user}, ${user}, 1`],
    ["alias_domain", "alias_domain, target_domain", `CONCAT('a', ${domain}), ${domain}`],
  ],
  postfixadmin: [
    ["domain", "domain", domain],
    ["mailbox", "username, local_part, domain", `${user}, 'x', ${domain}`],
    ["alias", "address, goto, domain", `${user}, ${user}, ${domain}`],
    ["alias_domain", "alias_domain, target_domain", `CONCAT('a', ${domain}), ${domain}`],
  ],
  ispconfig: [
    ["mail_domain", "server_id, domain, active", `1, ${domain}, 'y'`],
    ["mail_user", "server_id, email, login", `1, ${user}, ${user}`],
    ["mail_forwarding", "server_id, source, destination, active", `1, ${user}, ${user}, 'y'`],
  ],
  mailcow: [
    ["domain", "domain", domain],
    ["mailbox", "username, local_part, domain", `${user}, 'x', ${domain}`],
    ["alias", "address, goto, domain", `${user}, ${user}, ${domain}`],
    ["alias_domain", "alias_domain, target_domain", `CONCAT('a', ${domain}), ${domain}`],
    ["sender_acl", "logged_in_as, send_as", `${user}, ${user}`],
  ],
  modoboa: [
    ["core_user", "id, username, email", `1000 + n.seq, ${user}, ${user}`],
    ["admin_domain", "id, name", `1000 + n.seq, ${domain}`],
    ["admin_domainalias", "name, target_id", `CONCAT('a', ${domain}), 1000 + n.seq`],
    [
      "admin_mailbox",
      "id, address, domain_id, user_id",
      "1000 + n.seq, CONCAT('filler', n.seq), 1000 + n.seq, 1000 + n.seq",
    ],
    ["admin_alias", "id, address, domain_id", `1000 + n.seq, ${user}, 1000 + n.seq`],
    ["modoboa_admin_aliasrecipient", "address, alias_id, r_mailbox_id", `${user}, 1000 + n.seq, 1000 + n.seq`],
    ["admin_senderaddress", "address, mailbox_id", `CONCAT('s', ${user}), 1000 + n.seq`],
  ],
  froxlor: [
    ["panel_customers", "customerid", "1000 + n.seq"],
    ["panel_domains", "domain, customerid, isemaildomain", `${domain}, 1000 + n.seq, 1`],
    ["mail_users", "id, email, username, customerid", `1000 + n.seq, ${user}, ${user}, 1000 + n.seq`],
    [
      "mail_virtual",
      "email, email_full, destination, customerid, popaccountid",
      `${user}, ${user}, ${user}, 1000 + n.seq, 1000 + n.seq`,
    ],
    ["mail_sender_aliases", "email, allowed_sender", `${user}, CONCAT('s', ${user})`],
  ],
  ispmail: [
    ["virtual_domains", "id, name", `1000 + n.seq, ${domain}`],
    ["virtual_users", "domain_id, email", `1000 + n.seq, ${user}`],
    ["virtual_aliases", "domain_id, source, destination", `1000 + n.seq, CONCAT('s', ${user}), ${user}`],
  ],
  leister: [
    ["domains", "domain", domain],
    ["accounts", "username, domain", `CONCAT('filler', n.seq), ${domain}`],
    [
      "aliases",
      "source_username, source_domain, destination_username, destination_domain",
      `CONCAT('s', n.seq), ${domain}, 'x', 'y'`,
    ],
  ],
  vimbadmin: [
    ["domain", "id, domain", `1000 + n.seq, ${domain}`],
    ["mailbox", "username, Domain_id", `${user}, 1000 + n.seq`],
    ["alias", "address, goto, Domain_id", `${user}, ${user}, 1000 + n.seq`],
  ],
};
