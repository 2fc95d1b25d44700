/** An SQLite file that is replaced, overwritten or held by a writer while a source has it open. */
import { copyFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import type { ArmSet } from "../../../../src/source/sql/arm.ts";
import { FileKeeper } from "../../../../src/source/sqlite/open-file.ts";
import { makeDirectory, type TestDirectory } from "../../../support/directories.ts";
import { fakeClock } from "../../../support/fakes/fakes.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { buildNightlyFile } from "../../../support/nightly-file.ts";
import { run } from "../../../support/servers/processes.ts";
import { waitUntil } from "../../../support/wait.ts";

let directory: TestDirectory;
let database: Database;
const place = (name: string) => join(directory.path, name);

beforeEach(async () => {
  directory = await makeDirectory("sqlite-changed");
  buildNightlyFile(place("live"), "old");
  buildNightlyFile(place("next"), "new");
  database = open();
});

afterEach(async () => {
  await database.close();
  await directory.remove();
});

function open(maxWaitingLookups?: number): Database {
  const queries = { kind: "queries", sql: { address: "SELECT o FROM m WHERE a = :email" } } as const;
  const connection = { driver: "sqlite", path: place("live"), queryTimeoutMs: 20_000 } as const;
  return openSource({ connection, queries }, maxWaitingLookups);
}

const ownersIn = async (source: Database) => {
  const found = await Promise.all([7, 1000, 1999].map((i) => ownersOf(source, `u${i}@example.com`)));
  return found.flat().join();
};

const old = "old7,old1000,old1999";
const fresh = "new7,new1000,new1999";

/** What of the file SQLite itself compares: its size, and the change counter at byte 24. */
const isAlike = () => statSync(place("live")).size === statSync(place("next")).size;

describe("a file that changed", () => {
  test.each([
    ["overwritten in place by one that SQLite takes for the same", () => copyFileSync(place("next"), place("live"))],
    ["overwritten, and its modification time set back", () => overwriteUnseen()],
    ["replaced by rename", () => renameSync(place("next"), place("live"))],
  ])("%s answers for itself soon, without a flush", async (_how, change) => {
    expect(isAlike()).toBe(true);
    expect(await ownersIn(database)).toBe(old);
    await change();
    await waitUntil("the answers of the new file", async () => (await ownersIn(database)) === fresh);
  });

  test("answers for itself at once after a flush", async () => {
    expect(await ownersIn(database)).toBe(old);
    copyFileSync(place("next"), place("live"));
    database.renew?.();
    expect(await ownersIn(database)).toBe(fresh);
  });

  test("that a writer has left in its write-ahead log only is read whole", async () => {
    const writer = new Sqlite(place("live"));
    writer.exec("PRAGMA journal_mode = WAL");
    expect(await ownersIn(database)).toBe(old);
    writer.exec("UPDATE m SET o = replace(o, 'old', 'new')");
    expect(await ownersIn(database)).toBe(fresh);
    writer.close();
  });
});

async function overwriteUnseen(): Promise<void> {
  await run("touch", ["-r", place("live"), place("stamp")]);
  copyFileSync(place("next"), place("live"));
  await run("touch", ["-r", place("stamp"), place("live")]);
}

test("a write-ahead log that changed makes another file of it: it may have been copied over too", () => {
  const writer = new Sqlite(place("live"));
  writer.exec("PRAGMA journal_mode = WAL");
  const clock = fakeClock();
  const arms: ArmSet = { keyForm: "roles", roles: {} };
  const keeper = new FileKeeper(place("live"), { optionalColumns: [], arms: () => arms }, clock);
  const first = keeper.current();
  clock.advance(1000);
  expect(keeper.current() === first).toBe(true);
  writer.exec("UPDATE m SET o = 'other'");
  clock.advance(1000);
  expect(keeper.current() === first).toBe(false);
  keeper.close();
  writer.close();
});

describe("while a writer holds the file", () => {
  let writer: Sqlite.Database;

  beforeEach(() => {
    writer = new Sqlite(place("live"));
    writer.exec("BEGIN EXCLUSIVE");
  });

  afterEach(() => writer.close());

  test("lookups wait, and are answered in the order in which they came", async () => {
    const ended: number[] = [];
    const lookups = [7, 8, 9].map(async (i) => {
      const owners = await ownersOf(database, `u${i}@example.com`);
      ended.push(i);
      return owners;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ended).toEqual([]);
    writer.exec("ROLLBACK");
    expect((await Promise.all(lookups)).flat()).toEqual(["old7", "old8", "old9"]);
    expect(ended).toEqual([7, 8, 9]);
  });

  test("no more wait than may", async () => {
    const small = open(2);
    const lookups = [7, 8, 9].map((i) => ownersOf(small, `u${i}@example.com`));
    await expect(lookups[2]).rejects.toMatchObject({ code: "ERR_SOURCE_OVERLOAD" });
    writer.exec("ROLLBACK");
    expect((await Promise.all(lookups.slice(0, 2))).flat()).toEqual(["old7", "old8"]);
    await small.close();
  });

  test("a source that closes lets those who wait end", async () => {
    const lookup = ownersOf(database, "u7@example.com");
    const closed = database.close();
    writer.exec("ROLLBACK");
    expect(await lookup).toEqual(["old7"]);
    await closed;
    expect(() => database.find([], 0)).toThrow("being closed");
  });
});

test("is opened for reading only: what the account of the daemon may write stays as it is", async () => {
  writeFileSync(place("write.cf"), `dbpath = ${place("live")}\nquery = DELETE FROM m WHERE a = '%s' RETURNING o\n`);
  const overrides = { poolSize: 1, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };
  const queries = { kind: "postfix_cf", file: place("write.cf"), overrides } as const;
  const writing = openSource({ connection: undefined, queries });
  await expect(ownersOf(writing, "u7@example.com")).rejects.toMatchObject({ name: "SourceError" });
  await writing.close();
  expect(await ownersIn(database)).toBe(old);
});
