import net from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Accepted, closeAccepted, takeHandles } from "../../../src/net/accept.ts";
import { SharedReader } from "../../../src/net/shared-read.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";

let directory: TestDirectory;
let server: net.Server;

beforeEach(async () => {
  directory = await makeDirectory("accept");
});
afterEach(async () => {
  // Not waited for: it goes by the sockets of its own making, whose handles were taken.
  server.close();
  await directory.remove();
});

/** Listens as a listener does, and hands out what is accepted. */
async function listen(where: net.ListenOptions, isDirect: boolean, onAccepted: (accepted: Accepted) => void) {
  server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, onAccepted);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return takeHandles(server, onAccepted, isDirect);
}

/** Sends "ask", closes its side, and returns what comes back until the end. */
function askAndHangUp(where: net.NetConnectOpts): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(where, () => socket.end("ask"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

describe.each([
  { id: "handles, shared buffer", isDirect: true, isShared: true },
  { id: "handles, data events", isDirect: true, isShared: false },
  { id: "sockets, shared buffer", isDirect: false, isShared: true },
  { id: "sockets, data events", isDirect: false, isShared: false },
])("$id", ({ isDirect, isShared }) => {
  const reader = new SharedReader(isShared);
  const echo = (accepted: Accepted) => {
    const socket = reader.open(accepted, (chunk, length) => {
      socket.write(Buffer.from(chunk.subarray(0, length)).toString("latin1").toUpperCase());
    });
    socket.on("end", () => socket.end(" done"));
    socket.resume();
  };

  test.each(["unix", "inet"])("a client on a %s socket that closes its side still gets its replies", async (kind) => {
    const path = join(directory.path, "s");
    expect(await listen(kind === "unix" ? { path } : { host: "127.0.0.1", port: 0 }, isDirect, echo)).toBe(isDirect);
    const where = kind === "unix" ? { path } : { host: "127.0.0.1", port: (server.address() as net.AddressInfo).port };
    const asked = Array.from({ length: 20 }, () => askAndHangUp(where));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["ASK done"]));
  });

  test("one that is not read can be closed", async () => {
    const path = join(directory.path, "s");
    await listen({ path }, isDirect, closeAccepted);
    expect(await askAndHangUp({ path }).catch((error: NodeJS.ErrnoException) => error.code)).toMatch(
      /^$|EPIPE|ECONNRESET/,
    );
  });
});
