/** What a server that is not ours gets from us, when it answers at the port of the database: no password, and not our memory. */
import { constants, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { makeDirectory } from "../../../support/directories.ts";
import { mysqlConnection } from "../../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { within } from "../../../support/wait.ts";

const password = "correct-horse-battery-staple";
const salt = Buffer.from("0123456789abcdefghij");
const makeKeys = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
/** Of the stranger. */
const keys = makeKeys();
/** Of the server that the configuration means. */
const trusted = makeKeys();
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

/** @param serverPublicKeyFile of the server that is meant, if it is configured */
function source(port: number, serverPublicKeyFile?: string): Database {
  database = openSource({
    connection: mysqlConnection({
      hosts: [{ kind: "inet", host: "127.0.0.1", port }],
      user: "loginmapd",
      password,
      database: "vmail",
      ...(serverPublicKeyFile !== undefined && { serverPublicKeyFile }),
      poolSize: 1,
    }),
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
function decrypted(bytes: Buffer, { privateKey } = keys): string | undefined {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const mixed = privateDecrypt({ key: privateKey, padding, oaepHash: "sha1" }, bytes);
    return Buffer.from(mixed.map((byte, i) => byte ^ (salt[i % salt.length] as number))).toString();
  } catch {
    return undefined;
  }
}

/** Ways of logging in in which a server may want the password itself. */
const ways = ["caching_sha2_password", "sha256_password"];

/**
 * Asks for the password itself as a MySQL 8 does (protocol documentation, "Authentication Phase"): switches to the plugin, answers
 * the hash of `caching_sha2_password` with "perform full authentication", hands out its key to whoever asks, and denies the rest.
 *
 * @returns what clients sent
 */
async function listenForPassword(plugin: string): Promise<{ port: number; received: Buffer[] }> {
  const change = Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`), salt, Buffer.alloc(1)]);
  const key = Buffer.concat([Buffer.from([1]), Buffer.from(keys.publicKey)]);
  const denied = Buffer.concat([Buffer.from([0xff, 0x15, 0x04]), Buffer.from("#28000Access denied")]);
  const hashLength = 32;
  const received: Buffer[] = [];
  const port = await listen((socket) => {
    socket.write(greeting(plugin));
    let isFirst = true;
    const answerTo = (payload: Buffer): Buffer => {
      if (isFirst) return change;
      if (payload.length === hashLength) return Buffer.from([1, 4]);
      return payload.length === 1 ? key : denied;
    };
    socket.on("data", (chunk) => {
      received.push(chunk);
      socket.write(packet((chunk[3] as number) + 1, answerTo(chunk.subarray(4))));
      isFirst = false;
    });
  });
  return { port, received };
}

test.each(ways)("gets no password that it could read, though it hands out a key for it (%s)", async (plugin) => {
  const { port, received } = await listenForPassword(plugin);
  await expect(ownersOf(source(port), "alice@example.com")).rejects.toThrow(
    "the server wants the password as only TLS, a unix socket or server_public_key_file can send it safely",
  );
  expect(received.length).toBeGreaterThan(0);
  for (const chunk of received) {
    expect(chunk.includes(password)).toBe(false);
    expect(decrypted(chunk.subarray(4))).toBeUndefined();
  }
});

test.each(ways)("gets the password for the configured key alone, and cannot read it (%s)", async (plugin) => {
  const directory = await makeDirectory("public-key");
  try {
    const file = join(directory.path, "public_key.pem");
    writeFileSync(file, trusted.publicKey);
    const { port, received } = await listenForPassword(plugin);
    await expect(ownersOf(source(port, file), "alice@example.com")).rejects.toThrow("Access denied");
    for (const chunk of received) {
      expect(chunk.includes(password)).toBe(false);
      expect(decrypted(chunk.subarray(4))).toBeUndefined();
    }
    // Whoever holds the private key of the one configured reads it: the server that is meant.
    const read = received.map((chunk) => decrypted(chunk.subarray(4), trusted));
    expect(read).toContain(`${password}\0`);
  } finally {
    await directory.remove();
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
