import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Endpoint } from "../../../../src/model/settings.ts";
import { type Host, Hosts, type ProbeResult } from "../../../../src/source/pool/hosts.ts";
import { fakeLog } from "../../../support/fakes/fakes.ts";

const inet = (port: number): Endpoint => ({ kind: "inet", host: "127.0.0.1", port });
const unix: Endpoint = { kind: "unix", path: "/run/db.sock" };

let answer: ProbeResult | Promise<ProbeResult>;
let probed: string[];
let changes: string[];
let hosts: Hosts;
let log: ReturnType<typeof fakeLog>;

beforeEach(() => {
  vi.useFakeTimers();
  answer = { kind: "up" };
  probed = [];
  changes = [];
  log = fakeLog();
  hosts = make([inet(1), inet(2), unix]);
});

afterEach(() => {
  hosts.close();
  vi.useRealTimers();
});

function make(endpoints: readonly Endpoint[], random = () => 0): Hosts {
  return new Hosts(endpoints, {
    source: "mail",
    clock: { nowMs: () => Date.now() },
    log,
    random,
    probe: ({ endpoint }) => {
      probed.push(endpoint.kind === "unix" ? "unix" : String(endpoint.port));
      return Promise.resolve(answer);
    },
    onChange: (host) => changes.push(`${host.name} ${host.isUp ? "up" : "down"}`),
  });
}

const first = () => hosts.preferred() as Host;

describe("Hosts", () => {
  test("prefers unix sockets, then the order of the configuration", () => {
    expect(hosts.inOrder().map(({ name }) => name)).toEqual([
      "unix:/run/db.sock",
      "inet:127.0.0.1:1",
      "inet:127.0.0.1:2",
    ]);
    expect(first().name).toBe("unix:/run/db.sock");
  });

  test("goes on to the next host when one is taken out, and back when a probe finds it", async () => {
    hosts.takeOut(first(), "connection refused");
    expect(first().name).toBe("inet:127.0.0.1:1");
    expect(hosts.health()[0]).toEqual({ endpoint: "unix:/run/db.sock", isUp: false, reason: "connection refused" });
    await vi.advanceTimersByTimeAsync(50);
    expect(probed).toEqual(["unix"]);
    expect(first().name).toBe("unix:/run/db.sock");
    expect(changes).toEqual(["unix:/run/db.sock down", "unix:/run/db.sock up"]);
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "warn database host is down",
      "info database host is up again",
    ]);
  });

  test("has no host when all are out, and says why of each", () => {
    for (const reason of ["a", "b", "c"]) hosts.takeOut(first(), reason);
    expect(hosts.preferred()).toBeUndefined();
    expect(hosts.reason()).toBe("unix:/run/db.sock: a; inet:127.0.0.1:1: b; inet:127.0.0.1:2: c");
  });

  test("backs off to half a second and no further, so that a host is back within a second of its return", async () => {
    answer = { kind: "dead", reason: "still refused" };
    hosts.takeOut(first(), "refused");
    await vi.advanceTimersByTimeAsync(50 + 100 + 200 + 400);
    expect(probed).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(10 * 500);
    expect(probed).toHaveLength(14);
    expect(hosts.health()[0]?.reason).toBe("still refused");
    answer = { kind: "up" };
    await vi.advanceTimersByTimeAsync(500);
    expect(first().name).toBe("unix:/run/db.sock");
  });

  test("shortens each delay by up to a quarter, so that daemons do not probe in step", async () => {
    hosts.close();
    hosts = make([unix], () => 0.999);
    hosts.takeOut(first(), "refused");
    await vi.advanceTimersByTimeAsync(38);
    expect(probed).toHaveLength(1);
  });

  test("keeps a host out that turns us away", async () => {
    answer = { kind: "refused", reason: "access denied" };
    hosts.takeOut(first(), "x");
    await vi.advanceTimersByTimeAsync(50);
    expect(hosts.health()[0]).toMatchObject({ isUp: false, reason: "access denied" });
  });

  test("leaves a host in that answers a check: a slow query is no dead server", async () => {
    hosts.check(first());
    await vi.advanceTimersByTimeAsync(5_000);
    expect(probed).toEqual(["unix"]);
    expect(changes).toEqual([]);
  });

  test("leaves a host in that refuses another connection while it is checked", async () => {
    answer = { kind: "refused", reason: "too many connections" };
    hosts.check(first());
    await vi.advanceTimersByTimeAsync(5_000);
    expect(changes).toEqual([]);
  });

  test("takes a host out that is dead when it is checked", async () => {
    answer = { kind: "dead", reason: "connection reset" };
    hosts.check(first());
    await vi.advanceTimersByTimeAsync(0);
    expect(hosts.health()[0]).toMatchObject({ isUp: false, reason: "connection reset" });
  });

  test("takes a host out that gives no sign of life for a second, and asks it one thing at a time", async () => {
    let end: (result: ProbeResult) => void = () => {};
    answer = new Promise((resolve) => {
      end = resolve;
    });
    const hung = first();
    hosts.check(hung);
    hosts.check(hung);
    await vi.advanceTimersByTimeAsync(999);
    expect(hung.isUp).toBe(true);
    await vi.advanceTimersByTimeAsync(2);
    expect(hosts.health()[0]).toMatchObject({ isUp: false, reason: "accepts connections but does not answer" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(probed).toEqual(["unix"]);
    // The server goes on: the probe that waited in its queue is answered, and the host is back at once.
    end({ kind: "up" });
    await vi.advanceTimersByTimeAsync(0);
    expect(hung.isUp).toBe(true);
  });

  test("suspects a host that is dead when nobody uses it: it counts as down, and a lookup without another tries it", async () => {
    hosts.close();
    hosts = make([inet(1)]);
    answer = { kind: "dead", reason: "refused" };
    hosts.checkIdle(first());
    await vi.advanceTimersByTimeAsync(0);
    expect(hosts.isAnyUp).toBe(false);
    expect(hosts.health()[0]).toMatchObject({ isUp: false, reason: "refused" });
    expect(first().name).toBe("inet:127.0.0.1:1");
    hosts.takeOut(first(), "still refused");
    expect(hosts.preferred()).toBeUndefined();
    expect(hosts.reason()).toBe("inet:127.0.0.1:1: still refused");
    expect(log.lines.map(({ message }) => message)).toEqual(["database host is down"]);
    answer = { kind: "up" };
    await vi.advanceTimersByTimeAsync(50);
    expect(hosts.isAnyUp).toBe(true);
    expect(probed).toEqual(["1", "1"]);
  });

  test("prefers a host that is up to one under suspicion, and takes that back in when a connection works", () => {
    const suspect = first();
    hosts.suspect(suspect, "refused");
    expect(first().name).toBe("inet:127.0.0.1:1");
    hosts.takeIn(suspect);
    expect(first()).toBe(suspect);
    expect(hosts.health()[0]).toMatchObject({ isUp: true, reason: "" });
  });

  test("takes a host out that hangs when a lookup came to wait for it during the check of an idle one", async () => {
    hosts.close();
    hosts = make([inet(1)]);
    answer = new Promise(() => {});
    hosts.checkIdle(first());
    hosts.check(first());
    await vi.advanceTimersByTimeAsync(1_001);
    expect(hosts.preferred()).toBeUndefined();
  });

  test("leaves a host in that answers anybody while its check waits: a machine that is busy is no dead server", async () => {
    answer = new Promise(() => {});
    const host = first();
    hosts.check(host);
    await vi.advanceTimersByTimeAsync(500);
    hosts.noteAnswer(host);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(changes).toEqual([]);
  });

  test("leaves a host in whose check fails while a connection of somebody else worked meanwhile", async () => {
    let end: (result: ProbeResult) => void = () => {};
    answer = new Promise((resolve) => {
      end = resolve;
    });
    const host = first();
    hosts.check(host);
    hosts.takeIn(host);
    end({ kind: "dead", reason: "connection reset" });
    await vi.advanceTimersByTimeAsync(0);
    expect(changes).toEqual([]);
  });

  test("counts as a sign of life every answer, every connection that worked and every probe that did", async () => {
    const host = first();
    const before = hosts.signsOfLife(host);
    hosts.noteAnswer(host);
    expect(hosts.signsOfLife(host)).toBe(before + 1);
    hosts.takeIn(host);
    expect(hosts.signsOfLife(host)).toBe(before + 2);
    hosts.check(host);
    await vi.advanceTimersByTimeAsync(0);
    expect(hosts.signsOfLife(host)).toBe(before + 3);
    answer = { kind: "refused", reason: "too many connections" };
    hosts.check(host);
    await vi.advanceTimersByTimeAsync(0);
    expect(hosts.signsOfLife(host)).toBe(before + 3);
  });

  test("an answer of before the check is no sign of life", async () => {
    answer = new Promise(() => {});
    const host = first();
    hosts.noteAnswer(host);
    hosts.check(host);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(host.isUp).toBe(false);
  });

  test("reads what has arrived before it gives its verdict, when this process was kept from running", async () => {
    let end: (result: ProbeResult) => void = () => {};
    answer = new Promise((resolve) => {
      end = resolve;
    });
    const host = first();
    hosts.check(host);
    // What the sockets have comes after the timers of a turn.
    setTimeout(() => setImmediate(() => end({ kind: "up" })), 999);
    vi.advanceTimersByTime(1_000);
    await vi.advanceTimersByTimeAsync(10);
    expect(changes).toEqual([]);
  });

  test("does not believe a probe that began before a lookup's connection worked", async () => {
    let end: (result: ProbeResult) => void = () => {};
    const host = first();
    hosts.suspect(host, "refused");
    answer = new Promise((resolve) => {
      end = resolve;
    });
    await vi.advanceTimersByTimeAsync(50);
    expect(probed).toEqual(["unix"]);
    hosts.takeIn(host);
    end({ kind: "dead", reason: "no answer in time" });
    await vi.advanceTimersByTimeAsync(0);
    expect(host.isUp).toBe(true);
    answer = { kind: "dead", reason: "gone again" };
    hosts.checkIdle(host);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.isUp).toBe(false);
  });

  test("does nothing to a host that is out already", () => {
    const host = first();
    hosts.takeOut(host, "first");
    hosts.takeOut(host, "second");
    hosts.check(host);
    expect(hosts.health()[0]?.reason).toBe("first");
    expect(probed).toEqual([]);
  });

  test("stops probing when it is closed, and takes out nothing more", async () => {
    hosts.takeOut(first(), "refused");
    const next = first();
    hosts.close();
    hosts.takeOut(next, "refused");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probed).toEqual([]);
    expect(next.isUp).toBe(true);
  });

  test("believes no probe that ends after it was closed", async () => {
    let end: (result: ProbeResult) => void = () => {};
    answer = new Promise((resolve) => {
      end = resolve;
    });
    const host = first();
    hosts.check(host);
    hosts.close();
    end({ kind: "dead", reason: "x" });
    await vi.advanceTimersByTimeAsync(0);
    expect(host.isUp).toBe(true);
  });
});
