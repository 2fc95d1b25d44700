/** Bounds on clients: who is idle makes way, a frame has its time from its start, replies that wait are counted in bytes. */
import { afterEach, expect, test, vi } from "vitest";
import { absent } from "../../../src/model/reply.ts";
import { ask, bench, big, cleanUp, connect, frame, waiting } from "../../support/fakes/net-bench.ts";
import { waitUntil, within } from "../../support/wait.ts";

afterEach(cleanUp);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("silent clients make way for those that wait, in the middle of a frame or not", async () => {
  const { port, listener, parts, log } = await bench({ maxConnections: 4 });
  const silent = await Promise.all([1, 2, 3, 4].map(() => connect(port)));
  for (const client of silent.slice(2)) client.send("20:senders al");
  await waitUntil("four connections", () => parts.tally.connections === 4);
  const honest = await Promise.all([1, 2, 3].map(() => connect(port)));
  const replies = honest.map((client) => client.ask("senders", "alice@x"));
  await waitUntil("three more", () => parts.tally.connectionsTotal === 7);
  listener.checkDeadlines(parts.turn.nowMs() + 500);
  await pause(50);
  expect(parts.tally.connections).toBe(4);
  expect(silent.map(({ isClosed }) => isClosed)).toEqual([false, false, false, false]);
  listener.checkDeadlines(parts.turn.nowMs() + 1_500);
  expect(await Promise.all(replies)).toEqual(Array(3).fill("OK alice@example.com"));
  expect(log.lines).toEqual([
    expect.objectContaining({ level: "warn", fields: { protocol: "socketmap", waiting: 3, closed: 3 } }),
  ]);
  // As many as were wanted, and no more.
  expect(silent.filter(({ isClosed }) => isClosed)).toHaveLength(3);
});

test("the connection that has been idle longest makes way; one that waits for its answer never does", async () => {
  const { port, listener, parts } = await bench({ maxConnections: 3 });
  const busy = await connect(port);
  const newer = await connect(port);
  const older = await connect(port);
  busy.send(ask("slow@x"));
  await waitUntil("the lookup", () => waiting.size === 1);
  await newer.ask("senders", "alice@x");
  await older.ask("senders", "alice@x");
  await pause(50);
  await newer.ask("senders", "alice@x");
  const next = await connect(port);
  const reply = next.ask("senders", "alice@x");
  await waitUntil("one more", () => parts.tally.connectionsTotal === 4);
  listener.checkDeadlines(parts.turn.nowMs() + 2_000);
  expect(await reply).toBe("OK alice@example.com");
  await within("the older one to be closed", older.closed);
  expect([busy.isClosed, newer.isClosed]).toEqual([false, false]);
  waiting.get("slow@x")?.(absent);
  expect(await busy.netstring()).toBe("NOTFOUND ");
});

test("clients that ask again and again do not keep others out for good: who has waited for two seconds is served", async () => {
  const { port, listener, parts } = await bench({ maxConnections: 2 });
  const busy = await Promise.all([connect(port), connect(port)]);
  for (const client of busy) await client.ask("senders", "alice@x");
  const now = parts.turn.nowMs.bind(parts.turn);
  const clock = vi.spyOn(parts.turn, "nowMs");
  const reply = await parkedFor(1_900);
  for (const client of busy) await client.ask("senders", "alice@x");
  listener.checkDeadlines(now());
  await pause(50);
  expect(busy.map(({ isClosed }) => isClosed)).toEqual([false, false]);
  clock.mockRestore();
  listener.checkDeadlines(now() + 101);
  expect(await reply.answer).toBe("OK alice@example.com");
  expect(busy.filter(({ isClosed }) => isClosed)).toHaveLength(1);

  /** Has one wait that says it has done so for some time. */
  async function parkedFor(ms: number) {
    clock.mockImplementation(() => now() - ms);
    const next = await connect(port);
    const answer = next.ask("senders", "alice@x");
    await waitUntil("one more", () => parts.tally.connectionsTotal === 3);
    clock.mockImplementation(now);
    return { answer };
  }
});

test("a drain waits for no client that never asks", async () => {
  const { port, listener, parts } = await bench();
  const silent = await connect(port);
  await waitUntil("the connection", () => parts.tally.connections === 1);
  await within("the drain", listener.drain(), 60_000);
  await within("the connection to be closed", silent.closed, 60_000);
});

test("a query that has reached the machine when the drain begins is answered", async () => {
  const { port, listener } = await bench();
  const client = await connect(port);
  await client.ask("senders", "alice@x");
  // Both within one turn: the bytes are in the kernel, and were not read yet.
  client.send(ask("alice@x"));
  const drained = listener.drain();
  expect(await client.netstring()).toBe("OK alice@example.com");
  client.close();
  await drained;
});

test("a drain waits for the first query of a client that has just connected, and answers it", async () => {
  const { port, listener, parts } = await bench();
  const client = await connect(port);
  await waitUntil("the connection", () => parts.tally.connections === 1);
  // The timer that ends this wait is made on a clock that stands: a busy machine cannot be too late.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const drained = listener.drain();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  vi.useRealTimers();
  client.send(ask("alice@x"));
  expect(await within("the answer", client.netstring())).toBe("OK alice@example.com");
  await within("the drain", drained);
});

test("nobody makes way while nobody waits", async () => {
  const { port, listener, parts } = await bench({ maxConnections: 1 });
  const client = await connect(port);
  await client.ask("senders", "alice@x");
  listener.checkDeadlines(parts.turn.nowMs() + 60_000);
  await pause(50);
  expect(await client.ask("senders", "alice@x")).toBe("OK alice@example.com");
});

test("a frame must end within 30 s of its start, however its bytes drip", async () => {
  const { port, listener, parts } = await bench();
  const client = await connect(port);
  await client.ask("senders", "alice@x");
  const startedAtMs = parts.turn.nowMs();
  client.send("20:sen");
  for (const byte of ["d", "e", "r", "s"]) {
    await pause(100);
    client.send(byte);
  }
  await pause(50);
  listener.checkDeadlines(startedAtMs + 29_900);
  await pause(20);
  expect(client.isClosed).toBe(false);
  listener.checkDeadlines(startedAtMs + 30_200);
  expect(await client.netstring()).toMatch(/^PERM /);
  await within("the connection to be closed", client.closed);
  expect(parts.tally.errors.frame_timeout).toBe(1);
});

test("the next frame has its own 30 s, also when it begins in the packet that ends the one before", async () => {
  const { port, listener, parts } = await bench();
  const client = await connect(port);
  const startedAtMs = parts.turn.nowMs();
  client.send("15:senders alic");
  await pause(300);
  client.send("e@x,15:senders alic");
  expect(await client.netstring()).toBe("OK alice@example.com");
  listener.checkDeadlines(startedAtMs + 30_200);
  await pause(50);
  client.send("e@x,");
  expect(await client.netstring()).toBe("OK alice@example.com");
});

test("replies that a slow lookup holds back are counted in bytes", async () => {
  const { port, tallies } = await bench();
  const client = await connect(port);
  client.send(ask("slow@x") + ask("big@x").repeat(40));
  await waitUntil("the lookup", () => waiting.size === 1);
  await pause(100);
  // Of some 90 kB each; the bound is 200 kB.
  expect(tallies.senders.results.ok).toBe(3);
  waiting.get("slow@x")?.(absent);
  expect(await client.netstring()).toBe("NOTFOUND ");
  for (let i = 0; i < 40; i++) expect((await client.netstring()).length).toBe(`OK ${big.owners.text}`.length);
});

test("more replies than are written at once all leave, in order, when one lookup has held them back", async () => {
  const { port } = await bench();
  const client = await connect(port);
  client.socket.pause();
  client.send(Array.from({ length: 8 }, (_, i) => ask(`slow${i}@x`)).join(""));
  await waitUntil("the lookups", () => waiting.size === 8);
  for (let i = 7; i >= 0; i--) waiting.get(`slow${i}@x`)?.(i === 4 ? absent : big);
  const [found, none] = [frame(`OK ${big.owners.text}`), frame("NOTFOUND ")];
  const replies = found.repeat(4) + none + found.repeat(3);
  client.socket.resume();
  await waitUntil("all replies", () => client.received.length === replies.length);
  expect(client.received.equals(Buffer.from(replies))).toBe(true);
});
