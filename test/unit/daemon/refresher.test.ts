/** Asking again for what a listing named: what is asked, in which order and how many at once, and what a failure leaves. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MapChain } from "../../../src/daemon/map-chain.ts";
import { Refresher, type RefresherParts } from "../../../src/daemon/refresher.ts";
import { SourceError } from "../../../src/model/errors.ts";
import type { Ask, Cells } from "../../../src/model/keys.ts";
import { Tallies } from "../../../src/telemetry/tallies.ts";
import { type SettingsChanges, settingsWith } from "../../support/fakes/chains.ts";
import { type FakeDatabase, fakeClock, fakeDatabase, fakeLog } from "../../support/fakes/fakes.ts";
import { waitUntil } from "../../support/wait.ts";

const away = new SourceError("ERR_SOURCE_UNAVAILABLE", "no database host");

let aborter: AbortController;
let forgotten: string[];

beforeEach(() => {
  aborter = new AbortController();
  forgotten = [];
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A refresher of one map, over a database of these rows. */
function over(rows: Record<string, string>, changes: SettingsChanges = {}) {
  const database = fakeDatabase(rows);
  return { database, rows, ...chained(database, changes) };
}

function chained(database: FakeDatabase, changes: SettingsChanges = {}) {
  const clock = fakeClock();
  const settings = settingsWith({ cache: { maxEntries: 100_000, maxNegativeEntries: 100_000 }, ...changes });
  const map = settings.maps["senders"];
  if (map === undefined) throw new Error("the fake settings have a map senders");
  const chain = new MapChain("senders", map, [database], { settings, clock, tallies: new Tallies(), log: fakeLog() });
  const parts: RefresherParts = {
    chains: () => [chain],
    flush: async (selector) => {
      if (selector.kind === "addresses") forgotten.push(...selector.addresses);
      if (selector.kind === "domains") forgotten.push(...selector.domains.map((domain) => `@${domain}`));
      return chain.flush(selector);
    },
    nowMs: clock.nowMs,
    timeoutMs: () => 10_000,
    signal: aborter.signal,
  };
  const refresher = new Refresher(parts);
  const ask = async (address: string) => {
    const answer = await chain.map.lookup(address, clock.nowMs() + 10_000);
    return answer.kind === "ok" ? answer.owners.text : answer.kind;
  };
  const again = async (keys: readonly string[]) => refresher.ask(await refresher.doubt(keys));
  return { clock, chain, refresher, another: () => new Refresher(parts), ask, again };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `a${i}@x.test`);

describe("what is doubted", () => {
  test("is asked for before a client is answered, and its extensions too", async () => {
    const { rows, database, refresher, ask } = over({ "alice@x.test": "alice", "bob@x.test": "bob" });
    for (const address of ["alice@x.test", "alice+tag@x.test", "bob@x.test"]) await ask(address);
    database.asked.length = 0;
    rows["alice@x.test"] = "carol";
    await refresher.doubt(["alice@x.test"]);
    expect(database.asked).toEqual([]);
    expect([await ask("alice@x.test"), await ask("alice+tag@x.test"), await ask("bob@x.test")]).toEqual([
      "carol",
      "carol",
      "bob",
    ]);
    expect(database.asked).not.toContain("bob@x.test");
  });

  test("is forgotten for a whole domain, with what was derived from its catch-all, and for `*` everywhere", async () => {
    const { rows, refresher, ask } = over({ "domain x.test": "erin", "domain y.test": "yves" });
    for (const address of ["any@x.test", "any@y.test"]) await ask(address);
    rows["domain x.test"] = "frank";
    rows["domain y.test"] = "zoe";
    expect(await refresher.doubt(["@x.test"])).toEqual([]);
    expect([await ask("any@x.test"), await ask("any@y.test")]).toEqual(["frank", "yves"]);
    await refresher.doubt(["*"]);
    expect(await ask("any@y.test")).toBe("zoe");
  });

  test("stands for itself and for each of the map's own domains where it is a bare localpart", async () => {
    const { database, again } = over({ alice: "alice" }, { map: { localDomains: ["x.test", "y.test"] } });
    await again(["alice"]);
    expect(new Set(database.asked)).toEqual(new Set(["alice", "alice@x.test", "alice@y.test"]));
  });
});

describe("what is asked again", () => {
  test("is asked in the order in which it was named", async () => {
    const keys = numbered(1500);
    const { database, again } = over(Object.fromEntries(keys.map((key) => [key, "alice"])));
    expect(await again(keys)).toEqual([]);
    expect([...new Set(database.asked)]).toEqual(keys);
  });

  test("goes for good when memory had another answer, with what was derived from it, and is asked for once more", async () => {
    const { rows, database, ask, again } = over({ "alice@x.test": "alice", "bob@x.test": "bob" });
    for (const address of ["alice@x.test", "alice+tag@x.test", "bob@x.test"]) await ask(address);
    rows["alice@x.test"] = "carol";
    database.asked.length = 0;
    expect(await again(["alice@x.test", "bob@x.test"])).toEqual([]);
    expect(forgotten).toEqual(["alice@x.test"]);
    // Each time for its owners and for its grants.
    expect(database.asked.filter((key) => key === "bob@x.test")).toHaveLength(2);
    expect(database.asked.filter((key) => key === "alice@x.test")).toHaveLength(4);
    database.error = away;
    expect([await ask("alice@x.test"), await ask("bob@x.test")]).toEqual(["carol", "bob"]);
  });

  test("that memory has nothing of is forgotten first, since an answer to an extension may hide behind it", async () => {
    const { rows, ask, again } = over({ "domain x.test": "erin" });
    expect(await ask("alice+tag@x.test")).toBe("erin");
    rows["alice@x.test"] = "alice";
    expect(await again(["alice@x.test"])).toEqual([]);
    expect(forgotten).toEqual(["alice@x.test"]);
    expect(await ask("alice+tag@x.test")).toBe("alice");
  });

  test("is asked 128 at a time, and the next as soon as one is answered", async () => {
    const held: (() => void)[] = [];
    const database = Object.assign(fakeDatabase({}), {
      find: (asks: readonly Ask[]) =>
        new Promise<Cells>((resolve) => held.push(() => resolve(asks.map(() => ["alice"])))),
    });
    const { again } = chained(database);
    const done = again(numbered(300));
    await waitUntil("the first to be asked", () => held.length === 128);
    await new Promise(setImmediate);
    expect(held).toHaveLength(128);
    held.shift()?.();
    await waitUntil("the next to be asked", () => held.length === 128);
    for (let answered = 1; answered < 300; answered++) {
      await waitUntil("another one to be asked", () => held.length > 0);
      held.shift()?.();
    }
    expect(await done).toEqual([]);
  });
});

describe("a source that fails", () => {
  test("for some keys keeps no other from being asked; memory is as before, and they are told", async () => {
    const { rows, database, ask, again } = over({ "alice@x.test": "alice", "bob@x.test": "bob" });
    for (const address of ["alice@x.test", "bob@x.test"]) await ask(address);
    Object.assign(rows, { "alice@x.test": "carol", "bob@x.test": "carol" });
    const { find } = database;
    vi.spyOn(database, "find").mockImplementation((asks, deadlineMs) => {
      if (asks.some(({ key }) => key.email === "alice@x.test")) throw away;
      return find(asks, deadlineMs);
    });
    expect(await again(["alice@x.test", "bob@x.test"])).toEqual(["alice@x.test"]);
    expect([await ask("alice@x.test"), await ask("bob@x.test")]).toEqual(["alice", "carol"]);
  });

  test("is told apart from a bug, which is thrown", async () => {
    const { database, refresher, again } = over({});
    database.error = new TypeError("a bug");
    await expect(again(["alice@x.test"])).rejects.toThrow("a bug");
    await expect(refresher.warm(["alice@x.test"])).rejects.toThrow("a bug");
  });

  test("fails for every key of a large set, in their order", async () => {
    const { database, refresher, again } = over({});
    database.error = away;
    const keys = numbered(2000);
    expect(await again(keys)).toEqual(keys);
    expect(await refresher.warm(keys)).toEqual(keys);
  });
});

describe("filling memory", () => {
  test("asks for addresses until memory is full, and for those that it has; never for a domain", async () => {
    const keys = numbered(20);
    const rows = Object.fromEntries(keys.map((key) => [key, "alice"]));
    const { database, chain, refresher, ask } = over(rows, { cache: { maxEntries: 10, maxNegativeEntries: 10 } });
    await ask("a15@x.test");
    database.asked.length = 0;
    expect(await refresher.warm(["@x.test", "*", ...keys])).toEqual([]);
    expect(new Set(database.asked)).toEqual(new Set([...keys.slice(0, 9), "a15@x.test"]));
    expect(chain.cache.sizes().positive).toBe(10);
  });

  test("asks once more only for what listings cannot speak for yet", async () => {
    const { database, chain, refresher, ask } = over({ "alice@x.test": "alice", "bob@x.test": "bob" });
    for (const address of ["alice@x.test", "bob@x.test"]) await ask(address);
    vi.spyOn(chain.cache, "isToSettle").mockImplementation((key) => key === "bob@x.test");
    database.asked.length = 0;
    expect(await refresher.settle(["alice@x.test", "bob@x.test", "@x.test"])).toEqual([]);
    expect(new Set(database.asked)).toEqual(new Set(["bob@x.test"]));
  });
});

describe("what is to be settled", () => {
  const everything = [["listed1@x.test"], ["listed2@x.test"]];

  test("is what a map noted, and nothing when it noted nothing", async () => {
    const { refresher, ask } = over({ "alice@x.test": "alice" });
    await ask("alice@x.test");
    expect([...refresher.unsettled(everything)]).toEqual([["alice@x.test"]]);
    expect([...refresher.unsettled(everything)]).toEqual([]);
  });

  test("is everything, once for each who follows, when a map had more to note than it can; what it notes later is lost to nobody", () => {
    const { refresher, chain, another } = over({});
    for (let i = 0; i <= 4096; i++) chain.cache.unsettled.note(`a${i}@x.test`);
    expect([...refresher.unsettled(everything)]).toEqual([["a4096@x.test"], ...everything]);
    chain.cache.unsettled.note("b@x.test");
    expect([...another().unsettled(everything)]).toEqual([["b@x.test"], ...everything]);
    expect([...refresher.unsettled(everything)]).toEqual([]);
  });
});

test("asks nothing more when it is stopped, and ends when what is under way does", async () => {
  const held: (() => void)[] = [];
  const database = Object.assign(fakeDatabase({}), {
    find: (asks: readonly Ask[]) => new Promise<Cells>((resolve) => held.push(() => resolve(asks.map(() => ["a"])))),
  });
  const { again, refresher } = chained(database);
  const done = [again(numbered(600)), refresher.warm(numbered(600).map((key) => `b${key}`))];
  await waitUntil("the first to be asked", () => held.length === 256);
  aborter.abort();
  for (const answer of held.splice(0)) answer();
  await Promise.all(done);
  expect(held).toEqual([]);
});

describe("a very large set of keys, in pieces of about a millisecond,", () => {
  /**
   * Has work done on memory whose every look costs a microsecond.
   *
   * @returns the longest time without a turn of the event loop, in milliseconds
   */
  async function longestOf(work: (refresher: Refresher) => Promise<unknown>): Promise<number> {
    let nowMs = 0;
    vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    const { chain, refresher } = over({}, { cache: { maxEntries: 0, maxNegativeEntries: 10 } });
    const { answerOf } = chain.cache;
    vi.spyOn(chain.cache, "answerOf").mockImplementation((key) => {
      nowMs += 0.001;
      return answerOf.call(chain.cache, key);
    });
    let longestMs = 0;
    let turnAtMs = 0;
    let isDone = false;
    const turn = () => {
      longestMs = Math.max(longestMs, nowMs - turnAtMs);
      turnAtMs = nowMs;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await work(refresher);
    isDone = true;
    turn();
    expect(nowMs).toBeGreaterThan(19);
    return longestMs;
  }

  const keys = numbered(20_000);

  test("is doubted", async () => {
    expect(await longestOf((refresher) => refresher.doubt(keys))).toBeLessThan(2);
  });

  test("is looked through for what is worth asking", async () => {
    expect(await longestOf((refresher) => refresher.warm(keys))).toBeLessThan(2);
  });
});
