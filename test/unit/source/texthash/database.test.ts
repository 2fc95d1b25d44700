import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import * as listing from "../../../../src/model/listing.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { TexthashDatabase } from "../../../../src/source/texthash/database.ts";
import { fakeClock, fakeLog } from "../../../support/fakes/fakes.ts";

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
