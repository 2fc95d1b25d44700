/** A unix socket at a path that is to be bound: whoever still listens there keeps it. */
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeStaleSocket } from "../../../src/system/unix-socket.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Child, startChild } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";

// Listens with room for one connection, and takes none.
const listener = `
  socket my $s, 1, 1, 0 or die $!;
  bind $s, pack("S a*", 1, $ARGV[0]) or die $!;
  listen $s, 0 or die $!;
  print "ready\\n" if $| = 1;
  sleep 600;
`;

let directory: TestDirectory;
let path: string;
let server: Child;

beforeEach(async () => {
  directory = await makeDirectory("socket");
  path = join(directory.path, "socket");
  server = startChild("perl", ["-e", listener, path]);
  await waitUntil("the server to listen", () => server.stdout().includes("ready"));
});

afterEach(async () => {
  server.signalGroup("SIGKILL");
  await server.exited;
  await directory.remove();
});

function connectOnce(): Promise<{ readonly socket: Socket; readonly code: string | undefined }> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve({ socket, code: undefined }));
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve({ socket, code }));
  });
}

test("of a server whose queue is full is that of a live one", async () => {
  const waiting: Socket[] = [];
  await waitUntil("its queue to be full", async () => {
    const { socket, code } = await connectOnce();
    waiting.push(socket);
    return code === "EAGAIN";
  });
  await expect(removeStaleSocket(path)).rejects.toThrow("another server listens there");
  expect(existsSync(path)).toBe(true);
  for (const socket of waiting) socket.destroy();
});

test("of a server that has ended makes way", async () => {
  server.signalGroup("SIGKILL");
  await server.exited;
  await removeStaleSocket(path);
  expect(existsSync(path)).toBe(false);
});
