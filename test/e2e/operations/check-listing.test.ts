/** What `check --connect` says of following: every source has a line, also one that is not followed. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { loginmapd } from "../../support/servers/daemon.ts";

let directory: TestDirectory;

beforeAll(async () => {
  directory = await makeDirectory("check-listing");
  const database = new Sqlite(join(directory.path, "mail.sqlite"));
  database.exec(
    "CREATE TABLE t (a TEXT PRIMARY KEY, o TEXT); INSERT INTO t VALUES ('a@x.test', 'a'), ('b@x.test', 'b')",
  );
  database.close();
  await writeFile(
    join(directory.path, "senders.cf"),
    `dbpath = ${join(directory.path, "mail.sqlite")}\nquery = SELECT o FROM t WHERE a = '%s'\n`,
  );
});

afterAll(() => directory.remove());

const address = "SELECT o FROM t WHERE a = :email";
const listing = "SELECT a, o FROM t";
const inOwnWords = (keys: object) => ({ driver: "sqlite", path: join(directory.path, "mail.sqlite"), ...keys });

async function check(source: object): Promise<{ code: number | null; lines: string[] }> {
  const file = join(directory.path, "loginmapd.yaml");
  const listeners = [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }];
  await writeFile(file, stringify({ listeners, maps: { senders: { source: "mail" } }, sources: { mail: source } }));
  const { code, stdout } = await loginmapd(["check", "--connect", "-c", file]);
  const [, report = ""] = stdout.split("\nsource mail:\n");
  return { code, lines: report.split("\n").filter((line) => /^ {2}(?:listing|changes)/.test(line)) };
}

test("what a listing takes, and by what a change is seen", async () => {
  const { code, lines } = await check(inOwnWords({ queries: { address, listing } }));
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}listing {2}ok, 2 lines in \d+\.\d\d s$/),
    "  changes  ok, seen at once by data_version",
  ]);
  expect(code).toBe(0);
});

test("with listing_interval: off no change is seen, and it says so", async () => {
  const { code, lines } = await check(inOwnWords({ queries: { address, listing }, listing_interval: "off" }));
  expect(lines[1]).toBe(
    "  changes  NOTE not followed: listing_interval is off; switched on, they are seen at once by data_version",
  );
  expect(code).toBe(0);
});

test("a listing that fails is no error where nothing is listed", async () => {
  const broken = { queries: { address, listing: "SELECT a, o, json(a) FROM t" } };
  const followed = await check(inOwnWords(broken));
  expect(followed.lines).toEqual([expect.stringMatching(/^ {2}listing {2}ERROR /)]);
  expect(followed.code).toBe(78);
  const off = await check(inOwnWords({ ...broken, listing_interval: "off" }));
  expect(off.lines).toEqual([
    expect.stringMatching(/^ {2}listing {2}NOTE .*\(not followed: listing_interval is off\)$/),
  ]);
  expect(off.code).toBe(0);
});

test("a source that cannot be listed is not followed, and it says what is needed", async () => {
  const queries = await check(inOwnWords({ queries: { address } }));
  expect(queries.lines).toEqual(["  listing  NOTE not followed: it cannot be listed without queries.listing"]);
  const table = await check({ postfix_cf: `sqlite:${join(directory.path, "senders.cf")}` });
  expect(table.lines).toEqual([
    "  listing  NOTE not followed: a table file cannot be listed: give a preset, or queries or filters with a listing",
  ]);
  expect([queries.code, table.code]).toEqual([0, 0]);
});
