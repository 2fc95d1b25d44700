import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { absent } from "../../../src/model/reply.ts";
import type { ListenerSettings } from "../../../src/model/settings.ts";
import { Listener } from "../../../src/net/listener.ts";
import { SharedReader } from "../../../src/net/shared-read.ts";
import { tcpTable } from "../../../src/protocol/tcp-table.ts";
import {
  alice,
  ask,
  bench,
  big,
  cleanUp,
  closeLater,
  connect,
  frame,
  makeParts,
  settingsOf,
  waiting,
} from "../../support/fakes/net-bench.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

afterEach(cleanUp);

describe("a connection", () => {
  test("answers from memory, again and again", async () => {
    const { port, parts, tallies } = await bench();
    const client = await connect(port);
    for (let i = 0; i < 3; i++) {
      client.send(ask("alice@example.com"));
      expect(await client.netstring()).toBe("OK alice@example.com");
    }
    client.send(ask("nobody@example.com"));
    expect(await client.netstring()).toBe("NOTFOUND ");
    expect(tallies.senders.results).toEqual({ ok: 3, notfound: 1, temp: 0, timeout: 0, perm: 0 });
    expect([...tallies.senders.duration.counts].reduce((sum, count) => sum + count)).toBe(4);
    expect(parts.tally).toMatchObject({ connections: 1, connectionsTotal: 1 });
  });

  test("speaks tcp_table on a listener of that protocol", async () => {
    const { port, tallies } = await bench({}, tcpTable);
    const client = await connect(port);
    client.send("get alice@example.com\nget nobody@example.com\n");
    expect(await client.line()).toBe("200 alice@example.com");
    expect(await client.line()).toMatch(/^500 /);
    expect(tallies.senders.results).toMatchObject({ ok: 1, notfound: 1 });
  });

  test("keeps the order of the queries, however long each lookup takes", async () => {
    const { port } = await bench();
    const client = await connect(port);
    client.send(ask("slow1@x") + ask("alice@example.com") + ask("slow2@x") + ask("nobody@x"));
    await waitUntil("waiting.size === 2", () => waiting.size === 2);
    waiting.get("slow2@x")?.(alice);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.received.length).toBe(0);
    waiting.get("slow1@x")?.(absent);
    expect(await client.netstring()).toBe("NOTFOUND ");
    expect(await client.netstring()).toBe("OK alice@example.com");
    expect(await client.netstring()).toBe("OK alice@example.com");
    expect(await client.netstring()).toBe("NOTFOUND ");
  });

  test("tells the client of a failure under the id that the log has, and nothing of the source", async () => {
    const { port, log } = await bench();
    const client = await connect(port);
    client.send(ask("alice@x") + ask("down@x"));
    await client.netstring();
    expect(await client.netstring()).toBe("TEMP source unavailable [c1.q2]");
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: "warn",
        message: "lookup failed",
        fields: expect.objectContaining({ queryId: "c1.q2" }),
      }),
    ]);
  });

  test("logs the list that is too long for the protocol, which the source gave as an answer", async () => {
    const { port, log } = await bench();
    const client = await connect(port);
    client.send(ask("crowd@x"));
    expect(await client.netstring()).toBe("TEMP owner list too long [c1.q1]");
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: "warn",
        message: "lookup failed",
        fields: expect.objectContaining({ queryId: "c1.q1", map: "senders", reason: "owner list too long" }),
      }),
    ]);
  });

  test("says TIMEOUT when a lookup takes too long, and goes on", async () => {
    const { port, parts } = await bench({ lookupTimeoutMs: 60 });
    const client = await connect(port);
    client.send(ask("slow@x"));
    expect(await client.netstring()).toBe("TIMEOUT lookup timeout [c1.q1]");
    waiting.get("slow@x")?.(alice);
    client.send(ask("nobody@x"));
    expect(await client.netstring()).toBe("NOTFOUND ");
    expect(parts.deadlines.size).toBe(0);
  });

  test("refuses an unknown map and a frame without a query, and goes on", async () => {
    const { port, parts, tallies } = await bench();
    const client = await connect(port);
    client.send(frame("other alice@x") + frame("nospace") + ask("alice@x"));
    expect(await client.netstring()).toBe("PERM unknown map [c1.q1]");
    expect(await client.netstring()).toBe("PERM not a query [c1.q2]");
    expect(await client.netstring()).toBe("OK alice@example.com");
    expect(parts.tally.errors).toMatchObject({ unknown_map: 1, not_a_query: 1 });
    expect(tallies.unknown.results.perm).toBe(2);
  });

  test("answers what came before a broken frame, says PERM and closes; the next connection works", async () => {
    const { port, parts } = await bench();
    const client = await connect(port);
    client.send(`${ask("slow@x")}${ask("alice@x")}GET / HTTP/1.1\r\n\r\n${"x".repeat(100_000)}`);
    await waitUntil("waiting.size === 1", () => waiting.size === 1);
    waiting.get("slow@x")?.(absent);
    expect(await client.netstring()).toBe("NOTFOUND ");
    expect(await client.netstring()).toBe("OK alice@example.com");
    expect(await client.netstring()).toMatch(/^PERM .*\[c1\.q3\]$/);
    await client.closed;
    expect(parts.tally.errors.framing).toBe(1);
    const next = await connect(port);
    next.send(ask("alice@x"));
    expect(await next.netstring()).toBe("OK alice@example.com");
  });

  test("answers a client that has closed its side", async () => {
    const { port } = await bench();
    const client = await connect(port);
    client.socket.end(ask("slow@x"));
    await waitUntil("waiting.size === 1", () => waiting.size === 1);
    waiting.get("slow@x")?.(alice);
    expect(await client.netstring()).toBe("OK alice@example.com");
    await client.closed;
  });

  test("forgets the lookups of a client that vanishes", async () => {
    const { port, parts, tallies } = await bench();
    const client = await connect(port);
    client.send(ask("slow@x"));
    await waitUntil("parts.deadlines.size === 1", () => parts.deadlines.size === 1);
    client.socket.resetAndDestroy();
    await waitUntil("parts.tally.connections === 0", () => parts.tally.connections === 0);
    expect(parts.deadlines.size).toBe(0);
    waiting.get("slow@x")?.(alice);
    await new Promise((resolve) => setImmediate(resolve));
    expect(tallies.senders.results.ok).toBe(0);
  });

  test("stops reading a client that does not read, and serves it all when it does", async () => {
    const { port } = await bench();
    const client = await connect(port);
    client.socket.pause();
    const queries = 2_000;
    client.send(ask("big@x").repeat(queries));
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 300));
    // 2,000 replies of some 90 kB would be 180 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
    let bytes = 0;
    const replyBytes = frame(`OK ${big.owners.text}`).length;
    client.socket.removeAllListeners("data");
    client.socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    client.socket.resume();
    await waitUntil("bytes === queries * replyBytes", () => bytes === queries * replyBytes, 20_000);
  });

  test("has no more than 8 lookups under way at a time, and all of them in the end", async () => {
    const { port } = await bench();
    const client = await connect(port);
    client.send(Array.from({ length: 20 }, (_, i) => ask(`slow${i}@x`)).join(""));
    for (const underWay of [8, 16, 20]) {
      await waitUntil(`waiting.size === ${underWay}`, () => waiting.size === underWay);
      for (const settle of waiting.values()) settle(absent);
    }
    for (let i = 0; i < 20; i++) expect(await client.netstring()).toBe("NOTFOUND ");
  });

  test("takes no more than 64 unanswered queries at a time, and all of them in the end", async () => {
    const { port, tallies } = await bench();
    const client = await connect(port);
    client.send(ask("slow@x") + ask("alice@x").repeat(100));
    const answered = () => tallies.senders.results.ok;
    await waitUntil("63 answers behind the slow one", () => answered() === 63);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered()).toBe(63);
    waiting.get("slow@x")?.(absent);
    expect(await client.netstring()).toBe("NOTFOUND ");
    for (let i = 0; i < 100; i++) expect(await client.netstring()).toBe("OK alice@example.com");
  });

  test("ends a client that is idle for too long, one that leaves a frame open, and one that does not read", async () => {
    const { port, listener, parts } = await bench({ idleTimeoutMs: 5_000 });
    const idle = await connect(port);
    idle.send(ask("alice@x"));
    await idle.netstring();
    const now = () => parts.turn.nowMs();
    listener.checkDeadlines(now() + 4_000);
    expect(idle.isClosed).toBe(false);
    listener.checkDeadlines(now() + 6_000);
    await idle.closed;

    const drip = await connect(port);
    drip.send("20:senders al");
    await waitUntil("parts.tally.connectionsTotal === 2", () => parts.tally.connectionsTotal === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    listener.checkDeadlines(now() + 29_000);
    expect(drip.isClosed).toBe(false);
    listener.checkDeadlines(now() + 31_000);
    expect(await drip.netstring()).toMatch(/^PERM /);
    await drip.closed;
    expect(parts.tally.errors.frame_timeout).toBe(1);

    const deaf = await connect(port);
    deaf.socket.pause();
    deaf.send(ask("big@x").repeat(500));
    await new Promise((resolve) => setTimeout(resolve, 200));
    listener.checkDeadlines(now() + 31_000);
    await waitUntil("parts.tally.errors.write_timeout === 1", () => parts.tally.errors.write_timeout === 1);
  });

  test("is cut off when it lingers after its last reply", async () => {
    const { port, listener, parts } = await bench();
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined);
    socket.write("x");
    await new Promise((resolve) => socket.once("end", resolve).resume());
    expect(parts.tally.connections).toBe(1);
    listener.checkDeadlines(parts.turn.nowMs() + 3_000);
    await waitUntil("parts.tally.connections === 0", () => parts.tally.connections === 0);
    socket.destroy();
  });
});

describe("a listener", () => {
  test("lets connections over the cap wait and serves them when others close", async () => {
    const { port, parts } = await bench({ maxConnections: 2 });
    const first = await connect(port);
    const second = await connect(port);
    const third = await connect(port);
    for (const client of [first, second, third]) client.send(ask("alice@x"));
    await Promise.all([first.netstring(), second.netstring()]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([third.received.length, third.isClosed]).toEqual([0, false]);
    first.socket.destroy();
    expect(await third.netstring()).toBe("OK alice@example.com");
    expect(parts.tally).toMatchObject({ connections: 2, connectionsTotal: 3 });
  });

  test("drains: answers what is in flight, closes idle connections, accepts no more", async () => {
    const { port, listener } = await bench();
    const idle = await connect(port);
    idle.send(ask("alice@x"));
    await idle.netstring();
    const busy = await connect(port);
    busy.send(ask("slow@x"));
    await waitUntil("waiting.size === 1", () => waiting.size === 1);
    let isDrained = false;
    const drained = listener.drain().then(() => {
      isDrained = true;
    });
    await idle.closed;
    expect(isDrained).toBe(false);
    await expect(WireClient.open(port)).rejects.toThrow("ECONNREFUSED");
    waiting.get("slow@x")?.(alice);
    expect(await busy.netstring()).toBe("OK alice@example.com");
    idle.socket.destroy();
    busy.socket.destroy();
    await drained;
  });

  test("says what is in the way of its endpoint", async () => {
    const { port } = await bench();
    const { parts } = makeParts();
    const taken = settingsOf({ endpoint: { kind: "inet", host: "127.0.0.1", port } });
    await expect(Listener.open(taken, parts)).rejects.toThrow(
      `cannot listen on inet:127.0.0.1:${port}: another program listens there`,
    );
  });

  test("listens on IPv6", async () => {
    const { parts } = makeParts();
    const listener = await Listener.open(settingsOf({ endpoint: { kind: "inet", host: "::1", port: 0 } }), parts);
    closeLater(listener);
    expect(listener.name).toMatch(/^inet:\[::1\]:\d+$/);
  });
});

describe("a unix socket", () => {
  const directory = () => mkdtempSync(join(tmpdir(), "loginmapd-net-"));

  async function listen(path: string, changes: Partial<ListenerSettings> = {}): Promise<Listener> {
    const { parts } = makeParts();
    const listener = await Listener.open(settingsOf({ endpoint: { kind: "unix", path }, ...changes }), parts);
    closeLater(listener);
    return listener;
  }

  test("has the mode and group of the configuration, and answers", async () => {
    const path = join(directory(), "socket");
    await listen(path, { mode: 0o620, group: "daemon" });
    const stat = statSync(path);
    expect([stat.mode & 0o777, stat.gid]).toEqual([0o620, 1]);
    const client = await connect(path);
    client.send(ask("alice@x"));
    expect(await client.netstring()).toBe("OK alice@example.com");
  });

  test("that nobody listens on any more is replaced", async () => {
    const path = join(directory(), "socket");
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    const { spawnSync } = await import("node:child_process");
    spawnSync(process.execPath, ["-e", script]);
    expect(statSync(path).isSocket()).toBe(true);
    await listen(path);
  });

  test("of a live server is left alone", async () => {
    const path = join(directory(), "socket");
    await listen(path);
    await expect(listen(path)).rejects.toThrow("another server listens there; stop it first");
    const client = await connect(path);
    client.send(ask("alice@x"));
    expect(await client.netstring()).toBe("OK alice@example.com");
  });

  test("does not replace a file that is no socket", async () => {
    const path = join(directory(), "file");
    writeFileSync(path, "precious");
    await expect(listen(path)).rejects.toThrow("a file that is no socket has this name; remove it");
    expect(statSync(path).size).toBe(8);
  });

  test("needs a directory and a group that exist", async () => {
    await expect(listen(join(directory(), "missing", "socket"))).rejects.toThrow(
      /the directory does not exist|permission denied/,
    );
    await expect(listen(join(directory(), "socket"), { group: "no-such-group" })).rejects.toThrow(
      'there is no group "no-such-group"',
    );
  });
});

describe("SharedReader", () => {
  test.each([[true], [false]])("serves the same with a shared buffer: %s", async (isShared) => {
    const reader = new SharedReader(isShared);
    const served = net.createServer({ pauseOnConnect: true }, (accepted) => {
      const socket = reader.open(accepted, (chunk, length) => {
        socket.write(Buffer.from(chunk.subarray(0, length)).toString("latin1").toUpperCase());
      });
      expect(socket === accepted).toBe(!isShared);
      socket.on("end", () => socket.end());
      socket.resume();
    });
    await new Promise<void>((resolve) => served.listen(0, "127.0.0.1", resolve));
    const client = await connect((served.address() as net.AddressInfo).port);
    client.send("hello\n");
    expect(await client.line()).toBe("HELLO");
    client.socket.end();
    await client.closed;
    served.close();
  });
});
