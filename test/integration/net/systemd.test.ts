import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { inheritedSockets, Notifier, watchdogIntervalMs } from "../../../src/net/systemd.ts";

const servers: net.Server[] = [];
const path = process.env["PATH"];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  process.env["PATH"] = path;
});

async function listen(options: net.ListenOptions): Promise<{ fd: number; port: number }> {
  const server = net.createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(options, resolve));
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const address = server.address();
  return { fd, port: typeof address === "object" && address !== null ? address.port : 0 };
}

const passed = (fds = 1) => ({ LISTEN_PID: "42", LISTEN_FDS: String(fds) });

describe("inheritedSockets", () => {
  test("names a TCP socket as the configuration does", async () => {
    const { fd, port } = await listen({ host: "127.0.0.1", port: 0 });
    expect([...inheritedSockets(passed(), 42, fd)]).toEqual([[`inet:127.0.0.1:${port}`, fd]]);
  });

  test("names an IPv6 socket in the short form", async () => {
    const { fd, port } = await listen({ host: "::1", port: 0 });
    expect([...inheritedSockets(passed(), 42, fd)]).toEqual([[`inet:[::1]:${port}`, fd]]);
  });

  test("names a unix socket by its path", async () => {
    const socket = join(await mkdtemp(join(tmpdir(), "loginmapd-systemd-")), "socket");
    const { fd } = await listen({ path: socket });
    expect([...inheritedSockets(passed(), 42, fd)]).toEqual([[`unix:${socket}`, fd]]);
  });

  test("takes nothing that was passed to another process, and nothing where nothing was passed", async () => {
    const { fd } = await listen({ host: "127.0.0.1", port: 0 });
    expect(inheritedSockets(passed(), 43, fd).size).toBe(0);
    expect(inheritedSockets({ LISTEN_PID: "42" }, 42, fd).size).toBe(0);
    expect(inheritedSockets({}, 42, fd).size).toBe(0);
  });

  test("passes over a file that is no listening socket", () => {
    // Standard input of a test is a pipe, a file or a terminal.
    expect(inheritedSockets(passed(), 42, 0).size).toBe(0);
  });
});

describe("Notifier", () => {
  /** Puts a systemd-notify on the PATH that writes its arguments down. */
  async function fakeProgram(body: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "loginmapd-systemd-"));
    const program = join(folder, "systemd-notify");
    await writeFile(program, `#!/bin/sh\n${body}\n`);
    await chmod(program, 0o755);
    process.env["PATH"] = `${folder}:${path}`;
    return join(folder, "told");
  }

  test("tells systemd through systemd-notify(1)", async () => {
    const told = await fakeProgram('printf "%s\\n" "$@" > "$(dirname "$0")/told"');
    const errors: Error[] = [];
    await new Notifier({ NOTIFY_SOCKET: "/run/x" }, (error) => errors.push(error)).notify("READY=1", "STATUS=a b");
    expect(await readFile(told, "utf8")).toBe("READY=1\nSTATUS=a b\n");
    expect(errors).toEqual([]);
  });

  test("runs nothing when systemd did not ask", async () => {
    const told = await fakeProgram('touch "$(dirname "$0")/told"');
    await new Notifier({}, () => {}).notify("READY=1");
    await expect(readFile(told)).rejects.toThrow("ENOENT");
  });

  test("says that it could not, and goes on", async () => {
    await fakeProgram("exit 1");
    const errors: Error[] = [];
    await new Notifier({ NOTIFY_SOCKET: "/run/x" }, (error) => errors.push(error)).notify("READY=1");
    expect(errors).toHaveLength(1);
  });
});

describe("watchdogIntervalMs", () => {
  test("is half of what systemd allows", () => {
    expect(watchdogIntervalMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" }, 42)).toBe(15_000);
    expect(watchdogIntervalMs({ WATCHDOG_USEC: "30000000" }, 42)).toBe(15_000);
  });

  test("is nothing without a watchdog, or for another process", () => {
    expect(watchdogIntervalMs({}, 42)).toBeUndefined();
    expect(watchdogIntervalMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "43" }, 42)).toBeUndefined();
  });
});
