/** A source that is followed: answers that live on by its listings. */
import { beforeEach, describe, expect, test } from "vitest";
import { CacheBench, down, owned } from "./support.ts";

let bench: CacheBench;

beforeEach(() => {
  bench = new CacheBench();
});

describe("a source that is followed", () => {
  const listedMsAgo = 1_000;

  beforeEach(() => {
    bench.cache.confirm = () => ({ atMs: bench.clock.nowMs() - listedMsAgo, freshForMs: 2_000, isListed: true });
  });

  /** Has the source asked again, as a follower does. */
  async function renewed(key: string, outcome: Parameters<typeof bench.source.settle>[0]): Promise<void> {
    const asked = bench.cache.renew(key, 0);
    await bench.source.settle(outcome);
    await asked;
  }

  /** Lets a listing begin after the answer, and has the source give it again. */
  async function settled(key: string, owner: string): Promise<void> {
    await bench.learn(key, owned(owner));
    bench.clock.advance(2 * listedMsAgo);
    expect(bench.cache.isToSettle(key)).toBe(true);
    await renewed(key, owned(owner));
    expect(bench.cache.isToSettle(key)).toBe(false);
  }

  test("makes nobody wait for what it said before a listing and after", async () => {
    await settled("a@x", "alice");
    for (let minutes = 0; minutes < 59; minutes++) {
      bench.clock.advance(60_000);
      expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    }
    expect(bench.source.asked).toHaveLength(2);
  });

  test("is asked every hour all the same for what somebody uses, and nobody waits for that", async () => {
    await settled("a@x", "alice");
    bench.clock.advance(3_540_000);
    expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    bench.clock.advance(3_600_000);
    expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(bench.source.asked).toHaveLength(3);
    await bench.source.settle(owned("bob"));
    expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "bob" } });
  });

  test("is asked once more for what it said once: it may be of a right that came and went between two listings", async () => {
    await bench.learn("a@x", owned("bob"));
    expect(bench.cache.isToSettle("a@x")).toBe(false);
    bench.clock.advance(2 * listedMsAgo);
    expect(bench.cache.isToSettle("a@x")).toBe(true);
    await renewed("a@x", owned("alice"));
    expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    bench.clock.advance(2 * listedMsAgo);
    expect(bench.cache.isToSettle("a@x")).toBe(true);
  });

  test("is believed for a quarter of an hour on the word of its listings where it could not be asked again, and then asked", async () => {
    await bench.learn("a@x", owned("bob"));
    for (let minute = 1; minute < 15; minute++) {
      bench.clock.advance(60_000);
      expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "bob" } });
    }
    expect(bench.source.asked).toHaveLength(1);
    bench.clock.advance(121_000);
    await bench.learn("a@x", owned("alice"));
    expect(bench.cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
  });

  test("is asked again for what was doubted, though it said it before: the replica that was asked may lag", async () => {
    await settled("a@x", "bob");
    bench.clock.advance(300_000);
    bench.cache.doubt(["a@x"]);
    await renewed("a@x", owned("bob"));
    expect(bench.cache.isToSettle("a@x")).toBe(false);
    bench.clock.advance(2 * listedMsAgo);
    expect(bench.cache.isToSettle("a@x")).toBe(true);
  });

  test("makes nobody wait for what it gave once more after the last listing, however far the next one is", async () => {
    const { cache, clock, source } = bench;
    await bench.learn("a@x", owned("alice"));
    clock.advance(1_000);
    const listedAtMs = clock.nowMs();
    cache.confirm = () => ({ atMs: listedAtMs, freshForMs: 600_000, isListed: true });
    clock.advance(1_000);
    // One that was asked for after the listing only may be of a right that came since, and went.
    await bench.learn("b@x", owned("bob"));
    await renewed("a@x", owned("alice"));
    clock.advance(300_000);
    expect(cache.ownersOf("a@x", 0)).toMatchObject({ owners: { text: "alice" } });
    expect(source.asked).toHaveLength(3);
    void cache.ownersOf("b@x", 0);
    expect(source.asked).toHaveLength(4);
    clock.advance(300_000);
    void cache.ownersOf("a@x", 0);
    expect(source.asked).toHaveLength(5);
  });

  test("has noted what is to be asked for once more, as long as that cannot be told", async () => {
    const { cache, clock } = bench;
    await bench.learn("a@x", owned("alice"));
    expect(cache.unsettled.take()).toEqual(["a@x"]);
    expect(cache.isToSettle("a@x")).toBe(false);
    expect(cache.unsettled.take()).toEqual(["a@x"]);
    const { confirm } = cache;
    cache.confirm = () => undefined;
    clock.advance(2 * listedMsAgo);
    expect(cache.isToSettle("a@x")).toBe(false);
    expect(cache.unsettled.take()).toEqual(["a@x"]);
    cache.confirm = confirm;
    expect(cache.isToSettle("a@x")).toBe(true);
    await renewed("a@x", owned("alice"));
    expect(cache.unsettled.take()).toEqual([]);
  });

  test("is not asked once more for what no listing names, nor is that noted again", async () => {
    const { cache, clock } = bench;
    await bench.learn("a@x", owned("alice"));
    clock.advance(2 * listedMsAgo);
    cache.confirm = () => ({ atMs: clock.nowMs() - listedMsAgo, freshForMs: 2_000, isListed: false });
    expect(cache.unsettled.take()).toEqual(["a@x"]);
    expect(cache.isToSettle("a@x")).toBe(false);
    expect(cache.unsettled.take()).toEqual([]);
    clock.advance(60_000);
    const asked = cache.ownersOf("a@x", 0);
    await bench.source.settle(owned("bob"));
    expect(await asked).toMatchObject({ owners: { text: "bob" } });
  });

  test("answers from memory what its last listing named when it goes away, however long ago it was asked", async () => {
    bench.cache = bench.make({ staleIfErrorMs: 60_000 });
    await bench.learn("a@x", owned("alice"));
    const listedAtMs = bench.clock.nowMs() + 7_200_000;
    bench.clock.advance(7_230_000);
    bench.cache.confirm = () => ({ atMs: listedAtMs, freshForMs: 2_000, isListed: true });
    const asked = bench.cache.ownersOf("a@x", 0);
    await bench.source.settle(down);
    expect(await asked).toMatchObject({ owners: { text: "alice" } });
    expect(bench.tally.requests.stale).toBe(1);
  });
});
