/** A stranger at the port of the database: what he gets, and what he can do. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { pgsqlConnection } from "../../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";

const password = "the-password-of-the-account";

let server: Server | undefined;
let database: Database | undefined;
let heard = "";

afterEach(async () => {
  await database?.close();
  await new Promise((resolve) => server?.close(resolve));
});

/** A message of the server: its type, its length, its content. */
function message(type: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length + 4);
  return Buffer.concat([Buffer.from(type), length, content]);
}

/** Talks to whoever connects; `answer` gets the socket at the first message of the login. */
async function lookUp(answer: (socket: Socket) => void): Promise<unknown> {
  heard = "";
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => answer(socket));
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  database = openSource({
    connection: pgsqlConnection({
      hosts: [{ kind: "inet", host: "127.0.0.1", port: (server.address() as AddressInfo).port }],
      password,
      database: "vmail",
      poolSize: 1,
      connectTimeoutMs: 10_000,
      queryTimeoutMs: 1000,
    }),
    queries: { kind: "queries", sql: { address: "SELECT owner FROM people WHERE address = :email" } },
  });
  return ownersOf(database, "alice@example.com").catch((error: unknown) => error);
}

test("who asks for the password in clear does not get it", async () => {
  const clear = message("R", Buffer.from([0, 0, 0, 3]));
  const failure = await lookUp((socket) => void socket.write(clear));
  expect(failure).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  expect(String(failure)).toContain("wants the password in clear");
  expect(heard).toContain("reader");
  expect(heard).not.toContain(password);
});

test("who never stops to talk before the login is cut off before he fills the memory", async () => {
  const notice = message("N", Buffer.concat([Buffer.alloc(65_000, "x"), Buffer.from([0, 0])]));
  let sent = 0;
  const failure = await lookUp((socket) => {
    const talk = () => {
      while (!socket.destroyed && socket.write(notice)) sent += notice.length;
    };
    socket.on("drain", talk);
    talk();
  });
  expect(String(failure)).toContain("sent more than any server does before the login");
  expect(sent).toBeLessThan(1e9);
});

test.each([
  ["nonsense", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  [
    "a login that is over at once, and silence",
    Buffer.concat([message("R", Buffer.alloc(4)), message("Z", Buffer.from("I"))]),
  ],
])("who answers with %s is no server, and nobody is found to be nobody", async (_what, bytes) => {
  const failure = await lookUp((socket) => void socket.end(bytes));
  expect(failure).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
});
