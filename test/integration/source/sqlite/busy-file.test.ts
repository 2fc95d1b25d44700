/** An SQLite file that a writer holds: whoever meets it there leaves no lock behind that would keep the next writer out. */
import { join } from "node:path";
import Sqlite from "libsql";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { watchFile } from "../../../../src/source/sqlite/changes.ts";
import { makeDirectory, type TestDirectory } from "../../../support/directories.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";

let directory: TestDirectory;
let path: string;
let writer: Sqlite.Database;
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  directory = await makeDirectory("sqlite-busy");
  path = join(directory.path, "mail");
  // Without a busy timeout: a lock that was left behind is met at once.
  writer = new Sqlite(path);
  writer.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT); INSERT INTO m VALUES ('alice@example.com', 'alice')");
});

afterEach(async () => {
  vi.useRealTimers();
  for (const step of cleanUp.splice(0)) await step();
  writer.close();
  await directory.remove();
});

function open(queryTimeoutMs = 20_000): Database {
  const connection = { driver: "sqlite", path, queryTimeoutMs } as const;
  const sql = {
    address: "SELECT o FROM m WHERE a = :email",
    domains: "SELECT DISTINCT substr(a, instr(a, '@') + 1) FROM m",
    listing: "SELECT a, o, 'address' FROM m",
  };
  const source = openSource({ connection, queries: { kind: "queries", sql } });
  cleanUp.push(() => source.close());
  return source;
}

const write = () => writer.exec("UPDATE m SET o = 'bob'");

test("a lookup that gave up, and one that follows", async () => {
  const source = open(50);
  writer.exec("BEGIN EXCLUSIVE");
  await expect(ownersOf(source, "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
  writer.exec("COMMIT");
  expect(await source.hostedDomains(performance.now() + 5000)).toEqual(new Set(["example.com"]));
  write();
  expect(await ownersOf(source, "alice@example.com")).toEqual(["bob"]);
});

test("the look every few seconds, and a lookup that follows", async () => {
  const source = open();
  expect(await ownersOf(source, "alice@example.com")).toEqual(["alice"]);
  writer.exec("BEGIN EXCLUSIVE");
  await source.lookAfter();
  writer.exec("COMMIT");
  expect(await ownersOf(source, "alice@example.com")).toEqual(["alice"]);
  write();
  expect(await ownersOf(source, "alice@example.com")).toEqual(["bob"]);
});

test("the watch for changes, which tells of the change when the writer is done", () => {
  vi.useFakeTimers();
  const onHint = vi.fn();
  const watch = watchFile(path, onHint);
  cleanUp.push(() => watch.close());
  writer.exec("BEGIN EXCLUSIVE");
  vi.advanceTimersByTime(200);
  expect(onHint).not.toHaveBeenCalled();
  writer.exec("COMMIT");
  vi.advanceTimersByTime(200);
  expect(onHint).toHaveBeenCalledTimes(1);
  write();
  vi.advanceTimersByTime(200);
  expect(onHint).toHaveBeenCalledTimes(2);
  write();
});

test("a listing", async () => {
  const source = open();
  writer.exec("BEGIN EXCLUSIVE");
  const lines = source.listing?.list(new AbortController().signal);
  const first = lines?.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  writer.exec("COMMIT");
  expect((await first)?.value).toEqual([{ key: "alice@example.com", owner: "alice", kind: "address" }]);
  expect((await lines?.next())?.done).toBe(true);
  write();
});

test("a listing whose reader takes its time, whatever is written meanwhile", async () => {
  writer.exec(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO m SELECT i, 'bob' FROM n",
  );
  const source = open();
  let lines = 0;
  for await (const batch of source.listing?.list(new AbortController().signal) ?? []) {
    writer.exec("DELETE FROM m");
    lines += batch.length;
  }
  expect(lines).toBe(2001);
});

test("a listing that is left before its end", async () => {
  for await (const _ of open().listing?.list(new AbortController().signal) ?? []) break;
  write();
});
