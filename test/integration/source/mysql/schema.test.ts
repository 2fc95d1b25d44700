/** What a schema may lack or have otherwise, on a real MariaDB: columns missing, not to be read, added later; U-labels. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { asksFor } from "../../../../src/lookup/keys.ts";
import { rank } from "../../../../src/lookup/ranking.ts";
import type { Database } from "../../../../src/model/source.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { openDatabase } from "../../../../src/source/open.ts";
import { mysqlConnection } from "../../../support/fakes/connections.ts";
import { type Mariadb, startMariadb } from "../../../support/servers/mariadb.ts";

let mariadb: Mariadb;
let lateMs = 0;
const opened: Database[] = [];
const logged: { level: string; columns: unknown; message: string }[] = [];
const problems: unknown[] = [];

const clock = { nowMs: () => performance.now() + lateMs };
const note = (level: string) => (fields: object, message: string) => {
  if ("problem" in fields) problems.push(fields.problem);
  if ("columns" in fields) logged.push({ level, columns: fields.columns, message });
};
const log = { debug() {}, info: note("info"), warn: note("warn"), error() {}, isDebugEnabled: () => false };

/** An account that may read what sql/mailcow/ reads, column by column as sql/grants.sql says, but for `sender_allowed`. */
const grants = `
CREATE USER narrow@localhost IDENTIFIED BY 'r';
GRANT SELECT (address, goto, domain, active) ON stack.alias TO narrow@localhost;
GRANT SELECT ON stack.mailbox TO narrow@localhost; GRANT SELECT ON stack.domain TO narrow@localhost;
GRANT SELECT ON stack.alias_domain TO narrow@localhost; GRANT SELECT ON stack.sender_acl TO narrow@localhost;`;

beforeAll(async () => {
  mariadb = await startMariadb({ databases: ["main"] });
  await mariadb.query("CREATE USER reader@localhost IDENTIFIED BY 'r'; GRANT SELECT ON *.* TO reader@localhost");
});

beforeEach(async () => {
  lateMs = 0;
  logged.length = 0;
  problems.length = 0;
  await mariadb.query("DROP DATABASE IF EXISTS stack; CREATE DATABASE stack; DROP USER IF EXISTS narrow@localhost");
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => mariadb.remove());

async function load(stack: string): Promise<void> {
  const rows = readFileSync(join(import.meta.dirname, `../../../../sql/${stack}/example.sql`), "utf8");
  await mariadb.query(`USE stack; ${rows}`);
}

function open(preset: string, user = "reader"): Database {
  const database = openDatabase(
    "mail",
    {
      connection: mysqlConnection({
        hosts: [{ kind: "unix", path: mariadb.socket }],
        user,
        password: "r",
        database: "stack",
        poolSize: 1,
      }),
      queries: { kind: "preset", preset, options: {} },
    },
    { clock, log, tally: sourceTally(), maxWaitingLookups: 100 },
  );
  opened.push(database);
  return database;
}

async function ownersOf(database: Database, address: string): Promise<string> {
  const asks = asksFor(address, database.keyForm, database.roles, {
    recipientDelimiter: "+",
    localDomains: new Set(),
  });
  const found = await database.find(asks, clock.nowMs() + 20_000);
  const { answer } = rank(asks, found, () => database, { recipientDelimiter: "", localDomains: new Set() });
  return answer.kind === "ok" ? answer.owners.text : "-";
}

async function reportOf(database: Database) {
  const reports = await database.report(clock.nowMs() + 20_000);
  return {
    errors: reports.flatMap(({ query, error }) => (error === undefined ? [] : [`${query}: ${error}`])),
    notes: reports.flatMap(({ notes = [] }) => notes),
  };
}

describe("a column that is there and may not be read", () => {
  beforeEach(async () => {
    await load("mailcow");
    await mariadb.query(grants);
  });

  test("is not taken for missing: nobody becomes the owner of an address for receiving only", async () => {
    const database = open("mailcow", "narrow");
    for (let round = 0; round < 2; round++) {
      await expect(ownersOf(database, "rx@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    }
    expect(logged).toEqual([
      { level: "warn", columns: { "alias.sender_allowed": "unreadable" }, message: "optional columns" },
    ]);
    expect(database.health().isUp).toBe(true);
  });

  test("is named by check --connect", async () => {
    const { errors, notes } = await reportOf(open("mailcow", "narrow"));
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error).toMatch(/^(address|domain): .*denied.*sender_allowed/);
    expect(notes).toEqual([expect.stringContaining("the account may not read alias.sender_allowed")]);
  });

  test("is read as soon as the grant is there", async () => {
    const database = open("mailcow", "narrow");
    await expect(ownersOf(database, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    await mariadb.query("GRANT SELECT (sender_allowed) ON stack.alias TO narrow@localhost");
    expect(await ownersOf(database, "rx@example.com")).toBe("-");
    expect((await ownersOf(database, "alice@example.com")).split(",").toSorted()).toEqual([
      "alice@example.com",
      "bob@example.com",
    ]);
  });
});

describe("a column that is not there", () => {
  beforeEach(() => load("mailcow"));

  test.each(["reader", "narrow"])("is told from one that may not be read: account %s", async (account) => {
    await mariadb.query("ALTER TABLE stack.alias DROP COLUMN sender_allowed");
    if (account === "narrow") await mariadb.query(grants);
    const database = open("mailcow", account);
    expect(await ownersOf(database, "rx@example.com")).toBe("alice@example.com");
    expect(logged).toEqual([
      { level: "info", columns: { "alias.sender_allowed": "missing" }, message: "optional columns" },
    ]);
    expect(await reportOf(database)).toEqual({
      errors: [],
      notes: [expect.stringContaining("alias.sender_allowed is not there")],
    });
  });

  test("is noticed within five minutes of being added, on a connection that stays", async () => {
    await mariadb.query("ALTER TABLE stack.alias DROP COLUMN sender_allowed");
    const database = open("mailcow");
    // Twice: the second time all queries of the lookup go as one statement.
    for (let round = 0; round < 2; round++)
      expect(await ownersOf(database, "rx@example.com")).toBe("alice@example.com");
    await mariadb.query(
      "ALTER TABLE stack.alias ADD COLUMN sender_allowed TINYINT(1) NOT NULL DEFAULT 1; UPDATE stack.alias SET sender_allowed = 0 WHERE address = 'rx@example.com'",
    );
    lateMs = 299_000;
    expect(await ownersOf(database, "rx@example.com")).toBe("alice@example.com");
    lateMs = 301_000;
    await ownersOf(database, "bob@example.com");
    for (let round = 0; round < 3; round++) expect(await ownersOf(database, "rx@example.com")).toBe("-");
    expect(logged.at(-1)).toEqual({
      level: "warn",
      columns: { "alias.sender_allowed": "there" },
      message: "the schema changed; the queries follow it",
    });
  });

  test("is noticed by the first failure when it is taken away", async () => {
    const database = open("mailcow");
    for (let round = 0; round < 2; round++) expect(await ownersOf(database, "rx@example.com")).toBe("-");
    await mariadb.query("ALTER TABLE stack.alias DROP COLUMN sender_allowed");
    lateMs = 6000;
    await expect(ownersOf(database, "rx@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    await ownersOf(database, "bob@example.com").catch(() => {});
    for (let round = 0; round < 3; round++)
      expect(await ownersOf(database, "rx@example.com")).toBe("alice@example.com");
  });
});

test("a table of which nothing may be read grants nothing, and check --connect says so", async () => {
  await load("froxlor");
  const tables = ["mail_users", "mail_virtual", "panel_customers", "panel_domains"];
  await mariadb.query(
    [
      "CREATE USER narrow@localhost IDENTIFIED BY 'r'",
      ...tables.map((table) => `GRANT SELECT ON stack.${table} TO narrow@localhost`),
    ].join(";"),
  );
  const database = open("froxlor", "narrow");
  expect(await ownersOf(database, "ceo@partner.test")).toBe("-");
  expect(await ownersOf(database, "alice@example.com")).toBe("alice@example.com");
  expect(await reportOf(database)).toEqual({
    errors: [],
    notes: [
      expect.stringMatching(/^mail_sender_aliases\.allowed_sender is not there, or the account may read nothing/),
    ],
  });
});

describe("domains that are written as U-labels", () => {
  test("are named by check --connect and by the reading of the domains", async () => {
    await load("mailcow");
    await mariadb.query("INSERT INTO stack.domain (domain, active) VALUES ('münchen.example', 1)");
    const database = open("mailcow");
    const problem =
      "1 domain is not written as A-label (xn--…), so nobody owns an address there: write münchen.example as xn--mnchen-3ya.example";
    expect((await reportOf(database)).notes).toEqual([problem]);
    await database.hostedDomains(clock.nowMs() + 20_000);
    expect(problems).toEqual([problem]);
  });
});
