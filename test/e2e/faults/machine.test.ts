/** What can go wrong around the daemon on its own machine: no room or no reader for its log, signals, a file copied over. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { startNameServer } from "../../support/fakes/name-server.ts";
import { buildNightlyFile } from "../../support/nightly-file.ts";
import { type Daemon, startDaemon } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { run } from "../../support/servers/processes.ts";
import { waitUntil, within } from "../../support/wait.ts";
import { askOnce, netstring, WireClient } from "../../support/wire/wire.ts";

let directory: TestDirectory;
let daemon: Daemon | undefined;
let port: number;
let adminPort: number;
const place = (name: string) => join(directory.path, name);

beforeEach(async () => {
  directory = await makeDirectory("machine");
  buildNightlyFile(place("db"), "old");
  port = await freePort();
  adminPort = await freePort();
});

afterEach(async () => {
  await daemon?.kill();
  daemon = undefined;
  await directory.remove();
});

/** @param redirect what the shell does with standard error */
async function start(
  level: string,
  redirect = "",
  { env, cache }: { env?: Record<string, string>; cache?: Record<string, string> } = {},
): Promise<Daemon> {
  daemon = await startDaemon({
    prefix: ["bash", "-c", `exec "$@" ${redirect}`, "bash"],
    ...(env && { env }),
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      admin: { endpoint: `inet:127.0.0.1:${adminPort}`, token: "correct-horse-battery-staple" },
      maps: { senders: { source: "mail" } },
      sources: {
        mail: { driver: "sqlite", path: place("db"), queries: { address: "SELECT o FROM m WHERE a = :email" } },
      },
      cache: { ttl: "1h", ...cache },
      log: { level },
    },
    listening: [port, adminPort],
  });
  return daemon;
}

const ask = (i: number) => askOnce(port, "senders", `u${i}@example.com`);

/** Flushes everything. @returns the reply */
async function flush(): Promise<unknown> {
  const reply = await fetch(`http://127.0.0.1:${adminPort}/v1/cache/flush`, {
    method: "POST",
    headers: { authorization: "Bearer correct-horse-battery-staple", "content-type": "application/json" },
    body: '{"all":true}',
  });
  return reply.json();
}

/** Asks for every address on one connection, each of which writes a line at level debug. */
async function askAll(): Promise<void> {
  const client = await WireClient.open(port);
  for (let i = 0; i < 2000; i++) client.send(netstring(`senders u${i}@example.com`));
  for (let i = 0; i < 2000; i++) expect(await within("a reply", client.netstring())).toBe(`OK old${i}`);
  client.close();
}

test("a full disk under its log keeps it neither from starting nor from answering", async () => {
  const running = await start("debug", "2>/dev/full");
  await askAll();
  await running.stop();
});

test("lines that a full disk took are told when there is room again", async () => {
  mkdirSync(place("disk"));
  const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place("disk")]);
  expect(mounted).toMatchObject({ stderr: "", code: 0 });
  try {
    writeFileSync(place("disk/ballast"), Buffer.alloc(32_768));
    const running = await start("debug", `2>>${place("disk/log")}`);
    await askAll();
    rmSync(place("disk/ballast"));
    expect(await ask(7)).toBe("OK old7");
    const lines = readFileSync(place("disk/log"), "utf8").split("\n");
    expect(lines.find((line) => line.includes('"msg":"log lines were lost"'))).toMatch(/"lost":\d{3,4},/);
    await running.stop();
  } finally {
    await daemon?.kill();
    await run("umount", ["-l", place("disk")]);
  }
});

test("a reader of its log that hangs holds up no lookup, also at level debug", async () => {
  const running = await start("debug", "2> >(exec sleep 600)");
  // Far more than a pipe holds, and than waits in memory.
  for (let round = 0; round < 10; round++) await askAll();
  await running.stop();
});

test("what a reader of its log is slow to take waits in memory: no line is lost", async () => {
  // A pipe holds 64 kB; the lines of one round are some 400 kB.
  const running = await start(
    "debug",
    `2> >(until [ -e ${place("go")} ]; do sleep 0.1; done; exec cat >${place("log")})`,
  );
  await askAll();
  writeFileSync(place("go"), "");
  const told = () => readFileSync(place("log"), "utf8").match(/"msg":"lookup"/g)?.length;
  await waitUntil("every lookup to be told", () => told() === 2000);
  expect(readFileSync(place("log"), "utf8")).not.toContain("log lines were lost");
  await running.stop();
});

test("a disk that is slow to confirm holds up no lookup, and a flush is not told before it has", async () => {
  // Whichever way it is asked to confirm, the disk does so when there is a file "go".
  writeFileSync(
    place("slow-disk.mjs"),
    `import fs from "node:fs";
     import { syncBuiltinESMExports } from "node:module";
     const isHeld = () => !fs.existsSync(${JSON.stringify(place("go"))});
     const note = () => fs.writeFileSync(${JSON.stringify(place("asked"))}, "");
     const block = () => { note(); while (isHeld()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); };
     fs.fsyncSync = fs.fdatasyncSync = block;
     syncBuiltinESMExports();
     const handle = await fs.promises.open("/dev/null");
     handle.constructor.prototype.sync = async () => {
       note();
       while (isHeld()) await new Promise((resolve) => setTimeout(resolve, 10));
     };
     await handle.close();`,
  );
  const running = await start("info", "", {
    env: { NODE_OPTIONS: `--import=${place("slow-disk.mjs")}` },
    cache: { snapshot_file: place("cache.snapshot") },
  });
  await askAll();
  let isTold = false;
  const flushed = flush().then((reply) => {
    isTold = true;
    return reply;
  });
  await waitUntil("the disk to be asked", () => existsSync(place("asked")));
  for (let i = 1; i < 100; i++) expect(await within("a reply", ask(i))).toBe(`OK old${i}`);
  expect(isTold).toBe(false);
  writeFileSync(place("go"), "");
  expect(await flushed).toEqual({ flushed: 2000 });
  await running.stop();
});

test("a name server that says nothing holds up neither an answer nor the end", async () => {
  const nameServer = await startNameServer(() => "silence", { host: "127.77.1.53", port: 53 });
  try {
    // The system's own resolver would wait for a minute, and the end of the process with it.
    writeFileSync(place("resolv.conf"), "nameserver 127.77.1.53\noptions timeout:30 attempts:2\n");
    const withResolver = `mount --bind ${place("resolv.conf")} /etc/resolv.conf && exec "$@"`;
    const running = await startOn("inet:db.example.test:3306", ["unshare", "--mount", "sh", "-c", withResolver, "sh"]);
    expect(await ask(7)).toMatch(/^TIMEOUT /);
    expect(nameServer.asked).toContain("db.example.test");
    await running.stop(30_000);
  } finally {
    await nameServer.close();
  }
});

test("a database that says nothing does not hold up the end, though its domains and its listing are still asked for", async () => {
  const connected: Socket[] = [];
  const silent = createServer((socket) => connected.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  try {
    const running = await startOn(`inet:127.0.0.1:${(silent.address() as AddressInfo).port}`);
    expect(await ask(7)).toMatch(/^TIMEOUT /);
    expect(connected.length).toBeGreaterThan(0);
    await running.stop(30_000);
  } finally {
    for (const socket of connected) socket.destroy();
    silent.close();
  }
});

/** Starts it on a MySQL at `host`, for which it has a minute, and as long as it likes to end. */
async function startOn(host: string, prefix: readonly string[] = []): Promise<Daemon> {
  daemon = await startDaemon({
    prefix,
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      limits: { lookup_timeout: "1s", drain_timeout: "10m" },
      admin: { endpoint: `inet:127.0.0.1:${adminPort}` },
      maps: { senders: { source: "mail" } },
      sources: {
        mail: {
          driver: "mysql",
          hosts: [host],
          user: "loginmapd",
          database: "vmail",
          connect_timeout: "60s",
          preset: "postfixadmin",
        },
      },
    },
    listening: [port, adminPort],
  });
  return daemon;
}

test("SIGUSR1 opens no inspector, and SIGUSR2 ends nothing", async () => {
  const running = await start("info");
  running.signal("SIGUSR1");
  running.signal("SIGUSR2");
  await waitUntil(
    "both to be told",
    () => running.logLines().filter(({ msg }) => msg === "signal without a meaning here").length === 2,
  );
  expect(await ask(7)).toBe("OK old7");
  const isOpen = await new Promise((resolve) => {
    connect(9229, "127.0.0.1")
      .on("connect", () => resolve(true))
      .on("error", () => resolve(false));
  });
  expect(isOpen).toBe(false);
  await running.stop();
});

test("an SQLite file that was copied over answers for itself after a flush", async () => {
  const running = await start("info");
  expect(await ask(7)).toBe("OK old7");
  buildNightlyFile(place("next"), "new");
  copyFileSync(place("next"), place("db"));
  expect(await flush()).toEqual({ flushed: 1 });
  expect(await ask(7)).toBe("OK new7");
  await running.stop();
});
