import { beforeEach, describe, expect, test, vi } from "vitest";
import { CachedSource } from "../../../src/cache/cached-source.ts";
import { AnswerStore } from "../../../src/cache/store.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, absent, Found, foreign, foreignByStaleList } from "../../../src/model/reply.ts";
import { type CacheTally, cacheTally } from "../../../src/model/tally.ts";
import { type FakeClock, fakeClock } from "../../support/fakes/fakes.ts";

const rules = {
  maxEntries: 16,
  maxNegativeEntries: 4,
  ttlMs: 60_000,
  negativeTtlMs: 30_000,
  staleIfErrorMs: 3_600_000,
  refreshTimeoutMs: 10_000,
  recipientDelimiter: "+",
};

function owned(login: string, derived = false): Found {
  return new Found(toOwnerList([login])!, derived);
}

/** A source whose lookups are settled by the test. */
class ManualSource {
  readonly asked: string[] = [];
  readonly #pending: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];

  ownersOf(key: string): Promise<Answer> {
    this.asked.push(key);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
  }

  async settle(answer: Answer | Error): Promise<void> {
    const next = this.#pending.shift();
    if (answer instanceof Error) next?.reject(answer);
    else next?.resolve(answer);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

let source: ManualSource;
let clock: FakeClock;
let tally: CacheTally;
let cache: CachedSource;
const down = new Error("down");

beforeEach(() => {
  source = new ManualSource();
  clock = fakeClock();
  tally = cacheTally();
  cache = make();
});

function make(changes: Partial<typeof rules> = {}): CachedSource {
  return new CachedSource({ ...rules, ...changes }, { source, clock, tally, random: () => 0 });
}

async function learn(key: string, answer: Answer, into = cache): Promise<void> {
  const asked = into.ownersOf(key, 0);
  await source.settle(answer);
  await asked;
}

describe("a hit", () => {
  test("is answered at once, with the very answer that was stored", async () => {
    const answer = owned("alice");
    await learn("alice@x", answer);
    expect(cache.ownersOf("alice@x", 0)).toBe(answer);
    expect(tally.requests).toMatchObject({ miss: 1, hit: 1 });
  });

  test("of a non-owner is counted apart", async () => {
    await learn("nobody@x", absent);
    expect(cache.ownersOf("nobody@x", 0)).toBe(absent);
    expect(tally.requests).toMatchObject({ miss: 1, negative_hit: 1 });
  });

  test("ends with the lifetime of its kind", async () => {
    await learn("alice@x", owned("alice"));
    await learn("nobody@x", absent);
    clock.advance(30_000);
    expect(cache.ownersOf("nobody@x", 0)).toBeInstanceOf(Promise);
    expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Found);
    clock.advance(30_000);
    expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
  });

  test("ends up to a tenth of the lifetime earlier, so that entries do not expire together", async () => {
    const jittered = new CachedSource(rules, { source, clock, tally, random: () => 0.5 });
    await learn("alice@x", owned("alice"), jittered);
    clock.advance(56_999);
    expect(jittered.stateOf("alice@x").state).toBe("hit");
    clock.advance(1);
    expect(jittered.stateOf("alice@x").state).toBe("expired");
  });
});

describe("a key longer than any address", () => {
  test("is answered, and takes no memory", async () => {
    const longest = `${"a".repeat(64)}@${"b".repeat(255)}`;
    await learn(longest, owned("alice"));
    await learn(`${longest}b`, owned("alice"));
    await learn("a".repeat(9_900), absent);
    expect(cache.sizes()).toEqual({ positive: 1, negative: 0 });
    expect(cache.stateOf(longest).state).toBe("hit");
    cache.restore([{ key: `${longest}b`, answer: absent, ageMs: 0 }]);
    expect(cache.sizes().negative).toBe(0);
  });
});

describe("a miss", () => {
  test("makes one query for a hundred lookups at once", async () => {
    const lookups = Array.from({ length: 100 }, () => cache.ownersOf("alice@x", 0));
    const answer = owned("alice");
    await source.settle(answer);
    expect(await Promise.all(lookups)).toEqual(Array(100).fill(answer));
    expect(source.asked).toEqual(["alice@x"]);
    expect(tally.requests).toMatchObject({ miss: 1, coalesced: 99 });
  });

  test("that fails is told to everybody who waits, and not stored", async () => {
    const first = cache.ownersOf("alice@x", 0);
    const second = cache.ownersOf("alice@x", 0);
    const told = [expect(first).rejects.toBe(down), expect(second).rejects.toBe(down)];
    await source.settle(down);
    await Promise.all(told);
    expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
    expect(source.asked).toHaveLength(2);
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
      clock,
      tally,
    });
    expect(direct.ownersOf("alice@x", 0)).toBe(direct.ownersOf("alice@x", 0));
    expect(asked).toEqual(["alice@x"]);
    expect(direct.ownersOf("bob@elsewhere", 0)).toBe(foreign);
    expect(direct.sizes()).toEqual({ positive: 1, negative: 0 });
    expect(tally.requests).toMatchObject({ miss: 1, hit: 1, foreign_domain: 1 });
  });

  test("of a source that fails at once fails at once", () => {
    const failing = new CachedSource(rules, {
      source: {
        ownersOf: () => {
          throw down;
        },
      },
      clock,
      tally,
    });
    expect(() => failing.ownersOf("alice@x", 0)).toThrow(down);
    expect(tally.requests.miss).toBe(1);
  });
});

describe("what strangers make up", () => {
  test("does not push out owners: tags, catch-alls and non-owners are kept apart", async () => {
    for (let i = 0; i < 16; i++) await learn(`owner${i}@x`, owned("o"));
    for (let i = 0; i < 100; i++) {
      await learn(`owner1+${i}@x`, owned("o", true));
      await learn(`nobody${i}@x`, absent);
    }
    for (let i = 0; i < 16; i++) expect(cache.ownersOf(`owner${i}@x`, 0)).toBeInstanceOf(Found);
    expect(cache.sizes()).toEqual({ positive: 18, negative: 4 });
    expect(tally.evictions).toEqual({ positive: 98, negative: 96 });
  });
});

describe("an answer in use", () => {
  test("is the last to be evicted, to the second", async () => {
    for (let i = 0; i < 16; i++) await learn(`owner${i}@x`, owned("o"));
    clock.advance(1_000);
    await cache.ownersOf("owner0@x", 0);
    for (let i = 16; i < 31; i++) await learn(`owner${i}@x`, owned("o"));
    expect(cache.stateOf("owner0@x").state).toBe("hit");
    expect(cache.stateOf("owner15@x").state).toBe("miss");
    await learn("owner31@x", owned("o"));
    expect(cache.stateOf("owner0@x").state).toBe("miss");
  });

  test("is asked again in the background after three quarters of its lifetime", async () => {
    await learn("alice@x", owned("alice"));
    clock.advance(45_000);
    expect(cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(source.asked).toEqual(["alice@x", "alice@x"]);
    await source.settle(owned("bob"));
    expect(cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "bob" } });
    expect(tally.requests).toMatchObject({ miss: 1, hit: 3 });
  });

  test("outlives a refresh that fails", async () => {
    await learn("alice@x", owned("alice"));
    clock.advance(45_000);
    void cache.ownersOf("alice@x", 0);
    await source.settle(down);
    expect(cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
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
      clock,
      tally,
      random: () => 0,
    });
    void direct.ownersOf("alice@x", 0);
    isDown = true;
    clock.advance(45_000);
    expect(direct.ownersOf("alice@x", 0)).toBeInstanceOf(Found);
    clock.advance(15_000);
    expect(direct.ownersOf("alice@x", 0)).toBeInstanceOf(Found);
    expect(tally.requests).toMatchObject({ hit: 1, stale: 1 });
  });
});

describe("while the source fails", () => {
  test("an expired answer is served for as long as stale_if_error says, and counted", async () => {
    await learn("alice@x", owned("alice"));
    await learn("nobody@x", absent);
    clock.advance(60_000 + 3_600_000 - 1);
    const stale = cache.ownersOf("alice@x", 0);
    await source.settle(down);
    await expect(stale).resolves.toMatchObject({ owners: { text: "alice" } });
    expect(tally.requests.stale).toBe(1);
    expect(cache.isServingStale(1000)).toBe(true);
    clock.advance(1);
    const tooOld = expect(Promise.resolve(cache.ownersOf("alice@x", 0))).rejects.toBe(down);
    await source.settle(down);
    await tooOld;
    clock.advance(1000);
    expect(cache.isServingStale(1000)).toBe(false);
  });

  test("a non-owner is served stale too", async () => {
    await learn("nobody@x", absent);
    clock.advance(60_000);
    const stale = cache.ownersOf("nobody@x", 0);
    await source.settle(down);
    await expect(stale).resolves.toBe(absent);
  });

  test("nothing stale is served when that is off", async () => {
    const strict = make({ staleIfErrorMs: 0 });
    await learn("alice@x", owned("alice"), strict);
    clock.advance(60_000);
    const refused = expect(Promise.resolve(strict.ownersOf("alice@x", 0))).rejects.toBe(down);
    await source.settle(down);
    await refused;
  });

  describe("and hangs", () => {
    const hung = new SourceError("ERR_SOURCE_TIMEOUT", "no answer in time");

    beforeEach(async () => {
      await learn("alice@x", owned("alice"));
      await learn("bob@x", owned("bob"));
      clock.advance(60_000);
      const first = cache.ownersOf("alice@x", 0);
      await source.settle(hung);
      await first;
    });

    test("one lookup waits for the deadline, the next are served stale at once", async () => {
      expect(cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "bob" } });
      expect(cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
      expect(tally.requests).toMatchObject({ stale: 3, coalesced: 0 });
    });

    test("the source is asked in the background, and believed as soon as it answers", async () => {
      void cache.ownersOf("bob@x", 0);
      expect(source.asked.filter((key) => key === "bob@x")).toHaveLength(2);
      await source.settle(owned("carol"));
      expect(cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "carol" } });
      // It hangs no more: who is expired is asked for again before anything is served.
      expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
    });

    test("a source that has no place to wait hangs too: the next are served stale at once", async () => {
      await learn("carol@x", owned("carol"));
      expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
      await source.settle(new SourceError("ERR_SOURCE_OVERLOAD", "8192 lookups wait for the database already"));
      expect(cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "bob" } });
    });

    test("an answer by an overdue list of domains says nothing of the source: it hangs on", async () => {
      await learn("a@elsewhere", foreignByStaleList);
      expect(cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "bob" } });
    });

    test("what was flushed or is too old waits for the source", async () => {
      cache.flush({ kind: "address", address: "bob@x" });
      expect(cache.ownersOf("bob@x", 0)).toBeInstanceOf(Promise);
      clock.advance(3_600_000);
      expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
    });
  });

  test("a failure that is no hang lets nobody be served stale unasked", async () => {
    await learn("alice@x", owned("alice"));
    clock.advance(60_000);
    const first = cache.ownersOf("alice@x", 0);
    await source.settle(new SourceError("ERR_SOURCE_SQL", "the query is wrong"));
    await first;
    expect(cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
  });

  test("a foreign address by an overdue list of domains counts as stale", async () => {
    await learn("a@elsewhere", foreignByStaleList);
    expect(tally.requests).toMatchObject({ stale: 1 });
    expect(cache.isServingStale(1000)).toBe(true);
  });

  test("a flushed answer is never served, even to a lookup that began before the flush", async () => {
    await learn("alice@x", owned("alice"));
    clock.advance(60_000);
    const refused = expect(Promise.resolve(cache.ownersOf("alice@x", 0))).rejects.toBe(down);
    cache.flush({ kind: "address", address: "alice@x" });
    await source.settle(down);
    await refused;
  });
});

describe("a source that is followed", () => {
  const listedMsAgo = 1_000;

  beforeEach(() => {
    cache.confirm = () => ({ atMs: clock.nowMs() - listedMsAgo, freshForMs: 2_000 });
  });

  /** Has the source asked again, as a follower does. */
  async function renewed(key: string, outcome: Parameters<typeof source.settle>[0]): Promise<void> {
    const asked = cache.renew(key, 0);
    await source.settle(outcome);
    await asked;
  }

  /** Lets a listing begin after the answer, and has the source give it again. */
  async function settled(key: string, owner: string): Promise<void> {
    await learn(key, owned(owner));
    clock.advance(2 * listedMsAgo);
    expect(cache.isToSettle(key)).toBe(true);
    await renewed(key, owned(owner));
    expect(cache.isToSettle(key)).toBe(false);
  }

  test("makes nobody wait for what it said before a listing and after", async () => {
    await settled("a@x", "alice");
    for (let minutes = 0; minutes < 59; minutes++) {
      clock.advance(60_000);
      expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    }
    expect(source.asked).toHaveLength(2);
  });

  test("is asked every hour all the same for what somebody uses, and nobody waits for that", async () => {
    await settled("a@x", "alice");
    clock.advance(3_540_000);
    expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    clock.advance(3_600_000);
    expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(source.asked).toHaveLength(3);
    await source.settle(owned("bob"));
    expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "bob" } });
  });

  test("is asked once more for what it said once: it may be of a right that came and went between two listings", async () => {
    await learn("a@x", owned("bob"));
    expect(cache.isToSettle("a@x")).toBe(false);
    clock.advance(2 * listedMsAgo);
    expect(cache.isToSettle("a@x")).toBe(true);
    await renewed("a@x", owned("alice"));
    expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    clock.advance(2 * listedMsAgo);
    expect(cache.isToSettle("a@x")).toBe(true);
  });

  test("is believed for a quarter of an hour on the word of its listings where it could not be asked again, and then asked", async () => {
    await learn("a@x", owned("bob"));
    for (let minute = 1; minute < 15; minute++) {
      clock.advance(60_000);
      expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "bob" } });
    }
    expect(source.asked).toHaveLength(1);
    clock.advance(121_000);
    await learn("a@x", owned("alice"));
    expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
  });

  test("is asked again for what was doubted, though it said it before: the replica that was asked may lag", async () => {
    await settled("a@x", "bob");
    clock.advance(300_000);
    cache.doubt(["a@x"]);
    await renewed("a@x", owned("bob"));
    expect(cache.isToSettle("a@x")).toBe(false);
    clock.advance(2 * listedMsAgo);
    expect(cache.isToSettle("a@x")).toBe(true);
  });

  test("answers from memory what its last listing named when it goes away, however long ago it was asked", async () => {
    cache = make({ staleIfErrorMs: 60_000 });
    await learn("a@x", owned("alice"));
    const listedAtMs = clock.nowMs() + 7_200_000;
    clock.advance(7_230_000);
    cache.confirm = () => ({ atMs: listedAtMs, freshForMs: 2_000 });
    const asked = cache.ownersOf("a@x", 0);
    await source.settle(down);
    expect(await asked).toMatchObject({ owners: { text: "alice" } });
    expect(tally.requests.stale).toBe(1);
  });
});

describe("flush", () => {
  beforeEach(async () => {
    await learn("alice@x", owned("Alice"));
    await learn("alice+tag@x", owned("alice", true));
    await learn('"alice+q"@x', owned("alice", true));
    await learn("bob@x", owned("bob"));
    await learn("bob@y", owned("bob"));
    await learn("nobody@xn--exmple-cua.com", absent);
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
    expect(cache.flush(selector)).toBe(count);
    const { positive, negative } = cache.sizes();
    expect(positive + negative).toBe(6 - count);
    expect(tally.flushed).toBe(count);
  });

  test("the flush of addresses looks at no entry but theirs", async () => {
    const entries = vi.spyOn(AnswerStore.prototype, "entries");
    expect(cache.flush({ kind: "addresses", addresses: ["alice@x"] })).toBe(3);
    expect(cache.flush({ kind: "address", address: "bob@x" })).toBe(1);
    expect(entries).not.toHaveBeenCalled();
    entries.mockRestore();
  });

  test("what was evicted or replaced is found by its address no more, what came back is", async () => {
    await learn("alice+tag@x", owned("alice"));
    await learn("alice+tag@x", absent);
    expect(cache.flush({ kind: "address", address: "alice@x" })).toBe(3);
    await learn("alice+tag@x", owned("alice", true));
    expect(cache.flush({ kind: "address", address: "alice@x" })).toBe(1);
    expect(cache.flush({ kind: "address", address: "alice@x" })).toBe(0);
  });

  test.each([
    [{ kind: "address", address: "carol@x" } as const],
    [{ kind: "addresses", addresses: ["carol@x"] } as const],
    [{ kind: "domain", domain: "x" } as const],
    [{ kind: "login", login: "carol" } as const],
  ])("%j voids the lookups under way that may be meant, and no others", async (selector) => {
    const tagged = cache.ownersOf("carol+tag@x", 0);
    const other = cache.ownersOf("dave@y", 0);
    cache.flush(selector);
    await source.settle(owned("carol", true));
    await source.settle(owned("dave"));
    await Promise.all([tagged, other]);
    expect(cache.stateOf("carol+tag@x").state).toBe("miss");
    // What a lookup brings cannot be told from its key.
    expect(cache.stateOf("dave@y").state).toBe(selector.kind === "login" ? "miss" : "hit");
  });

  test("a lookup that was voided does not end the one that follows it", async () => {
    const before = cache.ownersOf("carol@x", 0);
    cache.flush({ kind: "address", address: "carol@x" });
    const after = cache.ownersOf("carol@x", 0);
    await source.settle(owned("old"));
    const joined = cache.ownersOf("carol@x", 0);
    await source.settle(owned("new"));
    expect(await Promise.all([before, after, joined])).toEqual([owned("old"), owned("new"), owned("new")]);
    expect(source.asked.filter((key) => key === "carol@x")).toHaveLength(2);
    expect(cache.ownersOf("carol@x", 0)).toEqual(owned("new"));
  });

  test("an answer that was asked for before a flush is told but not stored, and nobody joins it after", async () => {
    const before = cache.ownersOf("carol@x", 0);
    cache.flush({ kind: "all" });
    const after = cache.ownersOf("carol@x", 0);
    await source.settle(owned("old"));
    await expect(before).resolves.toMatchObject({ owners: { text: "old" } });
    expect(cache.stateOf("carol@x")).toEqual({ state: "miss" });
    await source.settle(owned("new"));
    await expect(after).resolves.toMatchObject({ owners: { text: "new" } });
    expect(cache.ownersOf("carol@x", 0)).toMatchObject({ owners: { text: "new" } });
  });
});

describe("a key whose domain is hosted no more", () => {
  test("loses its entry", async () => {
    await learn("alice@x", owned("alice"));
    clock.advance(60_000);
    const asked = cache.ownersOf("alice@x", 0);
    await source.settle(foreign);
    await expect(asked).resolves.toBe(foreign);
    expect(cache.stateOf("alice@x")).toEqual({ state: "miss" });
  });
});

describe("an address whose answer changes kind", () => {
  test("moves between the stores", async () => {
    await learn("alice@x", absent);
    clock.advance(30_000);
    await learn("alice@x", owned("alice"));
    expect(cache.sizes()).toEqual({ positive: 1, negative: 0 });
  });
});

describe("a snapshot", () => {
  test("keeps ages, so that a restored answer expires when it would have", async () => {
    await learn("alice@x", owned("alice"));
    clock.advance(10_000);
    await learn("nobody@x", absent);
    const kept = [...cache.snapshot()];
    expect(kept.map(({ key, ageMs }) => [key, ageMs])).toEqual([
      ["alice@x", 10_000],
      ["nobody@x", 0],
    ]);
    const restored = make();
    restored.restore(kept);
    expect(restored.stateOf("alice@x")).toEqual({ state: "hit", ageMs: 10_000 });
    clock.advance(50_000);
    expect(restored.stateOf("alice@x")).toEqual({ state: "expired", ageMs: 60_000 });
    expect(restored.stateOf("nobody@x")).toEqual({ state: "expired", ageMs: 50_000 });
  });

  test("restores the order of use", async () => {
    const small = make({ maxEntries: 2 });
    await learn("old@x", owned("o"), small);
    await learn("new@x", owned("n"), small);
    const restored = make({ maxEntries: 2 });
    restored.restore([...small.snapshot()]);
    await learn("third@x", owned("t"), restored);
    expect(restored.stateOf("old@x").state).toBe("miss");
    expect(restored.stateOf("new@x").state).toBe("hit");
  });
});

test("negative entries are told as such", async () => {
  await learn("nobody@x", absent);
  expect(cache.stateOf("nobody@x")).toEqual({ state: "negative_hit", ageMs: 0 });
});
