/** One connection: queries and their order, what a client may do wrong, back-pressure and deadlines. */
import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { absent } from "../../../src/model/reply.ts";
import { tcpTable } from "../../../src/protocol/tcp-table.ts";
import { alice, ask, bench, big, cleanUp, connect, frame, waiting } from "../../support/fakes/net-bench.ts";
import { waitUntil } from "../../support/wait.ts";

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
