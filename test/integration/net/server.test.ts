/** All listeners together: opened, changed by a reload with nobody refused, drained. */
import { mkdtempSync, statSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { formatEndpoint, type LimitSettings, type ListenerSettings } from "../../../src/model/settings.ts";
import { Server } from "../../../src/net/server.ts";
import { socketmap } from "../../../src/protocol/socketmap.ts";
import { tcpTable } from "../../../src/protocol/tcp-table.ts";
import { alice, ask, bench, cleanUp, connect, makeParts, settingsOf, waiting } from "../../support/fakes/net-bench.ts";
import { freePort, isListening } from "../../support/servers/ports.ts";
import { waitUntil, within } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const running of servers.splice(0)) running.destroy();
  cleanUp();
});

function makeServer(changes: Partial<LimitSettings> = {}) {
  const { parts, log, serviceOf } = makeParts(changes);
  // As in the daemon: connections that are open follow the settings in force.
  const defaultMaps = new Map<string, string | undefined>();
  const running = new Server({
    partsFor: ({ protocol, endpoint, map }) => {
      const name = formatEndpoint(endpoint);
      defaultMaps.set(name, map);
      const service = serviceOf(protocol === "socketmap" ? socketmap : tcpTable, () => defaultMaps.get(name));
      return { ...parts, service };
    },
    nowMs: () => parts.turn.nowMs(),
    limits: parts.limits,
    inherited: [],
    log,
  });
  servers.push(running);
  return { running, parts, log };
}

const server = () => makeServer().running;
const inet = (port: number, changes: Partial<ListenerSettings> = {}) =>
  settingsOf({ endpoint: { kind: "inet", host: "127.0.0.1", port }, ...changes });
const unixPath = () => join(mkdtempSync(join(tmpdir(), "loginmapd-net-")), "socket");

/** A client that asks once and then neither reads nor closes, whatever we do. */
async function deafClient(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.write(ask("alice@x"));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  return socket;
}

describe("a server", () => {
  test("keeps listeners that did not change, opens new ones, drains the others", async () => {
    const path = () => join(mkdtempSync(join(tmpdir(), "loginmapd-net-")), "socket");
    const [one, two, three] = [path(), path(), path()].map((unix) =>
      settingsOf({ endpoint: { kind: "unix", path: unix } }),
    );
    const running = server();
    await running.listen([one!, two!]);
    const kept = running.listeners[0];
    const client = await connect((one!.endpoint as { path: string }).path);
    await running.listen([one!, three!]);
    expect(running.listeners[0]).toBe(kept);
    client.send(ask("alice@x"));
    expect(await client.netstring()).toBe("OK alice@example.com");
    await expect(WireClient.open((two!.endpoint as { path: string }).path)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
    running.destroy();
  });

  test("changes nothing when one endpoint cannot be had", async () => {
    const { port } = await bench();
    const running = server();
    const path = join(mkdtempSync(join(tmpdir(), "loginmapd-net-")), "socket");
    const unix = settingsOf({ endpoint: { kind: "unix", path } });
    await running.listen([unix]);
    const taken = settingsOf({ endpoint: { kind: "inet", host: "127.0.0.1", port } });
    await expect(running.listen([taken])).rejects.toThrow("another program listens there");
    expect(running.listeners.map(({ name }) => name)).toEqual([`unix:${path}`]);
    const client = await connect(path);
    client.send(ask("alice@x"));
    expect(await client.netstring()).toBe("OK alice@example.com");
    running.destroy();
  });

  test("takes another map for a listener without closing it: its connections go on with the new one", async () => {
    const port = await freePort();
    const running = server();
    await running.listen([inet(port, { protocol: "tcp_table" })]);
    const [listener] = running.listeners;
    const client = await connect(port);
    expect(await client.get("alice@x")).toBe("200 alice@example.com");
    await running.listen([inet(port, { protocol: "tcp_table", map: "absent" })]);
    expect(running.listeners).toEqual([listener]);
    expect(await client.get("alice@x")).toMatch(/^500 /);
  });

  test("takes another protocol for a listener without closing it: connections of the old one end with their answers", async () => {
    const port = await freePort();
    const running = server();
    await running.listen([inet(port)]);
    const [idle, busy] = [await connect(port), await connect(port)];
    expect(await idle.ask("senders", "alice@x")).toBe("OK alice@example.com");
    busy.send(ask("slow@x"));
    await waitUntil("the lookup", () => waiting.size === 1);
    await running.listen([inet(port, { protocol: "tcp_table" })]);
    const next = await connect(port);
    expect(await next.get("alice@x")).toBe("200 alice@example.com");
    await within("the idle connection to be closed", idle.closed);
    waiting.get("slow@x")?.(alice);
    expect(await busy.netstring()).toBe("OK alice@example.com");
    await within("the busy connection to be closed", busy.closed);
    expect(await next.get("alice@x")).toBe("200 alice@example.com");
  });

  test("leaves a listener open and as it was when another endpoint cannot be had", async () => {
    const { port: taken } = await bench();
    const port = await freePort();
    const path = unixPath();
    const unix = settingsOf({ endpoint: { kind: "unix", path }, mode: 0o600 });
    const running = server();
    await running.listen([inet(port, { protocol: "tcp_table" }), unix]);
    const client = await connect(port);
    expect(await client.get("alice@x")).toBe("200 alice@example.com");
    const changed = [inet(port, { protocol: "tcp_table", map: "absent" }), { ...unix, mode: 0o666 }];
    await expect(running.listen([...changed, inet(taken)])).rejects.toThrow("another program listens there");
    expect(await client.get("alice@x")).toBe("200 alice@example.com");
    expect(await (await connect(port)).get("alice@x")).toBe("200 alice@example.com");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("gives a unix socket another mode and group without closing it, or says why it cannot", async () => {
    const path = unixPath();
    const unix = settingsOf({ endpoint: { kind: "unix", path }, mode: 0o600 });
    const running = server();
    await running.listen([unix]);
    const { ino } = statSync(path);
    await running.listen([{ ...unix, mode: 0o660, group: "daemon" }]);
    expect(statSync(path)).toMatchObject({ ino, gid: 1 });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await expect(running.listen([{ ...unix, group: "no-such-group" }])).rejects.toThrow("there is no group");
    expect(statSync(path).gid).toBe(1);
    await running.listen([unix]);
    expect(statSync(path).gid).toBe(process.getgid?.());
  });

  test("says that it is in its own way when a new endpoint overlaps one that is to leave", async () => {
    const port = await freePort();
    const running = server();
    await running.listen([inet(port)]);
    const everywhere = settingsOf({ endpoint: { kind: "inet", host: "0.0.0.0", port } });
    await expect(running.listen([everywhere])).rejects.toThrow(
      `cannot listen on inet:0.0.0.0:${port}: this daemon itself listens on inet:127.0.0.1:${port}, which overlaps`,
    );
    expect(await (await connect(port)).ask("senders", "alice@x")).toBe("OK alice@example.com");
  });

  test("does not wait for connections of a listener that a reload removed, and cuts them off after drain_timeout", async () => {
    const [kept, left] = [await freePort(), await freePort()];
    const { running, log, parts } = makeServer({ drainTimeoutMs: 300 });
    await running.listen([inet(kept), inet(left)]);
    const busy = await connect(left);
    busy.send(ask("slow@x"));
    await waitUntil("the lookup", () => waiting.size === 1);
    await within("the reload", running.listen([inet(kept)]), 200);
    expect(await isListening(left)).toBe(false);
    expect(busy.isClosed).toBe(false);
    await within("the connection to be cut off", busy.closed, 5_000);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "warn", fields: { connections: 1 } }));
    expect(parts.deadlines.size).toBe(0);
  });

  test("cuts off a client of a removed listener that does not close its side, before drain_timeout", async () => {
    const port = await freePort();
    const { running, parts } = makeServer({ drainTimeoutMs: 60_000 });
    await running.listen([inet(port)]);
    const deaf = await deafClient(port);
    await running.listen([]);
    await waitUntil("the connection to be closed", () => parts.tally.connections === 0, 6_000);
    deaf.destroy();
  });

  test("drains within seconds though a client does not close its side", async () => {
    const port = await freePort();
    const { running, parts } = makeServer({ drainTimeoutMs: 60_000 });
    await running.listen([inet(port)]);
    const deaf = await deafClient(port);
    await within("the drain", running.drain(), 6_000);
    expect(parts.tally.connections).toBe(0);
    deaf.destroy();
  });

  test("drains what a reload removed, and opens nothing any more", async () => {
    const [kept, left] = [await freePort(), await freePort()];
    const { running } = makeServer({ drainTimeoutMs: 60_000 });
    await running.listen([inet(kept), inet(left)]);
    const busy = await connect(left);
    busy.send(ask("slow@x"));
    await waitUntil("the lookup", () => waiting.size === 1);
    await running.listen([inet(kept)]);
    let isDrained = false;
    const drained = running.drain().then(() => {
      isDrained = true;
    });
    await expect(running.listen([inet(left)])).rejects.toThrow("the daemon is stopping");
    expect(await isListening(left)).toBe(false);
    expect(isDrained).toBe(false);
    waiting.get("slow@x")?.(alice);
    expect(await busy.netstring()).toBe("OK alice@example.com");
    busy.close();
    await within("the drain", drained);
  });
});
