/** Whatever a client sends, it gets the reply that is documented, memory stays bounded and nobody else notices. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { injections } from "../../support/injections.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil, within } from "../../support/wait.ts";
import { netstring, WireClient } from "../../support/wire/wire.ts";

let stage: Stage;
/** A well-behaved client that was there before and stays. */
let bystander: WireClient;
let opened: WireClient[] = [];

beforeAll(async () => {
  stage = await startStage();
  bystander = await WireClient.open(stage.ports.socketmap);
});
afterEach(async () => {
  for (const client of opened) client.close();
  opened = [];
  expect(await bystander.ask("senders", "alice@example.com")).toBe("OK alice@example.com");
});
afterAll(async () => {
  bystander.close();
  await stage?.stop();
});

async function socketmap(): Promise<WireClient> {
  const client = await WireClient.open(stage.ports.socketmap);
  opened.push(client);
  return client;
}

async function tcpTable(): Promise<WireClient> {
  const client = await WireClient.open(stage.ports.tcpTable);
  opened.push(client);
  return client;
}

const closed = (client: WireClient) => within("the daemon to close", client.closed, 30_000);
const broken = /^PERM [\x20-\x7e]{1,195}$/;

test.each([
  { rule: "no number", bytes: "hello\n" },
  { rule: "an HTTP request", bytes: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" },
  { rule: "a POST", bytes: "POST /v1/cache/flush HTTP/1.1\r\n\r\n" },
  { rule: "a TLS hello", bytes: Buffer.from("16030100a5010000a10303", "hex") },
  { rule: "an SMTP greeting", bytes: "EHLO client.example\r\n" },
  { rule: "a tcp_table query", bytes: "get alice@example.com\n" },
  { rule: "a negative length", bytes: "-1:x," },
  { rule: "a length with a blank", bytes: "1 :x," },
  { rule: "no comma at the end", bytes: "25:senders alice@example.comX" },
  { rule: "a length that counts too little", bytes: "10:senders alice@example.com," },
  { rule: "a declared length just over the limit", bytes: "10001:senders " },
  { rule: "a declared length of a gigabyte", bytes: "1000000000:senders " },
  { rule: "a declared length beyond every integer", bytes: `${"9".repeat(30)}:` },
  { rule: "digits without end", bytes: "1".repeat(1000) },
  { rule: "NULs", bytes: Buffer.alloc(100) },
])("socketmap: $rule is answered PERM, then closed", async ({ bytes }) => {
  const client = await socketmap();
  client.send(bytes);
  expect(await client.netstring()).toMatch(broken);
  await closed(client);
  expect(client.received).toHaveLength(0);
});

test.each([
  { rule: "an HTTP request", bytes: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" },
  { rule: "a netstring", bytes: "25:senders alice@example.com," },
  { rule: "a put", bytes: "put alice@example.com mallory\n" },
  { rule: "a line without end", bytes: `get ${"a".repeat(40_000)}` },
  { rule: "a key over the limit", bytes: `get ${"a".repeat(10_001)}\n` },
  { rule: "an escaped key over the limit", bytes: `get ${"%61".repeat(10_001)}\n` },
  { rule: "NULs", bytes: Buffer.alloc(100) },
])("tcp_table: $rule is answered 400, then closed", async ({ bytes }) => {
  const client = await tcpTable();
  client.send(bytes);
  expect(await client.line()).toMatch(/^400 [\x21-\x7e]{1,600}$/);
  await closed(client);
  expect(client.received).toHaveLength(0);
});

test("socketmap: an intact frame without a key is answered PERM, and the connection goes on", async () => {
  const client = await socketmap();
  for (const payload of ["", "senders", "nospace"]) {
    client.send(netstring(payload));
    expect(await client.netstring(), payload).toMatch(broken);
  }
  expect(await client.ask("unknown", "alice@example.com")).toMatch(broken);
  expect(await client.ask("senders", "alice@example.com")).toBe("OK alice@example.com");
});

test("tcp_table: a bad escape is answered 400, and the connection goes on", async () => {
  const client = await tcpTable();
  for (const key of ["a%", "a%4", "a%zz@example.com"]) expect(await client.get(key), key).toMatch(/^400 /);
  expect(await client.get("alice@example.com")).toBe("200 alice@example.com");
});

test("a key that is no address is not found", async () => {
  const client = await socketmap();
  for (const key of [
    "",
    " ",
    "@",
    "@@",
    "alice",
    "alice@",
    "a\0lice@example.com",
    "alice@example.com\0",
    "\n",
    "x".repeat(9000),
  ])
    expect(await client.ask("senders", key), JSON.stringify(key.slice(0, 40))).toBe("NOTFOUND ");
  client.send(netstring(Buffer.from("senders \xff\xfealice@example.com", "latin1")));
  expect(await client.netstring()).toBe("NOTFOUND ");
  const lines = await tcpTable();
  expect(await lines.get("%FF%FEalice@example.com")).toMatch(/^500 /);
  expect(await lines.get("a%00lice@example.com")).toMatch(/^500 /);
});

test("what looks like SQL or a pattern is only a key", async () => {
  const client = await socketmap();
  for (const key of injections) expect(await client.ask("senders", key), key).toBe("NOTFOUND ");
  expect(await stage.mariadb.query("SELECT COUNT(*) AS n FROM addresses")).toEqual([{ n: 7 }]);
});

test("queries that arrive byte by byte are answered", async () => {
  const client = await socketmap();
  for (const byte of netstring("senders sales@example.com")) {
    client.send(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.netstring()).toBe("OK alice@example.com,bob@example.com");
});

test("queries that arrive together are answered in their order", async () => {
  const client = await socketmap();
  const keys = Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? `u${i}@catch.example` : "nobody@example.com"));
  client.send(Buffer.concat(keys.map((key) => netstring(`senders ${key}`))));
  for (const key of keys)
    expect(await client.netstring()).toBe(key.endsWith("catch.example") ? "OK erin@catch.example" : "NOTFOUND ");
});

test("a client that says goodbye before the answer still gets it", async () => {
  const client = await socketmap();
  client.socket.end(netstring("senders bob+goodbye@example.com"));
  expect(await client.netstring()).toBe("OK bob@example.com");
  await closed(client);
});

test("a client that vanishes in the middle leaves nothing behind", async () => {
  const connections = () => stage.metric("loginmapd_connections");
  const accepted = () => stage.metric("loginmapd_connections_total");
  const before = await connections();
  const acceptedBefore = await accepted();
  for (let i = 0; i < 50; i++) {
    const client = await socketmap();
    client.send(i % 2 === 0 ? "25:senders ali" : netstring(`senders vanish${i}@example.com`));
    client.socket.resetAndDestroy();
  }
  // A reset can overtake the accepting of its connection: what was never accepted cannot be left behind either.
  await waitUntil("clients to be counted", async () => (await accepted()) > acceptedBefore);
  await waitUntil("the connections to be gone", async () => (await connections()) === before);
});

test("a client that sends and never reads is held up, costs little, and is answered when it reads", async () => {
  const client = await socketmap();
  client.socket.pause();
  const frame = netstring("senders sales@example.com");
  const block = Buffer.concat(Array.from({ length: 1000 }, () => frame));
  const residentBefore = await stage.daemon.residentBytes();
  let blocks = 0;
  // Goes on until the kernel's buffers on both sides are full and the daemon has stopped reading.
  await waitUntil(
    "the daemon to stop reading",
    async () => {
      const isFlowing = client.socket.write(block);
      blocks++;
      if (isFlowing) return false;
      const drained = new Promise<boolean>((resolve) => client.socket.once("drain", () => resolve(true)));
      const quiet = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000));
      return !(await Promise.race([drained, quiet]));
    },
    50_000,
  );
  expect(await bystander.ask("senders", "bob@example.com")).toBe("OK bob@example.com");
  expect((await stage.daemon.residentBytes()) - residentBefore).toBeLessThan(64 * 1024 * 1024);
  client.socket.resume();
  const reply = netstring("OK alice@example.com,bob@example.com").length;
  await waitUntil("every reply", () => client.received.length === blocks * 1000 * reply, 30_000);
});

test("a thousand frames that never end cost little", async () => {
  const residentBefore = await stage.daemon.residentBytes();
  const clients = await Promise.all(Array.from({ length: 500 }, socketmap));
  for (const client of clients) client.send(`9999:senders ${"a".repeat(9000)}`);
  await waitUntil("them to be connected", async () => (await stage.metric("loginmapd_connections")) >= 500);
  expect(await bystander.ask("senders", "bob@example.com")).toBe("OK bob@example.com");
  expect((await stage.daemon.residentBytes()) - residentBefore).toBeLessThan(64 * 1024 * 1024);
});

test("every offence is counted, by its kind and not by its bytes", async () => {
  const client = await socketmap();
  const before = await stage.metric("loginmapd_protocol_errors_total", { kind: "framing" });
  client.send("nonsense");
  await closed(client);
  expect(await stage.metric("loginmapd_protocol_errors_total", { kind: "framing" })).toBe(before + 1);
  expect(await (await stage.admin("/metrics")).text()).not.toContain("nonsense");
});
