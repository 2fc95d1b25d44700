/** Answers from memory and from the source: hits, misses, what is kept and for how long, snapshots. */
import { beforeEach, describe, expect, test } from "vitest";
import { CachedSource } from "../../../src/cache/cached-source.ts";
import { absent, Found, foreign } from "../../../src/model/reply.ts";
import { CacheBench, down, owned, rules } from "./support.ts";

let bench: CacheBench;

beforeEach(() => {
  bench = new CacheBench();
});

describe("a hit", () => {
  test("is answered at once, with the very answer that was stored", async () => {
    const answer = owned("alice");
    await bench.learn("alice@x", answer);
    expect(bench.cache.ownersOf("alice@x", 0)).toBe(answer);
    expect(bench.tally.requests).toMatchObject({ miss: 1, hit: 1 });
  });

  test("of a non-owner is counted apart", async () => {
    await bench.learn("nobody@x", absent);
    expect(bench.cache.ownersOf("nobody@x", 0)).toBe(absent);
    expect(bench.tally.requests).toMatchObject({ miss: 1, negative_hit: 1 });
  });

  test("ends with the lifetime of its kind", async () => {
    await bench.learn("alice@x", owned("alice"));
    await bench.learn("nobody@x", absent);
    bench.clock.advance(30_000);
    expect(bench.cache.ownersOf("nobody@x", 0)).toBeInstanceOf(Promise);
    expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Found);
    bench.clock.advance(30_000);
    expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
  });

  test("ends up to a tenth of the lifetime earlier, so that entries do not expire together", async () => {
    const jittered = new CachedSource(rules, { ...bench.parts, random: () => 0.5 });
    await bench.learn("alice@x", owned("alice"), jittered);
    bench.clock.advance(56_999);
    expect(jittered.stateOf("alice@x").state).toBe("hit");
    bench.clock.advance(1);
    expect(jittered.stateOf("alice@x").state).toBe("expired");
  });
});

describe("a key longer than any address", () => {
  test("is answered, and takes no memory", async () => {
    const longest = `${"a".repeat(64)}@${"b".repeat(255)}`;
    await bench.learn(longest, owned("alice"));
    await bench.learn(`${longest}b`, owned("alice"));
    await bench.learn("a".repeat(9_900), absent);
    expect(bench.cache.sizes()).toEqual({ positive: 1, negative: 0 });
    expect(bench.cache.stateOf(longest).state).toBe("hit");
    bench.cache.restore([{ key: `${longest}b`, answer: absent, ageMs: 0 }]);
    expect(bench.cache.sizes().negative).toBe(0);
  });
});

describe("a miss", () => {
  test("makes one query for a hundred lookups at once", async () => {
    const lookups = Array.from({ length: 100 }, () => bench.cache.ownersOf("alice@x", 0));
    const answer = owned("alice");
    await bench.source.settle(answer);
    expect(await Promise.all(lookups)).toEqual(Array(100).fill(answer));
    expect(bench.source.asked).toEqual(["alice@x"]);
    expect(bench.tally.requests).toMatchObject({ miss: 1, coalesced: 99 });
  });

  test("that fails is told to everybody who waits, and not stored", async () => {
    const first = bench.cache.ownersOf("alice@x", 0);
    const second = bench.cache.ownersOf("alice@x", 0);
    const told = [expect(first).rejects.toBe(down), expect(second).rejects.toBe(down)];
    await bench.source.settle(down);
    await Promise.all(told);
    expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
    expect(bench.source.asked).toHaveLength(2);
  });

  test("of a source that answers at once is answered at once and stored", () => {
    const asked: string[] = [];
    const direct = new CachedSource(rules, {
      source: {
        ownersOf: (key) => {
          asked.push(key);
          return key.endsWith("@elsewhere") ? foreign : owned("alice");
        },
      },
      clock: bench.clock,
      tally: bench.tally,
    });
    expect(direct.ownersOf("alice@x", 0)).toBe(direct.ownersOf("alice@x", 0));
    expect(asked).toEqual(["alice@x"]);
    expect(direct.ownersOf("bob@elsewhere", 0)).toBe(foreign);
    expect(direct.sizes()).toEqual({ positive: 1, negative: 0 });
    expect(bench.tally.requests).toMatchObject({ miss: 1, hit: 1, foreign_domain: 1 });
  });

  test("of a source that fails at once fails at once", () => {
    const failing = new CachedSource(rules, {
      source: {
        ownersOf: () => {
          throw down;
        },
      },
      clock: bench.clock,
      tally: bench.tally,
    });
    expect(() => failing.ownersOf("alice@x", 0)).toThrow(down);
    expect(bench.tally.requests.miss).toBe(1);
  });
});

describe("what strangers make up", () => {
  test("does not push out owners: tags, catch-alls and non-owners are kept apart", async () => {
    for (let i = 0; i < 16; i++) await bench.learn(`owner${i}@x`, owned("o"));
    for (let i = 0; i < 100; i++) {
      await bench.learn(`owner1+${i}@x`, owned("o", true));
      await bench.learn(`nobody${i}@x`, absent);
    }
    for (let i = 0; i < 16; i++) expect(bench.cache.ownersOf(`owner${i}@x`, 0)).toBeInstanceOf(Found);
    expect(bench.cache.sizes()).toEqual({ positive: 18, negative: 4 });
    expect(bench.tally.evictions).toEqual({ positive: 98, negative: 96 });
  });
});

describe("an answer in use", () => {
  test("is the last to be evicted, to the second", async () => {
    for (let i = 0; i < 16; i++) await bench.learn(`owner${i}@x`, owned("o"));
    bench.clock.advance(1_000);
    await bench.cache.ownersOf("owner0@x", 0);
    for (let i = 16; i < 31; i++) await bench.learn(`owner${i}@x`, owned("o"));
    expect(bench.cache.stateOf("owner0@x").state).toBe("hit");
    expect(bench.cache.stateOf("owner15@x").state).toBe("miss");
    await bench.learn("owner31@x", owned("o"));
    expect(bench.cache.stateOf("owner0@x").state).toBe("miss");
  });

  test("is asked again in the background after three quarters of its lifetime", async () => {
    await bench.learn("alice@x", owned("alice"));
    bench.clock.advance(45_000);
    expect(bench.cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(bench.cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(bench.source.asked).toEqual(["alice@x", "alice@x"]);
    await bench.source.settle(owned("bob"));
    expect(bench.cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "bob" } });
    expect(bench.tally.requests).toMatchObject({ miss: 1, hit: 3 });
  });

  test("outlives a refresh that fails", async () => {
    await bench.learn("alice@x", owned("alice"));
    bench.clock.advance(45_000);
    void bench.cache.ownersOf("alice@x", 0);
    await bench.source.settle(down);
    expect(bench.cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
  });

  test("outlives a refresh that fails at once", async () => {
    let isDown = false;
    const direct = new CachedSource(rules, {
      source: {
        ownersOf: () => {
          if (isDown) throw down;
          return owned("alice");
        },
      },
      clock: bench.clock,
      tally: bench.tally,
      random: () => 0,
    });
    void direct.ownersOf("alice@x", 0);
    isDown = true;
    bench.clock.advance(45_000);
    expect(direct.ownersOf("alice@x", 0)).toBeInstanceOf(Found);
    bench.clock.advance(15_000);
    expect(direct.ownersOf("alice@x", 0)).toBeInstanceOf(Found);
    expect(bench.tally.requests).toMatchObject({ hit: 1, stale: 1 });
  });
});

describe("a key whose domain is hosted no more", () => {
  test("loses its entry", async () => {
    await bench.learn("alice@x", owned("alice"));
    bench.clock.advance(60_000);
    const asked = bench.cache.ownersOf("alice@x", 0);
    await bench.source.settle(foreign);
    await expect(asked).resolves.toBe(foreign);
    expect(bench.cache.stateOf("alice@x")).toEqual({ state: "miss" });
  });
});

describe("an address whose answer changes kind", () => {
  test("moves between the stores", async () => {
    await bench.learn("alice@x", absent);
    bench.clock.advance(30_000);
    await bench.learn("alice@x", owned("alice"));
    expect(bench.cache.sizes()).toEqual({ positive: 1, negative: 0 });
  });
});

describe("a snapshot", () => {
  test("keeps ages, so that a restored answer expires when it would have", async () => {
    await bench.learn("alice@x", owned("alice"));
    bench.clock.advance(10_000);
    await bench.learn("nobody@x", absent);
    const kept = [...bench.cache.snapshot()];
    expect(kept.map(({ key, ageMs }) => [key, ageMs])).toEqual([
      ["alice@x", 10_000],
      ["nobody@x", 0],
    ]);
    const restored = bench.make();
    restored.restore(kept);
    expect(restored.stateOf("alice@x")).toEqual({ state: "hit", ageMs: 10_000 });
    bench.clock.advance(50_000);
    expect(restored.stateOf("alice@x")).toEqual({ state: "expired", ageMs: 60_000 });
    expect(restored.stateOf("nobody@x")).toEqual({ state: "expired", ageMs: 50_000 });
  });

  test("restores the order of use", async () => {
    const small = bench.make({ maxEntries: 2 });
    await bench.learn("old@x", owned("o"), small);
    await bench.learn("new@x", owned("n"), small);
    const restored = bench.make({ maxEntries: 2 });
    restored.restore([...small.snapshot()]);
    await bench.learn("third@x", owned("t"), restored);
    expect(restored.stateOf("old@x").state).toBe("miss");
    expect(restored.stateOf("new@x").state).toBe("hit");
  });
});

test("negative entries are told as such", async () => {
  await bench.learn("nobody@x", absent);
  expect(bench.cache.stateOf("nobody@x")).toEqual({ state: "negative_hit", ageMs: 0 });
});
