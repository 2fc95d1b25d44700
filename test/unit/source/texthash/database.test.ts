import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import * as listing from "../../../../src/model/listing.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { TexthashDatabase } from "../../../../src/source/texthash/database.ts";
import { fakeClock, fakeLog } from "../../../support/fakes/fakes.ts";
import { Lag } from "../../../support/lag.ts";
import { waitUntil } from "../../../support/wait.ts";

vi.mock(import("../../../../src/model/listing.ts"), async (original) => {
  const module = await original();
  return { ...module, toListedLine: vi.fn(module.toListedLine) };
});

test("a listing makes no more lines than its reader takes, and gives every one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "texthash-"));
  const path = join(folder, "grants");
  const keys = Array.from({ length: 10_000 }, (_, i) => `user${i}@example.com`);
  writeFileSync(path, keys.map((key) => `${key} alice\n`).join(""));
  const deps = { clock: fakeClock(), log: fakeLog(), tally: sourceTally(), maxWaitingLookups: 1 };
  const database = new TexthashDatabase("grants", { driver: "texthash", path, isPostfixTable: false }, deps);
  try {
    const made = vi.mocked(listing.toListedLine).mock.calls;
    const taken: string[] = [];
    for await (const lines of database.listing.list(new AbortController().signal)) {
      expect(lines.length).toBeLessThanOrEqual(256);
      taken.push(...lines.map(({ key }) => key));
      expect(made).toHaveLength(taken.length);
    }
    expect(taken).toEqual(keys);
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A source in a text file, and what ends it. */
async function inTextFile<T>(text: string, work: (database: TexthashDatabase, path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "texthash-"));
  const path = join(folder, "grants");
  writeFileSync(path, text);
  const deps = { clock: fakeClock(), log: fakeLog(), tally: sourceTally(), maxWaitingLookups: 1 };
  const database = new TexthashDatabase("grants", { driver: "texthash", path, isPostfixTable: false }, deps);
  try {
    await database.lookAfter();
    return await work(database, path);
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const ownersOf = (database: TexthashDatabase, email: string) =>
  database.find([{ role: "address", key: { email, user: "", domain: "" }, derived: false }])[0];

test("a long version is read beside lookups, and takes the place of the one before as a whole", async () => {
  const lineCount = 20_000;
  await inTextFile("user0@example.com before\n", async (database, path) => {
    writeFileSync(path, Array.from({ length: lineCount }, (_, i) => `user${i}@example.com after\n`).join(""));
    const seen: string[] = [];
    await waitUntil("the version to be taken", () => {
      const [first, last] = ["user0@example.com", `user${lineCount - 1}@example.com`].map((key) =>
        ownersOf(database, key),
      );
      seen.push(`${first} ${last}`);
      return String(first) === "after";
    });
    expect(new Set(seen)).toEqual(new Set(["before ", "after after"]));
  });
});

test("reading a long version gives the event loop many turns", async () => {
  await inTextFile("user0@example.com before\n", async (database, path) => {
    const text = Array.from({ length: 20_000 }, (_, i) => `user${i}@example.com after\n`).join("");
    writeFileSync(path, text);
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    // One look to see it, one to see it the same.
    await database.lookAfter();
    await database.lookAfter();
    count();
    expect(String(ownersOf(database, "user0@example.com"))).toBe("before");
    while (String(ownersOf(database, "user0@example.com")) === "before")
      await new Promise((turn) => setImmediate(turn));
    isOver = true;
    // Half a millisecond each; a machine that is ten times as quick as this needs more than ten.
    expect(turns).toBeGreaterThan(10);
  });
});

test("a version that is followed by another while it is read never counts", async () => {
  await inTextFile("user0@example.com before\n", async (database, path) => {
    const version = (owner: string) =>
      Array.from({ length: 20_000 }, (_, i) => `user${i}@example.com ${owner}\n`).join("");
    writeFileSync(path, version("skipped"));
    await database.lookAfter();
    await database.lookAfter();
    writeFileSync(path, `${version("last")}more@example.com last\n`);
    await database.lookAfter();
    await database.lookAfter();
    const seen = new Set<string>();
    await waitUntil("the last version", () => {
      const owner = String(ownersOf(database, "user0@example.com"));
      seen.add(owner);
      return owner === "last";
    });
    expect(seen).toEqual(new Set(["before", "last"]));
  });
});

test("an edit counts within a second, in place and by rename", async () => {
  await inTextFile("a@example.com alice\n", async (database, path) => {
    const lag = new Lag();
    const edits: readonly [owner: string, edit: (text: string) => void][] = [
      ["bob", (text) => writeFileSync(path, text)],
      [
        "carol",
        (text) => {
          writeFileSync(`${path}.new`, text);
          renameSync(`${path}.new`, path);
        },
      ],
    ];
    for (const [owner, edit] of edits) {
      edit(`a@example.com ${owner}\n`);
      const editedMs = performance.now();
      await waitUntil(`${owner} to own it`, () => String(ownersOf(database, "a@example.com")) === owner);
      expect(performance.now() - editedMs).toBeLessThan(1000 + lag.allowanceMs);
    }
    lag.stop();
  });
});
