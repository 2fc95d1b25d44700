import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DomainGate } from "../../../src/cache/domain-gate.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { type Answer, absent, foreign, foreignByStaleList } from "../../../src/model/reply.ts";
import { cacheTally } from "../../../src/model/tally.ts";
import { type FakeClock, type FakeLog, fakeClock, fakeLog } from "../../support/fakes/fakes.ts";

const rules = {
  refreshMs: 30_000,
  staleIfErrorMs: 3_600_000,
  timeoutMs: 10_000,
  localDomains: new Set(["local.example"]),
};

let clock: FakeClock;
let gate: DomainGate;
let reads: number;
let log: FakeLog;
let tally: ReturnType<typeof cacheTally>;
let source: () => Answer | Promise<Answer>;
let answer: () => Promise<ReadonlySet<string> | undefined>;

beforeEach(() => {
  clock = fakeClock();
  reads = 0;
  log = fakeLog();
  tally = cacheTally();
  source = () => absent;
  answer = () => Promise.resolve(new Set(["example.com"]));
  gate = make();
});

function make(changes: Partial<typeof rules> = {}): DomainGate {
  return new DomainGate(
    { ...rules, ...changes },
    {
      clock,
      log,
      tally,
      source: { ownersOf: () => source() },
      database: {
        name: "mail",
        hostedDomains: () => {
          reads++;
          return answer();
        },
      },
    },
  );
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

const down = () => Promise.reject(new Error("down"));

describe("DomainGate", () => {
  test("stands open until the set is read", async () => {
    expect(gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
    await settle();
    expect(gate.ownersOf("a@elsewhere.example", 0)).toBe(foreign);
    expect(reads).toBe(1);
  });

  test("lets hosted domains, local domains and bare localparts pass", async () => {
    await gate.warm();
    expect(gate.ownersOf("a@example.com", 0)).toBe(absent);
    expect(gate.ownersOf("@example.com", 0)).toBe(absent);
    expect(gate.ownersOf("a@local.example", 0)).toBe(absent);
    expect(gate.ownersOf("a", 0)).toBe(absent);
    expect(gate.ownersOf("@elsewhere.example", 0)).toBe(foreign);
  });

  test("stands open when the source cannot tell its domains", async () => {
    answer = () => Promise.resolve(undefined);
    await gate.warm();
    expect(gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
  });

  test("in use, reads the set again before its lifetime ends, without anybody waiting", async () => {
    await gate.warm();
    answer = () => Promise.resolve(new Set(["new.example"]));
    clock.advance(22_499);
    expect(gate.ownersOf("a@new.example", 0)).toBe(foreign);
    expect(reads).toBe(1);
    clock.advance(1);
    expect(gate.ownersOf("a@new.example", 0)).toBe(foreign);
    await settle();
    expect(gate.ownersOf("a@new.example", 0)).toBe(absent);
    expect(reads).toBe(2);
  });

  test("with a lifetime below a second it is read as often as that says", async () => {
    const quick = make({ refreshMs: 300 });
    await quick.warm();
    for (let i = 0; i < 3; i++) {
      clock.advance(300);
      void quick.ownersOf("a@elsewhere.example", 0);
      await settle();
    }
    expect(reads).toBe(4);
  });

  test("a set older than negative_ttl is read before it refuses anybody, so that a new domain is never refused for longer", async () => {
    await gate.warm();
    answer = () => Promise.resolve(new Set(["new.example"]));
    clock.advance(30_000);
    const [added, elsewhere] = [gate.ownersOf("a@new.example", 0), gate.ownersOf("a@elsewhere.example", 0)];
    expect(await added).toBe(absent);
    expect(await elsewhere).toBe(foreign);
    expect(reads).toBe(2);
  });

  test("keeps the set that it has while it cannot be read, says so, and tries no more than once a second", async () => {
    await gate.warm();
    answer = down;
    clock.advance(60_000);
    expect(await gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
    expect(await gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
    expect(reads).toBe(2);
    clock.advance(1_000);
    expect(await gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
    expect(reads).toBe(3);
  });

  describe("while a reading takes long", () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    test("asks the source about what an overdue set lacks, a second after the reading began", async () => {
      await gate.warm();
      answer = () => new Promise(() => {});
      clock.advance(30_000);
      const asked = gate.ownersOf("a@new.example", 0);
      let isAnswered = false;
      void Promise.resolve(asked).then(() => {
        isAnswered = true;
      });
      await vi.advanceTimersByTimeAsync(999);
      expect(isAnswered).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await asked).toBe(absent);
      expect(await gate.ownersOf("a@new.example", 0)).toBe(absent);
      expect(reads).toBe(2);
    });

    test("an overdue set stands when the source fails too, unless it is void or too old", async () => {
      await gate.warm();
      answer = () => new Promise(() => {});
      const hangs = new SourceError("ERR_SOURCE_TIMEOUT", "hangs");
      source = () => Promise.reject(hangs);
      clock.advance(30_000);
      const asked = gate.ownersOf("a@elsewhere.example", 0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await asked).toBe(foreignByStaleList);
      await expect(gate.ownersOf("a@example.com", 0)).rejects.toBe(hangs);
      clock.advance(3_600_000);
      await expect(gate.ownersOf("a@elsewhere.example", 0)).rejects.toBe(hangs);
      gate.expire();
      expect(gate.refusesAfter(hangs, "a@elsewhere.example")).toBeUndefined();
    });

    test("a source that hung is not asked again until the reading has ended; one that failed otherwise is", async () => {
      await gate.warm();
      let end: (domains: ReadonlySet<string>) => void = () => undefined;
      answer = () => new Promise((resolve) => (end = resolve));
      let asked = 0;
      let failure = new SourceError("ERR_SOURCE_SQL", "refused");
      source = () => {
        asked++;
        throw failure;
      };
      clock.advance(30_000);
      const first = gate.ownersOf("a@elsewhere.example", 0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await first).toBe(foreignByStaleList);
      failure = new SourceError("ERR_SOURCE_TIMEOUT", "hangs");
      for (let i = 0; i < 3; i++) expect(await gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
      expect(asked).toBe(2);
      end(new Set(["example.com"]));
      await settle();
      expect(gate.ownersOf("a@elsewhere.example", 0)).toBe(foreign);
      clock.advance(30_000);
      const again = gate.ownersOf("a@elsewhere.example", 0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await again).toBe(foreignByStaleList);
      expect(asked).toBe(3);
    });
  });

  test("tells every failure of a reading: lookups do not meet it", async () => {
    answer = () => Promise.reject(new Error("wrong SQL"));
    await gate.warm();
    expect(log.lines).toEqual([
      {
        level: "warn",
        message: "hosted domains could not be read; foreign addresses cost queries",
        fields: { source: "mail", err: new Error("wrong SQL") },
      },
    ]);
    expect(tally.domainReadings).toEqual({ ok: 0, error: 1 });
    answer = () => Promise.resolve(new Set(["example.com"]));
    clock.advance(1_000);
    await gate.warm();
    expect(tally.domainReadings).toEqual({ ok: 1, error: 1 });
    expect(log.lines).toHaveLength(1);
  });

  test("stands open when the set is too old to be served stale", async () => {
    await gate.warm();
    answer = down;
    clock.advance(30_000 + 3_600_000);
    expect(await gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
  });

  test("a flush makes the next foreign address wait for a new set", async () => {
    await gate.warm();
    answer = () => Promise.resolve(new Set(["example.com", "new.example"]));
    gate.expire();
    expect(await gate.ownersOf("a@new.example", 0)).toBe(absent);
  });

  test("after a flush no address is refused by the set until it could be read again", async () => {
    await gate.warm();
    answer = down;
    gate.expire();
    expect(await gate.ownersOf("a@new.example", 0)).toBe(absent);
    expect(gate.ownersOf("a@new.example", 0)).toBe(absent);
    answer = () => Promise.resolve(new Set(["example.com"]));
    clock.advance(1_000);
    expect(await gate.ownersOf("a@new.example", 0)).toBe(foreign);
  });

  test("a reading that began before a flush is not believed", async () => {
    let release: (domains: ReadonlySet<string>) => void = () => undefined;
    answer = () => new Promise((resolve) => (release = resolve));
    const warm = gate.warm();
    gate.expire();
    answer = () => Promise.resolve(new Set(["new.example"]));
    release(new Set(["old.example"]));
    await warm;
    expect(gate.ownersOf("a@new.example", 0)).toBe(absent);
    await settle();
    expect(gate.ownersOf("a@old.example", 0)).toBe(foreign);
  });

  test("a failed reading that a flush overtook changes nothing", async () => {
    let fail: (error: Error) => void = () => undefined;
    answer = () => new Promise((_resolve, reject) => (fail = reject));
    const warm = gate.warm();
    gate.expire();
    fail(new Error("down"));
    await warm;
    // It does not count as a failure either, after which a second would have to pass.
    answer = () => Promise.resolve(new Set(["example.com"]));
    expect(await gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
    await settle();
    expect(gate.ownersOf("a@elsewhere.example", 0)).toBe(foreign);
  });

  describe("a snapshot of the set", () => {
    test("is believed until the source can be read, its age going on", async () => {
      await gate.warm();
      clock.advance(10_000);
      const kept = gate.snapshot();
      expect(kept).toEqual({ domains: ["example.com"], ageMs: 10_000 });
      const next = make();
      next.restore({ domains: ["example.com"], ageMs: 3_600_000 });
      answer = down;
      expect(await next.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
      expect(await next.ownersOf("a@example.com", 0)).toBe(absent);
      clock.advance(30_000);
      expect(await next.ownersOf("a@elsewhere.example", 0)).toBe(absent);
    });

    test("does not replace what was read", async () => {
      await gate.warm();
      gate.restore({ domains: ["old.example"], ageMs: 0 });
      expect(gate.ownersOf("a@old.example", 0)).toBe(foreign);
    });

    test("is none after a flush, and where the source does not tell", async () => {
      await gate.warm();
      gate.expire();
      expect(gate.snapshot()).toBeUndefined();
      answer = () => Promise.resolve(undefined);
      const open = make();
      await open.warm();
      expect(open.snapshot()).toBeUndefined();
    });
  });

  test("addresses that appeared make it doubt its set only when the set lacks their domain", async () => {
    await gate.warm();
    gate.doubt(["a@example.com", "b@local.example", "c"]);
    expect(gate.ownersOf("a@new.example", 0)).toBe(foreign);
    answer = () => Promise.resolve(new Set(["example.com", "new.example"]));
    gate.doubt(["a@example.com", "a@new.example"]);
    expect(await gate.ownersOf("a@new.example", 0)).toBe(absent);
    expect(reads).toBe(2);
  });
});
