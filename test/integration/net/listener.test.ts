/** A listener: connections over the cap, drains, what is in the way of its endpoint, and unix sockets. */
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ListenerSettings } from "../../../src/model/settings.ts";
import { Listener } from "../../../src/net/listener.ts";
import {
  alice,
  ask,
  bench,
  cleanUp,
  closeLater,
  connect,
  makeParts,
  settingsOf,
  waiting,
} from "../../support/fakes/net-bench.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

afterEach(cleanUp);

describe("a listener", () => {
  test("lets connections over the cap wait and serves them when others close", async () => {
    const { port, parts } = await bench({ maxConnections: 2 });
    const first = await connect(port);
    const second = await connect(port);
    const third = await connect(port);
    for (const client of [first, second, third]) client.send(ask("alice@x"));
    await Promise.all([first.netstring(), second.netstring()]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([third.received.length, third.isClosed]).toEqual([0, false]);
    first.socket.destroy();
    expect(await third.netstring()).toBe("OK alice@example.com");
    expect(parts.tally).toMatchObject({ connections: 2, connectionsTotal: 3 });
  });

  test("drains: answers what is in flight, closes idle connections, accepts no more", async () => {
    const { port, listener } = await bench();
    const idle = await connect(port);
    idle.send(ask("alice@x"));
    await idle.netstring();
    const busy = await connect(port);
    busy.send(ask("slow@x"));
    await waitUntil("waiting.size === 1", () => waiting.size === 1);
    let isDrained = false;
    const drained = listener.drain().then(() => {
      isDrained = true;
    });
    await idle.closed;
    expect(isDrained).toBe(false);
    await expect(WireClient.open(port)).rejects.toThrow("ECONNREFUSED");
    waiting.get("slow@x")?.(alice);
    expect(await busy.netstring()).toBe("OK alice@example.com");
    idle.socket.destroy();
    busy.socket.destroy();
    await drained;
  });

  test("says what is in the way of its endpoint", async () => {
    const { port } = await bench();
    const { parts } = makeParts();
    const taken = settingsOf({ endpoint: { kind: "inet", host: "127.0.0.1", port } });
    await expect(Listener.open(taken, parts)).rejects.toThrow(
      `cannot listen on inet:127.0.0.1:${port}: another program listens there`,
    );
  });

  test("listens on IPv6", async () => {
    const { parts } = makeParts();
    const listener = await Listener.open(settingsOf({ endpoint: { kind: "inet", host: "::1", port: 0 } }), parts);
    closeLater(listener);
    expect(listener.name).toMatch(/^inet:\[::1\]:\d+$/);
  });
});

describe("a unix socket", () => {
  const directory = () => mkdtempSync(join(tmpdir(), "loginmapd-net-"));

  async function listen(path: string, changes: Partial<ListenerSettings> = {}): Promise<Listener> {
    const { parts } = makeParts();
    const listener = await Listener.open(settingsOf({ endpoint: { kind: "unix", path }, ...changes }), parts);
    closeLater(listener);
    return listener;
  }

  test("has the mode and group of the configuration, and answers", async () => {
    const path = join(directory(), "socket");
    await listen(path, { mode: 0o620, group: "daemon" });
    const stat = statSync(path);
    expect([stat.mode & 0o777, stat.gid]).toEqual([0o620, 1]);
    const client = await connect(path);
    client.send(ask("alice@x"));
    expect(await client.netstring()).toBe("OK alice@example.com");
  });

  test("that nobody listens on any more is replaced", async () => {
    const path = join(directory(), "socket");
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    const { spawnSync } = await import("node:child_process");
    spawnSync(process.execPath, ["-e", script]);
    expect(statSync(path).isSocket()).toBe(true);
    await listen(path);
  });

  test("of a live server is left alone", async () => {
    const path = join(directory(), "socket");
    await listen(path);
    await expect(listen(path)).rejects.toThrow("another server listens there; stop it first");
    const client = await connect(path);
    client.send(ask("alice@x"));
    expect(await client.netstring()).toBe("OK alice@example.com");
  });

  test("does not replace a file that is no socket", async () => {
    const path = join(directory(), "file");
    writeFileSync(path, "precious");
    await expect(listen(path)).rejects.toThrow("a file that is no socket has this name; remove it");
    expect(statSync(path).size).toBe(8);
  });

  test("needs a directory and a group that exist", async () => {
    await expect(listen(join(directory(), "missing", "socket"))).rejects.toThrow(
      /the directory does not exist|permission denied/,
    );
    await expect(listen(join(directory(), "socket"), { group: "no-such-group" })).rejects.toThrow(
      'there is no group "no-such-group"',
    );
  });
});
