import { mkdtemp } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bindUnixSocket } from "../../../src/system/unix-socket.ts";

const steps = vi.hoisted(() => [] as string[]);

// What anybody who looks at the moment of a step would see.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const modeOf = (path: string) => (fs.statSync(path).mode & 0o777).toString(8);
  return {
    ...fs,
    chownSync: (path: string, uid: number, gid: number) => {
      steps.push(`group ${gid} at mode ${modeOf(path)}`);
      fs.chownSync(path, uid, gid);
    },
    chmodSync: (path: string, mode: number) => {
      steps.push(`mode ${mode.toString(8)} for group ${fs.statSync(path).gid}`);
      fs.chmodSync(path, mode);
    },
  };
});

let path: string;
let server: Server;

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "loginmapd-socket-")), "socket");
  server = createServer();
  steps.splice(0);
});

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

test("a socket is never open to anybody but whom it is for: bound closed, then its group, then its mode", () => {
  const before = process.umask();
  bindUnixSocket(path, 0o660, "65534", () => server.listen(path));
  expect(steps).toEqual(["group 65534 at mode 600", "mode 660 for group 65534"]);
  expect(process.umask()).toBe(before);
});
