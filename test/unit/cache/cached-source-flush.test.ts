/** What a flush forgets, and what it does to lookups under way. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { AnswerStore } from "../../../src/cache/store.ts";
import { absent } from "../../../src/model/reply.ts";
import { CacheBench, owned } from "./support.ts";

let bench: CacheBench;

beforeEach(() => {
  bench = new CacheBench();
});

describe("flush", () => {
  beforeEach(async () => {
    await bench.learn("alice@x", owned("Alice"));
    await bench.learn("alice+tag@x", owned("alice", true));
    await bench.learn('"alice+q"@x', owned("alice", true));
    await bench.learn("bob@x", owned("bob"));
    await bench.learn("bob@y", owned("bob"));
    await bench.learn("nobody@xn--exmple-cua.com", absent);
  });

  test.each([
    [{ kind: "address", address: "Alice@X" } as const, 3],
    [{ kind: "address", address: "alice+tag@x" } as const, 1],
    [{ kind: "addresses", addresses: ["alice@x", "bob@y", "carol@x"] } as const, 4],
    [{ kind: "addresses", addresses: [] } as const, 0],
    [{ kind: "domain", domain: "X" } as const, 4],
    [{ kind: "domain", domain: "@exämple.com" } as const, 1],
    [{ kind: "login", login: "ALICE" } as const, 3],
    [{ kind: "login", login: "nobody" } as const, 0],
    [{ kind: "all" } as const, 6],
  ])("%j forgets %i entries", (selector, count) => {
    expect(bench.cache.flush(selector)).toBe(count);
    const { positive, negative } = bench.cache.sizes();
    expect(positive + negative).toBe(6 - count);
    expect(bench.tally.flushed).toBe(count);
  });

  test("of domains has all that is below them asked for again, and looks for nothing", () => {
    expect(bench.cache.flush({ kind: "domains", domains: ["x"] })).toBe(0);
    const states = ["alice@x", "alice+tag@x", "bob@x", "bob@y"].map((key) => bench.cache.stateOf(key).state);
    expect(states).toEqual(["miss", "miss", "miss", "hit"]);
  });

  test("the flush of addresses looks at no entry but theirs", async () => {
    const entries = vi.spyOn(AnswerStore.prototype, "entries");
    expect(bench.cache.flush({ kind: "addresses", addresses: ["alice@x"] })).toBe(3);
    expect(bench.cache.flush({ kind: "address", address: "bob@x" })).toBe(1);
    expect(entries).not.toHaveBeenCalled();
    entries.mockRestore();
  });

  test("what was evicted or replaced is found by its address no more, what came back is", async () => {
    await bench.learn("alice+tag@x", owned("alice"));
    await bench.learn("alice+tag@x", absent);
    expect(bench.cache.flush({ kind: "address", address: "alice@x" })).toBe(3);
    await bench.learn("alice+tag@x", owned("alice", true));
    expect(bench.cache.flush({ kind: "address", address: "alice@x" })).toBe(1);
    expect(bench.cache.flush({ kind: "address", address: "alice@x" })).toBe(0);
  });

  test.each([
    [{ kind: "address", address: "carol@x" } as const],
    [{ kind: "addresses", addresses: ["carol@x"] } as const],
    [{ kind: "domain", domain: "x" } as const],
    [{ kind: "login", login: "carol" } as const],
  ])("%j voids the lookups under way that may be meant, and no others", async (selector) => {
    const tagged = bench.cache.ownersOf("carol+tag@x", 0);
    const other = bench.cache.ownersOf("dave@y", 0);
    bench.cache.flush(selector);
    await bench.source.settle(owned("carol", true));
    await bench.source.settle(owned("dave"));
    await Promise.all([tagged, other]);
    expect(bench.cache.stateOf("carol+tag@x").state).toBe("miss");
    // What a lookup brings cannot be told from its key.
    expect(bench.cache.stateOf("dave@y").state).toBe(selector.kind === "login" ? "miss" : "hit");
  });

  test("a lookup that was voided does not end the one that follows it", async () => {
    const before = bench.cache.ownersOf("carol@x", 0);
    bench.cache.flush({ kind: "address", address: "carol@x" });
    const after = bench.cache.ownersOf("carol@x", 0);
    await bench.source.settle(owned("old"));
    const joined = bench.cache.ownersOf("carol@x", 0);
    await bench.source.settle(owned("new"));
    expect(await Promise.all([before, after, joined])).toEqual([owned("old"), owned("new"), owned("new")]);
    expect(bench.source.asked.filter((key) => key === "carol@x")).toHaveLength(2);
    expect(bench.cache.ownersOf("carol@x", 0)).toEqual(owned("new"));
  });

  test("an answer that was asked for before a flush is told but not stored, and nobody joins it after", async () => {
    const before = bench.cache.ownersOf("carol@x", 0);
    bench.cache.flush({ kind: "all" });
    const after = bench.cache.ownersOf("carol@x", 0);
    await bench.source.settle(owned("old"));
    await expect(before).resolves.toMatchObject({ owners: { text: "old" } });
    expect(bench.cache.stateOf("carol@x")).toEqual({ state: "miss" });
    await bench.source.settle(owned("new"));
    await expect(after).resolves.toMatchObject({ owners: { text: "new" } });
    expect(bench.cache.ownersOf("carol@x", 0)).toMatchObject({ owners: { text: "new" } });
  });
});
