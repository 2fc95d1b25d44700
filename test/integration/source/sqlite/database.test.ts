/** SQLite: the preset for Mail-in-a-Box, and sqlite_table(5) files against Postfix itself. */
import { readFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { QuerySettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import type { PresetOptions } from "../../../../src/source/presets/preset.ts";
import { makeDirectory, type TestDirectory } from "../../../support/directories.ts";
import { answerTo, domainsOf, openSource, ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { makePostfixHome, type PostfixHome } from "../../../support/servers/postfix.ts";
import { postmapAll } from "../../../support/servers/postmap-all.ts";

let directory: TestDirectory;
let postfix: PostfixHome;
let file: string;
const opened: Database[] = [];

beforeAll(async () => {
  directory = await makeDirectory("sqlite");
  file = join(directory.path, "users.sqlite");
  const database = new Sqlite(file);
  database.exec(readFileSync(join(import.meta.dirname, "../../../../sql/mailinabox/example.sql"), "utf8"));
  database.close();
  await chmod(file, 0o644);
  postfix = await makePostfixHome();
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  await postfix.remove();
  await directory.remove();
});

/** Opens a source as the daemon does; closed after the test. */
function open(queries: QuerySettings): Database {
  const connection = { driver: "sqlite", path: file, queryTimeoutMs: 5000 } as const;
  const database = openSource({ connection: queries.kind === "postfix_cf" ? undefined : connection, queries });
  opened.push(database);
  return database;
}

function openPreset(options: PresetOptions): Database {
  return open({ kind: "preset", preset: "mailinabox", options });
}

function openTable(table: string): Database {
  const overrides = { poolSize: 1, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };
  return open({ kind: "postfix_cf", file: table, overrides });
}

function shortened(login: string): string {
  return login.replace(/@(?:example\.com|catch\.test)$/, "");
}

describe("mailinabox", () => {
  test.each([
    [
      {},
      {
        "alice@example.com": "alice",
        "alice+tag@example.com": "alice",
        "bob@example.com": "bob,alice",
        "sales@example.com": "alice,bob",
        "ps@example.com": "bob",
        "so@example.com": "alice",
        "nobody@example.com": "-",
        "carol@example.com": "alice",
        "x@catch.test": "erin",
        "erin@catch.test": "erin",
        "alice@alias.test": "alice",
        "bob@alias.test": "bob,alice",
        "ps@alias.test": "bob",
        "carol@alias.test": "alice",
        "x@alias.test": "-",
        "postmaster@example.com": "-",
        "_lice@example.com": "-",
        "al'ice@example.com": "-",
      },
    ],
    [
      { include_alias: false, include_catchall: false, include_alias_domain: false },
      {
        "bob@example.com": "bob",
        "sales@example.com": "-",
        "carol@example.com": "-",
        "x@catch.test": "-",
        "alice@alias.test": "-",
      },
    ],
    [
      { extra_owners: ["boss@example.com"] },
      { "alice@example.com": "alice,boss", "x@example.com": "boss", "x@alias.test": "boss", "x@elsewhere.test": "-" },
    ],
  ])("with %j owns what it should", async (options, want) => {
    const database = openPreset(options);
    const found: Record<string, string> = {};
    for (const address of Object.keys(want)) {
      found[address] = (await ownersOf(database, address)).map(shortened).join(",") || "-";
    }
    expect(found).toEqual(want);
  });

  test("lists every domain in which somebody owns an address", async () => {
    expect(await domainsOf(openPreset({}))).toEqual(["alias.test", "catch.test", "example.com"]);
  });

  test("check --connect names domains that are written as U-labels", async () => {
    const database = new Sqlite(file);
    database.exec("INSERT INTO aliases (source, destination) VALUES ('@münchen.example', 'alice@example.com')");
    const reports = await openPreset({}).report(performance.now() + 5000);
    database.exec("DELETE FROM aliases WHERE source = '@münchen.example'");
    database.close();
    expect(reports.flatMap(({ query, notes = [] }) => notes.map((note) => [query, note]))).toEqual([
      ["domains", expect.stringContaining("write münchen.example as xn--mnchen-3ya.example")],
    ]);
  });

  test("finds its rows by an index; only extra_owners has to read the users, who have no column for their domain", async () => {
    expect(await scansOf(openPreset({}))).toEqual({});
    expect(await scansOf(openPreset({ extra_owners: ["boss"] }))).toEqual({ grant: ["users"] });
  });
});

describe("sqlite_table(5): the same keys get the same answers", () => {
  const keys = [
    "alice@example.com",
    "bob@example.com",
    "sales@example.com",
    "ps@example.com",
    "so@example.com",
    "nobody@example.com",
    "carol@example.com",
    "@catch.test",
    "@alias.test",
    "@example.com",
    "erin@catch.test",
    "alice",
    "o'brien@example.com",
    "a\\b@example.com",
    "%@example.com",
    "ü@example.com",
  ];

  test.each([
    "query = SELECT email FROM users WHERE email='%s'",
    "query = SELECT destination, source FROM aliases WHERE source='%s'",
    "query = SELECT destination FROM aliases WHERE source='@%d'",
    "query = SELECT '%u', 'x' FROM users WHERE email='%u@%d'",
    "query = SELECT '<' || '%s' || '>\\n'''",
    "query = SELECT email FROM users WHERE email LIKE '%%@%d' ORDER BY email",
    "query = SELECT \"email\", [email] FROM `users` WHERE email='%s'; SELECT 'ignored'",
    "query = SELECT 1, 2.5, NULL",
    "query = SELECT permitted_senders FROM (SELECT permitted_senders, 0 AS priority FROM aliases WHERE source='%s' AND permitted_senders IS NOT NULL UNION SELECT destination AS permitted_senders, 1 AS priority FROM aliases WHERE source='%s' AND permitted_senders IS NULL UNION SELECT email AS permitted_senders, 2 AS priority FROM users WHERE email='%s') ORDER BY priority LIMIT 1;",
    "query = SELECT email FROM users WHERE email='%s'\nresult_format = %u %D",
    "query = SELECT email FROM users WHERE email='%s'\ndomain = example.com",
    "table = users\nselect_field = email\nwhere_field = email\nadditional_conditions = AND email LIKE '%%@example.com'",
    "query = SELECT email FROM users LIMIT 2\nexpansion_limit = 2",
  ])("%s", async (lines) => {
    const table = await postfix.writeTable("table.cf", `dbpath = ${file}\n${lines}\n`);
    const database = openTable(table);
    const found: Record<string, string> = {};
    for (const key of keys) {
      const answer = await answerTo(database, key);
      if (answer !== undefined) found[key] = answer;
    }
    expect(found).toEqual(await postmapAll(postfix, `sqlite:${table}`, keys));
  });

  test("more cells than expansion_limit are no answer", async () => {
    const table = await postfix.writeTable(
      "limit.cf",
      `dbpath = ${file}\nquery = SELECT email FROM users\nexpansion_limit = 2\n`,
    );
    expect((await postfix.postmap(`sqlite:${table}`, "x")).kind).toBe("failed");
    await expect(async () => answerTo(openTable(table), "x")).rejects.toMatchObject({ code: "ERR_SOURCE_RESULT" });
  });
});
