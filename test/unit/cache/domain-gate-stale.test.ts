/** The gate of hosted domains while its set cannot be read, or not soon. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { absent, foreign, foreignByStaleList } from "../../../src/model/reply.ts";
import { down, GateBench, settle } from "../../support/fakes/gate-bench.ts";

let bench: GateBench;

beforeEach(() => {
  bench = new GateBench();
});

describe("DomainGate", () => {
  test("keeps the set that it has while it cannot be read, says so, and tries no more than once a second", async () => {
    await bench.gate.warm();
    bench.answer = down;
    bench.clock.advance(60_000);
    expect(await bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
    expect(await bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
    expect(bench.reads).toBe(2);
    bench.clock.advance(1_000);
    expect(await bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
    expect(bench.reads).toBe(3);
  });

  describe("while a reading takes long", () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    test("asks the source about what an overdue set lacks, a second after the reading began", async () => {
      await bench.gate.warm();
      bench.answer = () => new Promise(() => {});
      bench.clock.advance(30_000);
      const asked = bench.gate.ownersOf("a@new.example", 0);
      let isAnswered = false;
      void Promise.resolve(asked).then(() => {
        isAnswered = true;
      });
      await vi.advanceTimersByTimeAsync(999);
      expect(isAnswered).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await asked).toBe(absent);
      expect(await bench.gate.ownersOf("a@new.example", 0)).toBe(absent);
      expect(bench.reads).toBe(2);
    });

    test("an overdue set stands when the source fails too, unless it is void or too old", async () => {
      await bench.gate.warm();
      bench.answer = () => new Promise(() => {});
      const hangs = new SourceError("ERR_SOURCE_TIMEOUT", "hangs");
      bench.source = () => Promise.reject(hangs);
      bench.clock.advance(30_000);
      const asked = bench.gate.ownersOf("a@elsewhere.example", 0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await asked).toBe(foreignByStaleList);
      await expect(bench.gate.ownersOf("a@example.com", 0)).rejects.toBe(hangs);
      bench.clock.advance(3_600_000);
      await expect(bench.gate.ownersOf("a@elsewhere.example", 0)).rejects.toBe(hangs);
      bench.gate.expire();
      expect(bench.gate.refusesAfter(hangs, "a@elsewhere.example")).toBeUndefined();
    });

    test("a source that hung is not asked again until the reading has ended; one that failed otherwise is", async () => {
      await bench.gate.warm();
      let end: (domains: ReadonlySet<string>) => void = () => undefined;
      bench.answer = () => new Promise((resolve) => (end = resolve));
      let asked = 0;
      let failure = new SourceError("ERR_SOURCE_SQL", "refused");
      bench.source = () => {
        asked++;
        throw failure;
      };
      bench.clock.advance(30_000);
      const first = bench.gate.ownersOf("a@elsewhere.example", 0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await first).toBe(foreignByStaleList);
      failure = new SourceError("ERR_SOURCE_TIMEOUT", "hangs");
      for (let i = 0; i < 3; i++) expect(await bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreignByStaleList);
      expect(asked).toBe(2);
      end(new Set(["example.com"]));
      await settle();
      expect(bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(foreign);
      bench.clock.advance(30_000);
      const again = bench.gate.ownersOf("a@elsewhere.example", 0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await again).toBe(foreignByStaleList);
      expect(asked).toBe(3);
    });
  });

  test("tells every failure of a reading: lookups do not meet it", async () => {
    bench.answer = () => Promise.reject(new Error("wrong SQL"));
    await bench.gate.warm();
    expect(bench.log.lines).toEqual([
      {
        level: "warn",
        message: "hosted domains could not be read; foreign addresses cost queries",
        fields: { source: "mail", err: new Error("wrong SQL") },
      },
    ]);
    expect(bench.tally.domainReadings).toEqual({ ok: 0, error: 1 });
    bench.answer = () => Promise.resolve(new Set(["example.com"]));
    bench.clock.advance(1_000);
    await bench.gate.warm();
    expect(bench.tally.domainReadings).toEqual({ ok: 1, error: 1 });
    expect(bench.log.lines).toHaveLength(1);
  });

  test("stands open when the set is too old to be served stale", async () => {
    await bench.gate.warm();
    bench.answer = down;
    bench.clock.advance(30_000 + 3_600_000);
    expect(await bench.gate.ownersOf("a@elsewhere.example", 0)).toBe(absent);
  });
});
