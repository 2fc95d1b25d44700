/** The way of lookups to sessions: which are asked together, and when each is settled. Whatever a driver is, this holds. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DispatcherOptions } from "../../../../src/source/pool/dispatcher.ts";
import { SessionError } from "../../../../src/source/session.ts";
import { DispatchBench, hosts, longMs, type Question } from "../../../support/fakes/dispatch-bench.ts";
import type { FakeSession } from "../../../support/fakes/fake-session.ts";
import { fakeLog } from "../../../support/fakes/fakes.ts";
import { waitUntil } from "../../../support/wait.ts";

let bench: DispatchBench;

beforeEach(() => {
  bench = new DispatchBench();
});

afterEach(() => bench.dispatcher.close());

describe("Dispatcher", () => {
  test("asks lookups that come in one turn together, in twos, fours and so on", async () => {
    const asked = Array.from("abcdefg", (text) => bench.ask(text));
    expect(await Promise.all(asked)).toEqual(Array.from("abcdefg", (text) => [[text]]));
    expect(bench.batches.map(({ length }) => length).sort()).toEqual([1, 2, 4]);
  });

  test("puts no more questions into one statement than the database may get", async () => {
    await bench.remake({ maxArms: 6 });
    await Promise.all(Array.from("abcd", (text) => bench.ask(text, performance.now() + longMs, 3)));
    expect(bench.batches.map(({ length }) => length)).toEqual([2, 2]);
  });

  test("asks lookups of different shapes apart", async () => {
    const bind = (text: string, shape: string) => () => ({ text, shape, arms: [0] });
    const deadlineMs = performance.now() + longMs;
    const asked = [bench.dispatcher.ask(bind("a", "x"), deadlineMs), bench.dispatcher.ask(bind("b", "y"), deadlineMs)];
    expect(await Promise.all(asked)).toEqual([[["a"]], [["b"]]]);
    expect(bench.batches.sort()).toEqual([["a"], ["b"]]);
  });

  describe("with a server that tells answers apart", () => {
    let held: Map<string, () => void>;

    /** Each question is answered when it is let go, and the session breaks at the one that says so. */
    const serve: DispatcherOptions<FakeSession, Question>["serve"] = async (session, lookups, settle) => {
      bench.batches.push(lookups.map(({ text }) => text));
      await Promise.all(
        lookups.map(async ({ text }, i) => {
          if (text.startsWith("slow")) await new Promise<void>((resolve) => held.set(text, resolve));
          if (text === "slow breaking" && session.host === 1) throw new SessionError("refused", "busy");
          settle(i, [[text]]);
        }),
      );
    };

    beforeEach(async () => {
      held = new Map();
      await bench.dispatcher.close();
      bench.batches = [];
      const sessions = {
        source: "mail",
        hosts,
        open: bench.server.open,
        poolSize: 1,
        batchesPerSession: 2,
        connectTimeoutMs: 1000,
      };
      bench.dispatcher = bench.make({
        serve,
        sessions: { ...sessions, log: fakeLog(), random: () => 0, prepare: async () => {} },
      });
    });

    test("settles each lookup of a batch when it is ready", async () => {
      const [slow, ...others] = ["slow", "a", "b", "c"].map((text) => bench.ask(text));
      expect(await Promise.all(others)).toEqual([[["a"]], [["b"]], [["c"]]]);
      expect(bench.batches).toEqual([["slow", "a", "b", "c"]]);
      held.get("slow")?.();
      expect(await slow).toEqual([["slow"]]);
    });

    test("asks on a session at work what comes meanwhile, as far as it has room", async () => {
      const slow = [bench.ask("slow 1"), bench.ask("slow 2")];
      await waitUntil("both to be asked", () => held.size === 2);
      expect(await bench.ask("a")).toEqual([["a"]]);
      slow.push(bench.ask("slow 3"));
      await waitUntil("the third to be asked", () => held.size === 3);
      const waiting = bench.ask("b");
      const asked = bench.batches.length;
      held.get("slow 3")?.();
      expect(await waiting).toEqual([["b"]]);
      expect(bench.batches.slice(asked)).toEqual([["b"]]);
      expect(bench.server.opened).toHaveLength(1);
      for (const letGo of held.values()) letGo();
      await Promise.all(slow);
    });

    test("tries again on the next host only what was not settled when a session broke", async () => {
      const [broken, a] = [bench.ask("slow breaking"), bench.ask("a")];
      expect(await a).toEqual([["a"]]);
      held.get("slow breaking")?.();
      await waitUntil("the next host to be asked", () => bench.batches.length === 2);
      held.get("slow breaking")?.();
      expect(await broken).toEqual([["slow breaking"]]);
      expect(bench.batches).toEqual([["slow breaking", "a"], ["slow breaking"]]);
      expect(bench.server.opened.map(({ host }) => host)).toEqual([1, 2]);
      expect(bench.dispatcher.hosts.health()[0]).toMatchObject({ isUp: false, reason: "busy" });
    });
  });
});
