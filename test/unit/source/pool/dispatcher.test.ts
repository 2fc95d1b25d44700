/** The way of lookups to sessions, over a server that is no database we know: whatever a driver is, this holds. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import type { Cells } from "../../../../src/model/keys.ts";
import type { Endpoint } from "../../../../src/model/settings.ts";
import { Dispatcher, type DispatcherOptions } from "../../../../src/source/pool/dispatcher.ts";
import type { Batchable } from "../../../../src/source/pool/queue.ts";
import { SessionError } from "../../../../src/source/session.ts";
import { FakeServer, type FakeSession } from "../../../support/fakes/fake-session.ts";
import { fakeLog } from "../../../support/fakes/fakes.ts";
import { waitUntil } from "../../../support/wait.ts";

interface Question extends Batchable {
  readonly text: string;
}

const hosts: readonly Endpoint[] = [1, 2].map((port) => ({ kind: "inet", host: "127.0.0.1", port }));
const longMs = 60_000;

let server: FakeServer;
let batches: string[][];
let refusals: number;
let dispatcher: Dispatcher<FakeSession, Question>;

beforeEach(() => {
  server = new FakeServer();
  batches = [];
  refusals = 0;
  dispatcher = make();
});

afterEach(() => dispatcher.close());

/** Each question finds its own text, on whichever session it is asked. */
function make(
  options: Partial<DispatcherOptions<FakeSession, Question>> = {},
  open = server.open,
): Dispatcher<FakeSession, Question> {
  return new Dispatcher<FakeSession, Question>({
    sessions: {
      source: "mail",
      hosts,
      open,
      poolSize: 2,
      connectTimeoutMs: 1000,
      log: fakeLog(),
      random: () => 0,
      prepare: async () => {},
    },
    clock: { nowMs: () => performance.now() },
    maxWaitingLookups: 100,
    maxArms: 24,
    serve: async (session, lookups, settle) => {
      batches.push(lookups.map(({ text }) => text));
      await session.run(lookups.map(({ text }) => text).join(" + "));
      for (const [i, { text }] of lookups.entries()) settle(i, [[text]]);
    },
    onRefused: () => refusals++,
    ...options,
  });
}

function ask(text: string, deadlineMs = performance.now() + longMs, arms = 1): Promise<Cells> {
  return dispatcher.ask(() => ({ text, shape: "plain", arms: Array.from({ length: arms }) }), deadlineMs);
}

const codeOf = (asked: Promise<unknown>) => asked.then(String, (error: SourceError) => error.code);

describe("Dispatcher", () => {
  test("asks lookups that come in one turn together, in twos, fours and so on", async () => {
    const asked = Array.from("abcdefg", (text) => ask(text));
    expect(await Promise.all(asked)).toEqual(Array.from("abcdefg", (text) => [[text]]));
    expect(batches.map(({ length }) => length).sort()).toEqual([1, 2, 4]);
  });

  test("puts no more questions into one statement than the database may get", async () => {
    await dispatcher.close();
    dispatcher = make({ maxArms: 6 });
    await Promise.all(Array.from("abcd", (text) => ask(text, performance.now() + longMs, 3)));
    expect(batches.map(({ length }) => length)).toEqual([2, 2]);
  });

  test("asks lookups of different shapes apart", async () => {
    const bind = (text: string, shape: string) => () => ({ text, shape, arms: [0] });
    const deadlineMs = performance.now() + longMs;
    const asked = [dispatcher.ask(bind("a", "x"), deadlineMs), dispatcher.ask(bind("b", "y"), deadlineMs)];
    expect(await Promise.all(asked)).toEqual([[["a"]], [["b"]]]);
    expect(batches.sort()).toEqual([["a"], ["b"]]);
  });

  test("tries a lookup again when its session breaks, and no more than twice", async () => {
    let breaks = 1;
    server.answer = (question) => {
      if (breaks-- > 0) server.opened.at(-1)?.breakOff();
      return { columns: [], rows: [[question]], resultSetCount: 1 };
    };
    expect(await ask("a")).toEqual([["a"]]);
    breaks = 2;
    expect(await ask("b")).toEqual([["b"]]);
    breaks = 3;
    expect(await codeOf(ask("c"))).toBe("ERR_SOURCE_UNAVAILABLE");
  });

  test("loses no lookup when every session is cut at once, though it meets several of them before that is known", async () => {
    await dispatcher.close();
    const open: typeof server.open = async (...parts) => {
      if (server.opened.length === 4) await waitUntil("all four to have failed", () => asked.length === 4);
      return server.open(...parts);
    };
    const sessions = { source: "mail", hosts, open, poolSize: 4, batchesPerSession: 8, connectTimeoutMs: 1000 };
    const atWork = new Set<FakeSession>();
    const asked: FakeSession[] = [];
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    dispatcher = make({
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
      if (atWork.size < 4) busy.push(ask("held"));
      return atWork.size === 4;
    });
    expect(await ask("a")).toEqual([["a"]]);
    expect(asked).toHaveLength(5);
    letGo();
    await Promise.all(busy);
  });

  test("does not repeat what a server gave up on", async () => {
    server.answer = () => {
      throw new SessionError("timeout", "no answer in time");
    };
    expect(await codeOf(ask("b"))).toBe("ERR_SOURCE_TIMEOUT");
    expect(batches.filter(([text]) => text === "b")).toHaveLength(1);
  });

  test("goes on to the next host, and says why none is left", async () => {
    server.down.set(1, new SessionError("refused", "too many connections"));
    expect(await ask("a")).toEqual([["a"]]);
    expect(server.opened.map(({ host }) => host)).toEqual([2]);
    server.down.set(2, new SessionError("connection", "connection refused"));
    for (const session of server.opened) session.breakOff();
    const failure: unknown = await ask("b").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SourceError);
    expect(failure).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect((failure as SourceError).message).toContain("inet:127.0.0.1:1: too many connections");
    server.down.clear();
    await waitUntil("a host to be up again", () => dispatcher.hosts.isAnyUp);
    expect(await ask("c")).toEqual([["c"]]);
  });

  test("keeps no session to a host that is no longer preferred", async () => {
    server.down.set(1, new SessionError("connection", "connection refused"));
    expect(await ask("a")).toEqual([["a"]]);
    const [second] = server.opened.filter(({ host }) => host === 2);
    server.down.clear();
    await waitUntil("the first host to be preferred", () => dispatcher.hosts.preferred()?.name === "inet:127.0.0.1:1");
    expect(await ask("b")).toEqual([["b"]]);
    expect(server.opened.at(-1)?.host).toBe(1);
    expect(second?.isOpen).toBe(false);
  });

  test("is served by the one session that the server allows, although it turned the others away first", async () => {
    let letIn = () => {};
    const full = new SessionError("refused", "too many connections");
    const open: typeof server.open = async (...parts) => {
      if (letIn !== none) return Promise.reject(full);
      await new Promise<void>((resolve) => (letIn = resolve));
      return server.open(...parts);
    };
    const none = letIn;
    await dispatcher.close();
    dispatcher = make({}, open);
    const asked = Array.from("abcd", (text) => ask(text));
    await waitUntil("all to be tried", () => letIn !== none);
    letIn();
    expect(await Promise.all(asked)).toEqual(Array.from("abcd", (text) => [[text]]));
    expect(dispatcher.hosts.health()[0]?.isUp).toBe(true);
  });

  test("takes no host out because it refuses a question", async () => {
    await dispatcher.close();
    dispatcher = make({
      serve: async (_, lookups, settle) => {
        for (const i of lookups.keys()) settle(i, new SourceError("ERR_SOURCE_SQL", "no such table"));
      },
    });
    expect(await codeOf(ask("a"))).toBe("ERR_SOURCE_SQL");
    expect(refusals).toBe(1);
    expect(dispatcher.hosts.health().every(({ isUp }) => isUp)).toBe(true);
  });

  describe("with a server that tells answers apart", () => {
    let held: Map<string, () => void>;

    /** Each question is answered when it is let go, and the session breaks at the one that says so. */
    const serve: DispatcherOptions<FakeSession, Question>["serve"] = async (session, lookups, settle) => {
      batches.push(lookups.map(({ text }) => text));
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
      await dispatcher.close();
      batches = [];
      const sessions = {
        source: "mail",
        hosts,
        open: server.open,
        poolSize: 1,
        batchesPerSession: 2,
        connectTimeoutMs: 1000,
      };
      dispatcher = make({ serve, sessions: { ...sessions, log: fakeLog(), random: () => 0, prepare: async () => {} } });
    });

    test("settles each lookup of a batch when it is ready", async () => {
      const [slow, ...others] = ["slow", "a", "b", "c"].map((text) => ask(text));
      expect(await Promise.all(others)).toEqual([[["a"]], [["b"]], [["c"]]]);
      expect(batches).toEqual([["slow", "a", "b", "c"]]);
      held.get("slow")?.();
      expect(await slow).toEqual([["slow"]]);
    });

    test("asks on a session at work what comes meanwhile, as far as it has room", async () => {
      const slow = [ask("slow 1"), ask("slow 2")];
      await waitUntil("both to be asked", () => held.size === 2);
      expect(await ask("a")).toEqual([["a"]]);
      slow.push(ask("slow 3"));
      await waitUntil("the third to be asked", () => held.size === 3);
      const waiting = ask("b");
      const asked = batches.length;
      held.get("slow 3")?.();
      expect(await waiting).toEqual([["b"]]);
      expect(batches.slice(asked)).toEqual([["b"]]);
      expect(server.opened).toHaveLength(1);
      for (const letGo of held.values()) letGo();
      await Promise.all(slow);
    });

    test("tries again on the next host only what was not settled when a session broke", async () => {
      const [broken, a] = [ask("slow breaking"), ask("a")];
      expect(await a).toEqual([["a"]]);
      held.get("slow breaking")?.();
      await waitUntil("the next host to be asked", () => batches.length === 2);
      held.get("slow breaking")?.();
      expect(await broken).toEqual([["slow breaking"]]);
      expect(batches).toEqual([["slow breaking", "a"], ["slow breaking"]]);
      expect(server.opened.map(({ host }) => host)).toEqual([1, 2]);
      expect(dispatcher.hosts.health()[0]).toMatchObject({ isUp: false, reason: "busy" });
    });
  });

  test("refuses lookups beyond its bound at once", async () => {
    await dispatcher.close();
    dispatcher = make({ maxWaitingLookups: 2 });
    const asked = [ask("a"), ask("b"), ask("c")];
    expect(await codeOf(asked[2] as Promise<unknown>)).toBe("ERR_SOURCE_OVERLOAD");
    expect(await Promise.all(asked.slice(0, 2))).toEqual([[["a"]], [["b"]]]);
  });

  test("ends a lookup at its deadline, whether it waits for a session or for the server", async () => {
    let letGo = () => {};
    server.answer = () =>
      new Promise((resolve) => (letGo = () => resolve({ columns: [], rows: [], resultSetCount: 1 })));
    const held = Array.from("ab", (text) => codeOf(ask(text, performance.now() + 100)));
    expect(await Promise.all(held)).toEqual(["ERR_SOURCE_TIMEOUT", "ERR_SOURCE_TIMEOUT"]);
    letGo();
  });

  test("passes a bug on, and uses its session no more", async () => {
    let isBroken = true;
    server.answer = () => {
      if (isBroken) throw new TypeError("a bug");
      return { columns: [], rows: [], resultSetCount: 1 };
    };
    await expect(ask("a")).rejects.toThrow("a bug");
    expect(server.opened[0]?.isOpen).toBe(false);
    isBroken = false;
    expect(await ask("b")).toEqual([["b"]]);
  });

  test("lets lookups under way end before it closes, and takes none after", async () => {
    const asked = ask("a");
    const closed = dispatcher.close();
    expect(await asked).toEqual([["a"]]);
    await closed;
    expect(server.opened.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(await codeOf(ask("b"))).toBe("ERR_SOURCE_CLOSED");
  });
});
