/** Restarts with a socket that the supervisor holds: nobody is refused, nothing is lost, and systemd is told. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { Lag } from "../../support/lag.ts";
import { projectRoot, writeConfig } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { type Child, startChild } from "../../support/servers/processes.ts";
import { nativeSchema, nativeSource } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

// What a busy machine adds is no fault of the daemon.
const lag = new Lag();

let mariadb: Mariadb;
let directory: TestDirectory;
let supervisor: Child;
let port: number;

beforeAll(async () => {
  mariadb = await startMariadb({ load: nativeSchema });
  await mariadb.addReader("loginmapd", "reader-password");
  directory = await makeDirectory("restart");
  const ports = (await freePorts(2)) as [number, number];
  port = ports[0];
  const config = join(directory.path, "loginmapd.yaml");
  await writeConfig(config, {
    listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
    admin: { endpoint: `inet:127.0.0.1:${ports[1]}` },
    maps: { senders: { source: "mail" } },
    sources: { mail: nativeSource(mariadb) },
  });
  const daemon = [process.execPath, join(projectRoot, "dist/main.js"), "serve", "-c", config];
  const script = join(projectRoot, "test/support/servers/supervisor.pl");
  supervisor = startChild("perl", [script, String(port), join(directory.path, "notify"), "400000", ...daemon]);
  await waitUntil("READY=1", () => told().includes("READY=1"), 20_000);
});

afterAll(async () => {
  supervisor.signal("SIGTERM");
  await supervisor.exited;
  await mariadb.remove();
  await directory.remove();
});

const lines = () => supervisor.stdout().trimEnd().split("\n");
const told = () => lines().map((line) => line.slice(line.indexOf(" ") + 1));
const daemons = () => [...new Set(lines().map((line) => line.split(" ")[0]))];

/** Asks as Postfix does: on a kept connection, and when that turns out dead, once more on a new one (dict_sockmap.c). */
async function postfixClient(until: () => boolean, count: (reply: string) => void): Promise<void> {
  let client = await WireClient.open(port);
  for (let n = 0; !until(); n++) {
    const key = n % 2 === 0 ? "alice@example.com" : `new${n}@catch.example`;
    let reply: string;
    try {
      reply = await client.ask("senders", key);
    } catch {
      client.close();
      client = await WireClient.open(port);
      reply = await client.ask("senders", key);
    }
    count(reply);
  }
  client.close();
}

test("the daemon says that it lives, more often than the watchdog wants", async () => {
  const signs = () => told().filter((line) => line === "WATCHDOG=1").length;
  const before = signs();
  await waitUntil("three signs of life", () => signs() >= before + 3);
  expect(supervisor.stderr()).not.toContain("systemd-notify failed");
});

test("SIGHUP to the daemon is told as RELOADING=1 and READY=1", async () => {
  const ready = () => told().filter((line) => line === "READY=1").length;
  const before = ready();
  process.kill(Number(daemons().at(-1)), "SIGHUP");
  await waitUntil("READY=1 again", () => told().includes("RELOADING=1") && ready() === before + 1);
});

test("a client that does not close its side when we have delays no restart for drain_timeout", async () => {
  const client = await WireClient.open(port, { allowHalfOpen: true });
  expect(await client.ask("senders", "alice@example.com")).toBe("OK alice@example.com");
  const ended = () => told().filter((line) => line === "exit 0").length;
  const before = ended();
  const begun = performance.now();
  supervisor.signal("SIGHUP");
  await waitUntil("the daemon to end", () => ended() > before, 20_000);
  // Of a drain_timeout of 10 s.
  expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(8_000);
  const ready = () => told().lastIndexOf("READY=1") > told().lastIndexOf("exit 0");
  await waitUntil("the next daemon", ready, 20_000);
  client.close();
});

test("five restarts under fifty clients refuse nobody, lose nothing and answer nothing wrong", async () => {
  const replies = new Map<string, number>();
  let isDone = false;
  const clients = Array.from({ length: 50 }, () =>
    postfixClient(
      () => isDone,
      (reply) => replies.set(reply, (replies.get(reply) ?? 0) + 1),
    ),
  );
  const all = Promise.all(clients);
  for (let restart = 1; restart <= 5; restart++) {
    const ready = told().filter((line) => line === "READY=1").length;
    supervisor.signal("SIGHUP");
    await Promise.race([
      all,
      waitUntil(`restart ${restart}`, () => told().filter((line) => line === "READY=1").length > ready, 20_000),
    ]);
  }
  isDone = true;
  await all;
  expect([...replies.keys()].sort()).toEqual(["OK alice@example.com", "OK erin@catch.example"]);
  expect(told().filter((line) => line === "exit 0").length).toBeGreaterThanOrEqual(5);
  expect(told()).toContain("STOPPING=1");
  expect(daemons().length).toBeGreaterThanOrEqual(6);
});
