/** The gate of hosted domains: whom it lets pass, when it reads its set, flushes and snapshots. */
import { beforeEach, describe, expect, test } from "vitest";
import { absent, foreign, foreignByStaleList } from "../../../src/model/reply.ts";
import { down, GateBench, settle } from "../../support/fakes/gate-bench.ts";

let bench: GateBench;

beforeEach(() => {
  bench = new GateBench();
});

describe("DomainGate", () => {
  test("stands open until the set is read", async () => {
    expect(bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
    await settle();
    expect(bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreign);
    expect(bench.reads).toBe(1);
  });

  test("lets hosted domains, local domains and bare localparts pass", async () => {
    await bench.gate.warm();
    expect(bench.gate.ownersOf("a@example.com", 0)).toBe(absent);
    expect(bench.gate.ownersOf("@example.com", 0)).toBe(absent);
    expect(bench.gate.ownersOf("a@local.example", 0)).toBe(absent);
    expect(bench.gate.ownersOf("a", 0)).toBe(absent);
    expect(bench.gate.ownersOf("@elsewhere.example", 0)).toBe(foreign);
  });

  test("stands open when the source cannot tell its domains", async () => {
    bench.answer = () => Promise.resolve(undefined);
    await bench.gate.warm();
    expect(bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
  });

  test("in use, reads the set again before its lifetime ends, without anybody waiting", async () => {
    await bench.gate.warm();
    bench.answer = () => Promise.resolve(new Set(["new.example"]));
    bench.clock.advance(22_499);
    expect(bench.gate.ownersOf("a@new.example", 0)).toBe(foreign);
    expect(bench.reads).toBe(1);
    bench.clock.advance(1);
    expect(bench.gate.ownersOf("a@new.example", 0)).toBe(foreign);
    await settle();
    expect(bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
    expect(bench.reads).toBe(2);
  });

  test("with a lifetime below a second it is read as often as that says", async () => {
    const quick = bench.make({ refreshMs: 300 });
    await quick.warm();
    for (let i = 0; i < 3; i++) {
      bench.clock.advance(300);
      void quick.ownersOf("a@elsewhere.example", 0);
      await settle();
    }
    expect(bench.reads).toBe(4);
  });

  test("a set older than negative_ttl is read before it refuses anybody, so that a new domain is never refused for longer", async () => {
    await bench.gate.warm();
    bench.answer = () => Promise.resolve(new Set(["new.example"]));
    bench.clock.advance(30_000);
    const [added, elsewhere] = [bench.gate.ownersOf("a@new.example", 0), bench.gate.ownersOf("a@elsewhere.example", 0)];
    expect(await added).toBe(absent);
    expect(await elsewhere).toBe(foreign);
    expect(bench.reads).toBe(2);
  });

  test("a flush makes the next foreign address wait for a new set", async () => {
    await bench.gate.warm();
    bench.answer = () => Promise.resolve(new Set(["example.com", "new.example"]));
    bench.gate.expire();
    expect(await bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
  });

  test("after a flush no address is refused by the set until it could be read again", async () => {
    await bench.gate.warm();
    bench.answer = down;
    bench.gate.expire();
    expect(await bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
    expect(bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
    bench.answer = () => Promise.resolve(new Set(["example.com"]));
    bench.clock.advance(1_000);
    expect(await bench.gate.ownersOf("a@new.example", 0)).toBe(foreign);
  });

  test("a reading that began before a flush is not believed", async () => {
    let release: (domains: ReadonlySet<string>) => void = () => undefined;
    bench.answer = () => new Promise((resolve) => (release = resolve));
    const warm = bench.gate.warm();
    bench.gate.expire();
    bench.answer = () => Promise.resolve(new Set(["new.example"]));
    release(new Set(["old.example"]));
    await warm;
    expect(bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
    await settle();
    expect(bench.gate.ownersOf("a@old.example", 0)).toBe(foreign);
  });

  test("a failed reading that a flush overtook changes nothing", async () => {
    let fail: (error: Error) => void = () => undefined;
    bench.answer = () => new Promise((_resolve, reject) => (fail = reject));
    const warm = bench.gate.warm();
    bench.gate.expire();
    fail(new Error("down"));
    await warm;
    // It does not count as a failure either, after which a second would have to pass.
    bench.answer = () => Promise.resolve(new Set(["example.com"]));
    expect(await bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
    await settle();
    expect(bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreign);
  });

  describe("a snapshot of the set", () => {
    test("is believed until the source can be read, its age going on", async () => {
      await bench.gate.warm();
      bench.clock.advance(10_000);
      const kept = bench.gate.snapshot();
      expect(kept).toEqual({ domains: ["example.com"], ageMs: 10_000 });
      const next = bench.make();
      next.restore({ domains: ["example.com"], ageMs: 3_600_000 });
      bench.answer = down;
      expect(await next.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
      expect(await next.ownersOf("a@example.com", 0)).toBe(absent);
      bench.clock.advance(30_000);
      expect(await next.ownersOf("a@elsewhere.example", 0)).toBe(absent);
    });

    test("does not replace what was read", async () => {
      await bench.gate.warm();
      bench.gate.restore({ domains: ["old.example"], ageMs: 0 });
      expect(bench.gate.ownersOf("a@old.example", 0)).toBe(foreign);
    });

    test("is none after a flush, and where the source does not tell", async () => {
      await bench.gate.warm();
      bench.gate.expire();
      expect(bench.gate.snapshot()).toBeUndefined();
      bench.answer = () => Promise.resolve(undefined);
      const open = bench.make();
      await open.warm();
      expect(open.snapshot()).toBeUndefined();
    });
  });

  test("addresses that appeared make it doubt its set only when the set lacks their domain", async () => {
    await bench.gate.warm();
    bench.gate.doubt(["a@example.com", "b@local.example", "c"]);
    expect(bench.gate.ownersOf("a@new.example", 0)).toBe(foreign);
    bench.answer = () => Promise.resolve(new Set(["example.com", "new.example"]));
    bench.gate.doubt(["a@example.com", "a@new.example"]);
    expect(await bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
    expect(bench.reads).toBe(2);
  });
});
