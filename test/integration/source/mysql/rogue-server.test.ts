/** What a server that is not ours gets from us, when it answers at the port of the database: no password, and not our memory. */
import { constants, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { within } from "../../../support/wait.ts";

const password = "correct-horse-battery-staple";
const salt = Buffer.from("0123456789abcdefghij");
const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
let server: Server | undefined;
let database: Database | undefined;
const sockets = new Set<Socket>();

afterEach(async () => {
  await database?.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server?.close(resolve));
});

/** Listens as a database would. @returns the port */
async function listen(onClient: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onClient(socket);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

function source(port: number): Database {
  database = openSource({
    connection: {
      driver: "mysql",
      hosts: [{ kind: "inet", host: "127.0.0.1", port }],
      user: "loginmapd",
      password,
      database: "vmail",
      tls: undefined,
      charset: undefined,
      poolSize: 1,
      connectTimeoutMs: 5000,
      queryTimeoutMs: 5000,
    },
    queries: { kind: "queries", sql: { address: "SELECT :email" } },
  });
  return database;
}

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

/** The greeting of a MySQL 8 whose accounts log in by `plugin` (protocol documentation, HandshakeV10). */
function greeting(plugin: string): Buffer {
  const capabilities = 0x00_08_82_09;
  const fixed = Buffer.alloc(31);
  salt.copy(fixed, 4, 0, 8);
  fixed.writeUInt16LE(capabilities & 0xffff, 13);
  fixed[15] = 45;
  fixed.writeUInt16LE(2, 16);
  fixed.writeUInt16LE(capabilities >>> 16, 18);
  fixed[20] = salt.length + 1;
  const rest = Buffer.concat([salt.subarray(8), Buffer.from(`\0${plugin}\0`)]);
  return packet(0, Buffer.concat([Buffer.from("\n8.0.36\0"), fixed, rest]));
}

/** What the key was asked for: the password, if it is in these bytes. */
function decrypted(bytes: Buffer): string | undefined {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const mixed = privateDecrypt({ key: keys.privateKey, padding, oaepHash: "sha1" }, bytes);
    return Buffer.from(mixed.map((byte, i) => byte ^ (salt[i % salt.length] as number))).toString();
  } catch {
    return undefined;
  }
}

test.each([
  ["caching_sha2_password", Buffer.from([1, 4])],
  ["sha256_password", Buffer.concat([Buffer.from([0xfe]), Buffer.from("sha256_password\0"), salt, Buffer.alloc(1)])],
])("gets no password that it could read, though it hands out a key for it (%s)", async (plugin, wantsAll) => {
  const received: Buffer[] = [];
  const port = await listen((socket) => {
    socket.write(greeting(plugin));
    socket.on("data", (chunk) => {
      received.push(chunk);
      const payload = chunk.subarray(4);
      const sequence = (chunk[3] as number) + 1;
      // One byte asks for the key.
      if (payload.length === 1)
        socket.write(packet(sequence, Buffer.concat([Buffer.from([1]), Buffer.from(keys.publicKey)])));
      else if (received.length === 1) socket.write(packet(sequence, wantsAll));
    });
  });
  await expect(ownersOf(source(port), "alice@example.com")).rejects.toThrow(
    "the server wants the password as only TLS or a unix socket can send it safely",
  );
  expect(received.length).toBeGreaterThan(0);
  for (const chunk of received) {
    expect(chunk.includes(password)).toBe(false);
    expect(decrypted(chunk.subarray(4))).toBeUndefined();
  }
});

test("that asks for the password as it is gets nothing", async () => {
  const received: Buffer[] = [];
  const port = await listen((socket) => {
    socket.write(greeting("caching_sha2_password"));
    socket.on("data", (chunk) => {
      received.push(chunk);
      const change = Buffer.concat([Buffer.from([0xfe]), Buffer.from("mysql_clear_password\0")]);
      if (received.length === 1) socket.write(packet((chunk[3] as number) + 1, change));
    });
  });
  await expect(ownersOf(source(port), "alice@example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  expect(Buffer.concat(received).includes(password)).toBe(false);
});

test("whose greeting never ends is cut off before it fills the memory", async () => {
  let sent = 0;
  let onEnd: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnd = resolve;
  });
  const port = await listen((socket) => {
    socket.on("close", onEnd);
    // A packet of the greatest length goes on in the next one (protocol documentation, "Sending More Than 16Mb").
    const part = Buffer.alloc(0xff_ff_ff, 65);
    let sequence = 0;
    const pour = (error?: Error | null) => {
      // Bounded here too: a test must not fill the machine where the daemon would.
      if (error || sent > 300_000_000) return;
      socket.write(Buffer.from([0xff, 0xff, 0xff, sequence++]));
      socket.write(part, pour);
      sent += part.length;
    };
    pour();
  });
  const lookup = expect(ownersOf(source(port), "alice@example.com")).rejects.toMatchObject({
    code: "ERR_SOURCE_UNAVAILABLE",
  });
  await within("the client to hang up", ended);
  await lookup;
  expect(sent).toBeLessThan(100_000_000);
});
