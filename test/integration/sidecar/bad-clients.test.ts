/** Clients of the sidecar that are slow, silent, many or wrong. */
import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { listenSidecar } from "../../../src/sidecar/listen.ts";
import { adminToken, aliceExplained, FakeDaemon } from "../../support/fakes/fake-daemon.ts";
import { within } from "../../support/wait.ts";

let app: FastifyInstance;
let port: number;
const sockets: Socket[] = [];

async function start(limits = {}, daemon = new FakeDaemon()): Promise<void> {
  app = buildSidecar(daemon, {
    maxBodyBytes: 4096,
    maxHeaderBytes: 8192,
    headersTimeoutMs: 200,
    requestTimeoutMs: 400,
    keepAliveTimeoutMs: 100,
    maxConnections: 128,
    checkIntervalMs: 20,
    ...limits,
  });
  const endpoint = await listenSidecar(app, { kind: "inet", host: "127.0.0.1", port: 0 });
  if (endpoint.kind !== "inet") throw new Error("not inet");
  port = endpoint.port;
}

beforeEach(() => start());

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

async function open(): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Everything that the sidecar says until it closes the connection. */
async function saidUntilClosed(socket: Socket): Promise<string> {
  let said = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    said += text;
  });
  await within("the sidecar to close the connection", once(socket, "close"), 30_000);
  return said;
}

function expectError(said: string, statusCode: number, code: string): void {
  const [head = "", body = ""] = said.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${statusCode} `));
  expect(head.toLowerCase()).toContain("connection: close");
  expect(JSON.parse(body)).toEqual({ statusCode, code, message: expect.any(String) });
}

async function expectServing(): Promise<void> {
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
}

describe("is told what is wrong and closed, and the next one is served, when it", () => {
  test.each([
    ["speaks socketmap", "25:senders alice@example.com,", 400, "ERR_HTTP_BAD_REQUEST"],
    ["speaks TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "ERR_HTTP_BAD_REQUEST"],
    ["sends a header without end", `GET / HTTP/1.1\r\nX: ${"x".repeat(9000)}`, 431, "ERR_HTTP_HEADERS_TOO_LARGE"],
    [
      "smuggles by two lengths",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
      "ERR_HTTP_BAD_REQUEST",
    ],
    ["never ends its headers", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", 408, "ERR_HTTP_TIMEOUT"],
    ["says nothing at all", "", 408, "ERR_HTTP_TIMEOUT"],
  ])("%s", async (_, bytes, statusCode, code) => {
    const socket = await open();
    socket.write(bytes, "latin1");
    expectError(await saidUntilClosed(socket), statusCode, code);
    await expectServing();
  });

  test("never ends its body", async () => {
    const socket = await open();
    socket.write(
      "POST /v1/cache/flush HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer correct-horse-battery-staple\r\n" +
        'Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{ "all":',
    );
    expectError(await saidUntilClosed(socket), 408, "ERR_HTTP_TIMEOUT");
    await expectServing();
  });

  test("drips its headers one by one", async () => {
    const socket = await open();
    socket.write("GET /healthz HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("X-Drip: 1\r\n"), 20);
    try {
      expectError(await saidUntilClosed(socket), 408, "ERR_HTTP_TIMEOUT");
    } finally {
      clearInterval(drip);
    }
  });
});

test("an idle connection is closed without a word", async () => {
  const socket = await open();
  socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const said = await saidUntilClosed(socket);
  expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(said).toMatch(/^HTTP\/1\.1 200 /);
});

const patient = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, keepAliveTimeoutMs: 60_000 };

test("connections over the limit lock nobody out: the one that idles longest makes way", async () => {
  await app.close();
  await start({ maxConnections: 3, ...patient });
  const silent = await open();
  const kept = await open();
  kept.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(kept, "data");
  const newest = await open();
  const ended = [silent, kept, newest].map((socket) => once(socket, "close"));
  await expectServing();
  await within("the silent one to make way", ended[0] as Promise<unknown>);
  expect([kept.destroyed, newest.destroyed]).toEqual([false, false]);
  await Promise.all([1, 2, 3, 4, 5].map(open));
  await within("all that idled to make way", Promise.all(ended));
  const last = await open();
  last.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(await saidUntilClosed(last)).toMatch(/^HTTP\/1\.1 200 /);
});

/** A daemon whose explanation is `asked` for, and comes when it is `answered`. */
function heldUp(): { daemon: FakeDaemon; course: EventEmitter } {
  const daemon = new FakeDaemon();
  const course = new EventEmitter();
  daemon.explanation = async () => {
    course.emit("asked");
    const [explanation] = await once(course, "answered");
    return explanation;
  };
  return { daemon, course };
}

test("a request under way makes way for nobody", async () => {
  await app.close();
  const { daemon, course } = heldUp();
  await start({ maxConnections: 1, ...patient }, daemon);
  const busy = await open();
  const asked = once(course, "asked");
  busy.write(
    `GET /v1/lookup?address=alice@example.com HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${adminToken}\r\n\r\n`,
  );
  await asked;
  expect(await saidUntilClosed(await open())).toBe("");
  const answered = once(busy, "data");
  course.emit("answered", aliceExplained);
  expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 /);
  await expectServing();
});

test("closing the sidecar answers what is under way and waits for no idle client", async () => {
  await app.close();
  const { daemon, course } = heldUp();
  app = buildSidecar(daemon);
  const endpoint = await listenSidecar(app, { kind: "inet", host: "127.0.0.1", port: 0 });
  port = endpoint.kind === "inet" ? endpoint.port : 0;
  const idle = await open();
  idle.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(idle, "data");
  const headers = { authorization: "Bearer correct-horse-battery-staple" };
  const asked = once(course, "asked");
  const busy = fetch(`http://127.0.0.1:${port}/v1/lookup?address=a@example.com`, { headers });
  await asked;

  const closed = app.close();
  course.emit("answered", { outcome: "ok" });

  expect(await (await busy).json()).toEqual({ outcome: "ok" });
  await within("the sidecar to close", closed, 30_000);
  await within("the idle connection to close", once(idle, "close"), 30_000);
});
