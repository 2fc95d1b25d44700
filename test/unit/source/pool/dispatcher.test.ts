/** The way of lookups to sessions: sessions that break, hosts that refuse, deadlines, bounds and the end. Whatever a driver is, this holds. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import type { Cells } from "../../../../src/model/keys.ts";
import { SessionError } from "../../../../src/source/session.ts";
import { codeOf, DispatchBench, hosts, type Question } from "../../../support/fakes/dispatch-bench.ts";
import type { FakeSession } from "../../../support/fakes/fake-session.ts";
import { fakeLog } from "../../../support/fakes/fakes.ts";
import { waitUntil } from "../../../support/wait.ts";

let bench: DispatchBench;

beforeEach(() => {
  bench = new DispatchBench();
});

afterEach(() => bench.dispatcher.close());

describe("Dispatcher", () => {
  test("tries a lookup again when its session breaks, and no more than twice", async () => {
    let breaks = 1;
    bench.server.answer = (question) => {
      if (breaks-- > 0) bench.server.opened.at(-1)?.breakOff();
      return { columns: [], rows: [[question]], resultSetCount: 1 };
    };
    expect(await bench.ask("a")).toEqual([["a"]]);
    breaks = 2;
    expect(await bench.ask("b")).toEqual([["b"]]);
    breaks = 3;
    expect(await codeOf(bench.ask("c"))).toBe("ERR_SOURCE_UNAVAILABLE");
  });

  test("loses no lookup when every session is cut at once, though it meets several of them before that is known", async () => {
    await bench.dispatcher.close();
    const open: typeof bench.server.open = async (...parts) => {
      if (bench.server.opened.length === 4) await waitUntil("all four to have failed", () => asked.length === 4);
      return bench.server.open(...parts);
    };
    const sessions = { source: "mail", hosts, open, poolSize: 4, batchesPerSession: 8, connectTimeoutMs: 1000 };
    const atWork = new Set<FakeSession>();
    const asked: FakeSession[] = [];
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    bench.dispatcher = bench.make({
      sessions: { ...sessions, log: fakeLog(), random: () => 0, prepare: async () => {} },
      serve: async (session, [question], settle) => {
        const { text } = question as Question;
        if (text === "held") {
          atWork.add(session);
          await held;
        } else {
          asked.push(session);
          if (atWork.has(session)) throw new SessionError("connection", "connection reset");
        }
        settle(0, [[text]]);
      },
    });
    const busy: Promise<Cells>[] = [];
    await waitUntil("four sessions to be at work", () => {
      if (atWork.size < 4) busy.push(bench.ask("held"));
      return atWork.size === 4;
    });
    expect(await bench.ask("a")).toEqual([["a"]]);
    expect(asked).toHaveLength(5);
    letGo();
    await Promise.all(busy);
  });

  test("does not repeat what a server gave up on", async () => {
    bench.server.answer = () => {
      throw new SessionError("timeout", "no answer in time");
    };
    expect(await codeOf(bench.ask("b"))).toBe("ERR_SOURCE_TIMEOUT");
    expect(bench.batches.filter(([text]) => text === "b")).toHaveLength(1);
  });

  test("goes on to the next host, and says why none is left", async () => {
    bench.server.down.set(1, new SessionError("refused", "too many connections"));
    expect(await bench.ask("a")).toEqual([["a"]]);
    expect(bench.server.opened.map(({ host }) => host)).toEqual([2]);
    bench.server.down.set(2, new SessionError("connection", "connection refused"));
    for (const session of bench.server.opened) session.breakOff();
    const failure: unknown = await bench.ask("b").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SourceError);
    expect(failure).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect((failure as SourceError).message).toContain("inet:127.0.0.1:1: too many connections");
    bench.server.down.clear();
    await waitUntil("a host to be up again", () => bench.dispatcher.hosts.isAnyUp);
    expect(await bench.ask("c")).toEqual([["c"]]);
  });

  test("keeps no session to a host that is no longer preferred", async () => {
    bench.server.down.set(1, new SessionError("connection", "connection refused"));
    expect(await bench.ask("a")).toEqual([["a"]]);
    const [second] = bench.server.opened.filter(({ host }) => host === 2);
    bench.server.down.clear();
    await waitUntil(
      "the first host to be preferred",
      () => bench.dispatcher.hosts.preferred()?.name === "inet:127.0.0.1:1",
    );
    expect(await bench.ask("b")).toEqual([["b"]]);
    expect(bench.server.opened.at(-1)?.host).toBe(1);
    expect(second?.isOpen).toBe(false);
  });

  test("is served by the one session that the server allows, although it turned the others away first", async () => {
    let letIn = () => {};
    const full = new SessionError("refused", "too many connections");
    const open: typeof bench.server.open = async (...parts) => {
      if (letIn !== none) return Promise.reject(full);
      await new Promise<void>((resolve) => (letIn = resolve));
      return bench.server.open(...parts);
    };
    const none = letIn;
    await bench.remake({}, open);
    const asked = Array.from("abcd", (text) => bench.ask(text));
    await waitUntil("all to be tried", () => letIn !== none);
    letIn();
    expect(await Promise.all(asked)).toEqual(Array.from("abcd", (text) => [[text]]));
    expect(bench.dispatcher.hosts.health()[0]?.isUp).toBe(true);
  });

  test("takes no host out because it refuses a question", async () => {
    await bench.remake({
      serve: async (_, lookups, settle) => {
        for (const i of lookups.keys()) settle(i, new SourceError("ERR_SOURCE_SQL", "no such table"));
      },
    });
    expect(await codeOf(bench.ask("a"))).toBe("ERR_SOURCE_SQL");
    expect(bench.refusals).toBe(1);
    expect(bench.dispatcher.hosts.health().every(({ isUp }) => isUp)).toBe(true);
  });

  test("refuses lookups beyond its bound at once", async () => {
    await bench.remake({ maxWaitingLookups: 2 });
    const asked = [bench.ask("a"), bench.ask("b"), bench.ask("c")];
    expect(await codeOf(asked[2] as Promise<unknown>)).toBe("ERR_SOURCE_OVERLOAD");
    expect(await Promise.all(asked.slice(0, 2))).toEqual([[["a"]], [["b"]]]);
  });

  test("ends a lookup at its deadline, whether it waits for a session or for the server", async () => {
    let letGo = () => {};
    bench.server.answer = () =>
      new Promise((resolve) => (letGo = () => resolve({ columns: [], rows: [], resultSetCount: 1 })));
    const held = Array.from("ab", (text) => codeOf(bench.ask(text, performance.now() + 100)));
    expect(await Promise.all(held)).toEqual(["ERR_SOURCE_TIMEOUT", "ERR_SOURCE_TIMEOUT"]);
    letGo();
  });

  test("passes a bug on, and uses its session no more", async () => {
    let isBroken = true;
    bench.server.answer = () => {
      if (isBroken) throw new TypeError("a bug");
      return { columns: [], rows: [], resultSetCount: 1 };
    };
    await expect(bench.ask("a")).rejects.toThrow("a bug");
    expect(bench.server.opened[0]?.isOpen).toBe(false);
    isBroken = false;
    expect(await bench.ask("b")).toEqual([["b"]]);
  });

  test("lets lookups under way end before it closes, and takes none after", async () => {
    const asked = bench.ask("a");
    const closed = bench.dispatcher.close();
    expect(await asked).toEqual([["a"]]);
    await closed;
    expect(bench.server.opened.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(await codeOf(bench.ask("b"))).toBe("ERR_SOURCE_CLOSED");
  });
});
