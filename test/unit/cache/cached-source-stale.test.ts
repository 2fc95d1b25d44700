/** A source that fails or hangs: what is answered from memory, for how long, and who waits. */
import { beforeEach, describe, expect, test } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { absent, foreignByStaleList } from "../../../src/model/reply.ts";
import { CacheBench, down, owned } from "./support.ts";

let bench: CacheBench;

beforeEach(() => {
  bench = new CacheBench();
});

describe("while the source fails", () => {
  test("an expired answer is served for as long as stale_if_error says, and counted", async () => {
    await bench.learn("alice@x", owned("alice"));
    await bench.learn("nobody@x", absent);
    bench.clock.advance(60_000 + 3_600_000 - 1);
    const stale = bench.cache.ownersOf("alice@x", 0);
    await bench.source.settle(down);
    await expect(stale).resolves.toMatchObject({ owners: { text: "alice" } });
    expect(bench.tally.requests.stale).toBe(1);
    expect(bench.cache.isServingStale(1000)).toBe(true);
    bench.clock.advance(1);
    const tooOld = expect(Promise.resolve(bench.cache.ownersOf("alice@x", 0))).rejects.toBe(down);
    await bench.source.settle(down);
    await tooOld;
    bench.clock.advance(1000);
    expect(bench.cache.isServingStale(1000)).toBe(false);
  });

  test("a non-owner is served stale too", async () => {
    await bench.learn("nobody@x", absent);
    bench.clock.advance(60_000);
    const stale = bench.cache.ownersOf("nobody@x", 0);
    await bench.source.settle(down);
    await expect(stale).resolves.toBe(absent);
  });

  test("nothing stale is served when that is off", async () => {
    const strict = bench.make({ staleIfErrorMs: 0 });
    await bench.learn("alice@x", owned("alice"), strict);
    bench.clock.advance(60_000);
    const refused = expect(Promise.resolve(strict.ownersOf("alice@x", 0))).rejects.toBe(down);
    await bench.source.settle(down);
    await refused;
  });

  describe("and hangs", () => {
    const hung = new SourceError("ERR_SOURCE_TIMEOUT", "no answer in time");

    beforeEach(async () => {
      await bench.learn("alice@x", owned("alice"));
      await bench.learn("bob@x", owned("bob"));
      bench.clock.advance(60_000);
      const first = bench.cache.ownersOf("alice@x", 0);
      await bench.source.settle(hung);
      await first;
    });

    test("one lookup waits for the deadline, the next are served stale at once", async () => {
      expect(bench.cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "bob" } });
      expect(bench.cache.ownersOf("alice@x", 0)).toMatchObject({ owners: { text: "alice" } });
      expect(bench.tally.requests).toMatchObject({ stale: 3, coalesced: 0 });
    });

    test("the source is asked in the background, and believed as soon as it answers", async () => {
      void bench.cache.ownersOf("bob@x", 0);
      expect(bench.source.asked.filter((key) => key === "bob@x")).toHaveLength(2);
      await bench.source.settle(owned("carol"));
      expect(bench.cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "carol" } });
      // It hangs no more: who is expired is asked for again before anything is served.
      expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
    });

    test("a source that has no place to wait hangs too: the next are served stale at once", async () => {
      await bench.learn("carol@x", owned("carol"));
      expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
      await bench.source.settle(new SourceError("ERR_SOURCE_OVERLOAD", "8192 lookups wait for the database already"));
      expect(bench.cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "bob" } });
    });

    test("an answer by an overdue list of domains says nothing of the source: it hangs on", async () => {
      await bench.learn("a@elsewhere", foreignByStaleList);
      expect(bench.cache.ownersOf("bob@x", 0)).toMatchObject({ owners: { text: "bob" } });
    });

    test("what was flushed or is too old waits for the source", async () => {
      bench.cache.flush({ kind: "address", address: "bob@x" });
      expect(bench.cache.ownersOf("bob@x", 0)).toBeInstanceOf(Promise);
      bench.clock.advance(3_600_000);
      expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
    });
  });

  test("a failure that is no hang lets nobody be served stale unasked", async () => {
    await bench.learn("alice@x", owned("alice"));
    bench.clock.advance(60_000);
    const first = bench.cache.ownersOf("alice@x", 0);
    await bench.source.settle(new SourceError("ERR_SOURCE_SQL", "the query is wrong"));
    await first;
    expect(bench.cache.ownersOf("alice@x", 0)).toBeInstanceOf(Promise);
  });

  test("a foreign address by an overdue list of domains counts as stale", async () => {
    await bench.learn("a@elsewhere", foreignByStaleList);
    expect(bench.tally.requests).toMatchObject({ stale: 1 });
    expect(bench.cache.isServingStale(1000)).toBe(true);
  });

  test("a flushed answer is never served, even to a lookup that began before the flush", async () => {
    await bench.learn("alice@x", owned("alice"));
    bench.clock.advance(60_000);
    const refused = expect(Promise.resolve(bench.cache.ownersOf("alice@x", 0))).rejects.toBe(down);
    bench.cache.flush({ kind: "address", address: "alice@x" });
    await bench.source.settle(down);
    await refused;
  });
});
