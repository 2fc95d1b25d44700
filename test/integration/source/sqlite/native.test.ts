/** The demo database: the native preset on SQLite, and what becomes of a file that is missing, replaced or locked. */
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { createDemoDatabase } from "../../../../src/source/sqlite/demo.ts";
import { domainsOf, openSource, ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { injections } from "../../../support/injections.ts";
import { waitUntil } from "../../../support/wait.ts";

let file: string;
let source: Database;

beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), "loginmapd-sqlite-")), "demo.sqlite");
  createDemoDatabase(file);
  source = open(file);
});

afterEach(() => source.close());

function open(path: string, queryTimeoutMs = 3000): Database {
  return openSource({
    connection: { driver: "sqlite", path, queryTimeoutMs },
    queries: { kind: "preset", preset: "native", options: {} },
  });
}

describe("the demo", () => {
  test.each([
    ["alice@example.com", ["alice@example.com"]],
    ["ALICE@Example.com", ["alice@example.com"]],
    ["sales+spring@example.com", ["alice@example.com", "bob@example.com"]],
    ["anything@catch.example", ["erin@catch.example"]],
    ["newsletter@partner.example", ["bob@example.com"]],
    ["dave@example.com", []],
    ["frank@example.net", []],
    ["nobody@example.com", []],
    ["' OR '1'='1@example.com", []],
    ["%@example.com", []],
    ["_lice@example.com", []],
  ])("%s is owned by %j", async (address, owners) => {
    expect(await ownersOf(source, address)).toEqual(owners);
  });

  test("what looks like SQL or a pattern is only a key", async () => {
    for (const key of injections) expect(await ownersOf(source, key), key).toEqual([]);
    expect(await ownersOf(source, "alice@example.com")).toEqual(["alice@example.com"]);
  });

  test("knows its domains, those of grants included", async () => {
    expect(await domainsOf(source)).toEqual(["catch.example", "example.com", "partner.example"]);
  });

  test("has no foreign domain while somebody may send as anything", async () => {
    const database = new Sqlite(file);
    database.exec("INSERT INTO send_as_grants (domain, localpart, login) VALUES ('*', '', 'bob@example.com')");
    database.close();
    expect(await domainsOf(source)).toBeUndefined();
  });

  test.each(["münchen.example", "日本.example"])("refuses the domain %s, which nobody would find", (domain) => {
    const database = new Sqlite(file);
    const add = (table: string, columns: string, values: string) =>
      database.exec(`INSERT INTO ${table} (${columns}) VALUES (${values})`);
    expect(() => add("domains", "domain", `'${domain}'`)).toThrow("domains_a_label");
    const grant = () => add("send_as_grants", "domain, login", `'${domain}', 'bob@example.com'`);
    expect(grant).toThrow("send_as_grants_a_label");
    add("domains", "domain", "'xn--mnchen-3ya.example'");
    database.close();
  });

  test("asks by index only", async () => {
    expect(await scansOf(source)).toEqual({});
  });

  test("is left as it is when it is there already", async () => {
    const database = new Sqlite(file);
    database.exec("DELETE FROM addresses");
    database.close();
    createDemoDatabase(file);
    expect(await ownersOf(source, "alice@example.com")).toEqual([]);
  });
});

describe("an SQLite file", () => {
  test("that is missing is a source that is down, until it is there", async () => {
    await source.close();
    source = open(`${file}.other`);
    await expect(ownersOf(source, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(source.health()).toMatchObject({ isUp: false, hosts: [{ isUp: false }] });
    createDemoDatabase(`${file}.other`);
    expect(await ownersOf(source, "alice@example.com")).toEqual(["alice@example.com"]);
    expect(source.health().isUp).toBe(true);
  });

  test("that is no database is a source that is down", async () => {
    await source.close();
    await writeFile(`${file}.text`, "this is no database, however long the text is that stands in it".repeat(50));
    source = open(`${file}.text`);
    await expect(ownersOf(source, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  });

  test("that another one has replaced is read anew", async () => {
    expect(await ownersOf(source, "alice@example.com")).toEqual(["alice@example.com"]);
    createDemoDatabase(`${file}.next`);
    const next = new Sqlite(`${file}.next`);
    next.exec("DELETE FROM addresses WHERE localpart = 'alice'");
    next.close();
    await rename(`${file}.next`, file);
    await waitUntil("the other file", async () => (await ownersOf(source, "alice@example.com")).length === 0);
  });

  test("that lost a table fails as SQL does: the source is up", async () => {
    await ownersOf(source, "alice@example.com");
    const database = new Sqlite(file);
    database.exec("DROP TABLE send_as_grants");
    database.close();
    await expect(ownersOf(source, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    expect(source.health().isUp).toBe(true);
    const reports = await source.report(performance.now() + 5000);
    expect(reports.find(({ query }) => query === "grant")?.error).toMatch(/send_as_grants/);
  });

  test("that a writer holds is waited for, and no longer than query_timeout", async () => {
    const writer = new Sqlite(file);
    writer.exec("BEGIN EXCLUSIVE");
    await source.close();
    source = open(file, 100);
    await expect(ownersOf(source, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
    await source.close();
    source = open(file, 10_000);
    const waiting = ownersOf(source, "alice@example.com");
    writer.exec("COMMIT");
    writer.close();
    expect(await waiting).toEqual(["alice@example.com"]);
  });

  test("answers nothing once it is closed", async () => {
    await source.close();
    await expect(ownersOf(source, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_CLOSED" });
    await rm(file);
  });
});
