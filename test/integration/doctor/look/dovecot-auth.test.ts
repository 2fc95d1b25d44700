/** The handshake of Dovecot's auth socket, by servers that end it, do not, or say something else. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readMechanisms } from "../../../../src/doctor/look/dovecot-auth.ts";
import { makeDirectory, type TestDirectory } from "../../../support/directories.ts";

let directory: TestDirectory;
let path: string;
let server: Server | undefined;
beforeEach(async () => {
  directory = await makeDirectory("dovecot-auth");
  path = join(directory.path, "auth");
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await directory.remove();
});

async function serve(greet: (socket: Socket) => void): Promise<void> {
  server = createServer(greet).listen(path);
  await once(server, "listening");
}

const ask = () => readMechanisms({ kind: "unix", path });

test("the mechanisms, in upper case, in whatever pieces they come", async () => {
  await serve((socket) => {
    socket.write("VERSION\t1\t2\nMECH\tplain\tplaintext\nME");
    // The client has said its version when the rest comes, as Dovecot 2.4 waits for.
    socket.once("data", (chunk) => {
      expect(chunk.toString()).toMatch(/^VERSION\t1\t1\nCPID\t\d+\n$/);
      socket.write("CH\tSCRAM-SHA-256\tmutual-auth\nSPID\t7\nDO");
      setImmediate(() => socket.write("NE\n"));
    });
  });
  expect(await ask()).toEqual(["PLAIN", "SCRAM-SHA-256"]);
});

test("a handshake that breaks off is an error, not a server without mechanisms", async () => {
  await serve((socket) => socket.end("VERSION\t1\t2\nMECH\tPLAIN\n"));
  await expect(ask()).rejects.toThrow("the connection was closed before the handshake was over");
});

test("a socket that is not there is the error of the system", async () => {
  await expect(ask()).rejects.toMatchObject({ code: "ENOENT" });
});
