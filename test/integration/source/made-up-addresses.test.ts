/** Addresses that a sender makes up push no owner out of the cache, whichever query answers them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CachedSource } from "../../../src/cache/cached-source.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import type { SourceSettings } from "../../../src/model/settings.ts";
import type { Database } from "../../../src/model/source.ts";
import { cacheTally } from "../../../src/model/tally.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { openSource } from "../../support/fakes/open-source.ts";

const mailboxes = 1000;
const variants = 1500;

let directory: TestDirectory;
let database: Database | undefined;

beforeAll(async () => {
  directory = await makeDirectory("made-up");
  const file = new Sqlite(join(directory.path, "db"));
  file.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT); INSERT INTO m VALUES ('@example.com', 'boss@example.com')");
  const rows = Array.from({ length: mailboxes }, (_, i) => `('user${i}@example.com', 'user${i}@example.com')`);
  file.exec(`INSERT INTO m VALUES ${rows.join()}`);
  file.close();
});

afterEach(() => database?.close());
afterAll(() => directory.remove());

function table(query: string): SourceSettings {
  const file = join(directory.path, "senders.cf");
  writeFileSync(file, `dbpath = ${join(directory.path, "db")}\nquery = ${query}\n`);
  const overrides = { poolSize: 1, connectTimeoutMs: 1000, queryTimeoutMs: 10_000 };
  return { connection: undefined, queries: { kind: "postfix_cf", file: `sqlite:${file}`, overrides } };
}

function queries(address: string): SourceSettings {
  const connection = { driver: "sqlite", path: join(directory.path, "db"), queryTimeoutMs: 10_000 } as const;
  return { connection, queries: { kind: "queries", sql: { address } } };
}

test.each<[string, () => SourceSettings]>([
  ["a table file with OR '@%d'", () => table("SELECT o FROM m WHERE a = '%s' OR a = '@%d' ORDER BY a DESC LIMIT 1")],
  ["a table file that is asked for @domain by itself", () => table("SELECT o FROM m WHERE a = '%s'")],
  ["a table file with a UNION", () => table("SELECT o FROM m WHERE a = '%s' UNION SELECT o FROM m WHERE a = '@%d'")],
  ["a query of our own with a pattern", () => queries("SELECT o FROM m WHERE :email LIKE '%' || a OR a = :email")],
])("%s", async (_what, settings) => {
  database = openSource(settings());
  const resolver = new Resolver(database, { recipientDelimiter: "+", localDomains: new Set() });
  const rules = {
    maxEntries: mailboxes,
    maxNegativeEntries: 100,
    ttlMs: 3_600_000,
    negativeTtlMs: 3_600_000,
    staleIfErrorMs: 0,
    refreshTimeoutMs: 10_000,
    recipientDelimiter: "+",
  };
  const clock = { nowMs: () => performance.now() };
  const cache = new CachedSource(rules, { source: resolver, clock, tally: cacheTally() });
  const ask = async (key: string) => {
    const answer = await cache.ownersOf(key, performance.now() + 60_000);
    return answer.kind === "ok" ? answer.owners.text : "";
  };
  for (let i = 0; i < mailboxes; i++) expect(await ask(`user${i}@example.com`)).toContain(`user${i}@example.com`);
  for (let i = 0; i < variants; i++) expect(await ask(`made-up-${i}@example.com`)).toContain("boss@example.com");
  const pushedOut = Array.from({ length: mailboxes }, (_, i) => `user${i}@example.com`).filter(
    (key) => cache.stateOf(key).state !== "hit",
  );
  expect(pushedOut).toEqual([]);
});
