/** A socket that the supervisor holds and passes: which listener it serves, and that a reload never loses it. */
import { existsSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot, writeConfig } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { type Child, startChild } from "../../support/servers/processes.ts";
import { waitUntil, within } from "../../support/wait.ts";
import { askOnce, WireClient } from "../../support/wire/wire.ts";

const alice = "OK alice@example.com";

let directory: TestDirectory;
let config: Record<string, unknown>;
let configFile: string;
let port: number;
let supervisor: Child | undefined;

beforeEach(async () => {
  directory = await makeDirectory("activation");
  const [listening, admin] = (await freePorts(2)) as [number, number];
  port = listening;
  const path = join(directory.path, "native.sqlite");
  const database = new Database(path);
  for (const script of ["sql/native/001-schema.sqlite.sql", "sql/demo/rows.sql"])
    database.exec(await readFile(join(projectRoot, script), "utf8"));
  database.close();
  configFile = join(directory.path, "loginmapd.yaml");
  config = {
    admin: { endpoint: `inet:127.0.0.1:${admin}` },
    maps: { senders: { source: "mail" }, more: { source: "mail" } },
    sources: { mail: { driver: "sqlite", path, preset: "native" } },
  };
});

afterEach(async () => {
  supervisor?.signal("SIGTERM");
  await supervisor?.exited;
  supervisor = undefined;
  await directory.remove();
});

const log = () => supervisor?.stderr() ?? "";
const count = (text: string) => log().split(text).length - 1;

/** Starts the supervisor with a socket at `address`, and the daemon below it. */
async function start(address: string, listeners: object[], prefix: string[] = []): Promise<void> {
  await writeConfig(configFile, { ...config, listeners });
  const daemon = [...prefix, process.execPath, join(projectRoot, "dist/main.js"), "serve", "-c", configFile];
  const script = join(projectRoot, "test/support/servers/supervisor.pl");
  supervisor = startChild("perl", [script, address, join(directory.path, "notify"), "60000000", ...daemon]);
}

const isReady = () => waitUntil("READY=1", () => supervisor?.stdout().includes("READY=1"), 20_000);

async function reload(listeners: object[]): Promise<void> {
  const before = count('"configuration reloaded"');
  await writeConfig(configFile, { ...config, listeners });
  process.kill(Number(supervisor?.stdout().split(" ")[0]), "SIGHUP");
  await waitUntil("the reload", () => count('"configuration reloaded"') > before);
}

const at = (endpoint: string, changes: object = {}) => ({ protocol: "socketmap", endpoint, ...changes });

test("SIGHUP with another map or protocol for a passed socket refuses nobody", async () => {
  const endpoint = `inet:127.0.0.1:${port}`;
  await start(String(port), [at(endpoint, { protocol: "tcp_table", map: "senders" })]);
  await isReady();
  const client = await WireClient.open(port);
  expect(await client.get("alice@example.com")).toBe("200 alice@example.com");
  await reload([at(endpoint, { protocol: "tcp_table", map: "more" })]);
  expect(await client.get("alice@example.com")).toBe("200 alice@example.com");
  await reload([at(endpoint)]);
  expect(await askOnce(port, "senders", "alice@example.com")).toBe(alice);
  await within("the client of the old protocol to be sent away", client.closed);
  client.close();
});

test("SIGHUP that takes a passed socket out of use turns clients away at once, and the next one takes it up again", async () => {
  const endpoint = `inet:127.0.0.1:${port}`;
  await start(String(port), [at(endpoint)]);
  await isReady();
  const [other] = await freePorts(1);
  await reload([at(`inet:127.0.0.1:${other}`)]);
  expect(log()).toMatch(new RegExp(`"endpoint":"inet:127.0.0.1:${port}".*"a socket from systemd fits no listener"`));
  const turnedAway = await WireClient.open(port);
  await within("the client to be turned away", turnedAway.closed, 2_000);
  await reload([at(endpoint)]);
  expect(await askOnce(port, "senders", "alice@example.com")).toBe(alice);
});

test("ListenStream=PORT serves a listener on one address, with a warning that it is open to more", async () => {
  await start(`[::]:${port}`, [at(`inet:127.0.0.1:${port}`)]);
  await isReady();
  expect(await askOnce(port, "senders", "alice@example.com")).toBe(alice);
  expect(log()).toContain("a socket from systemd takes connections on every address, its listener names one");
});

test("localhost is served by the socket of its address", async () => {
  await start(String(port), [at(`inet:localhost:${port}`)]);
  await isReady();
  expect(await askOnce(port, "senders", "alice@example.com")).toBe(alice);
  expect(log()).not.toContain("a socket from systemd");
});

test("a path through a symbolic link is served by the socket behind it", async () => {
  const link = join(directory.path, "link");
  await symlink(directory.path, link);
  const path = join(directory.path, "socketmap");
  await start(path, [at(`unix:${link}/socketmap`)]);
  await isReady();
  expect(await askOnce(path, "senders", "alice@example.com")).toBe(alice);
});

test("a socket that is in the way of a listener is named before the start ends for it", async () => {
  await start(`0.0.0.0:${port}`, [at(`inet:[::]:${port}`)]);
  const warning = `"endpoint":"inet:0.0.0.0:${port}","fd":3,"name":"supervised","msg":"a socket from systemd fits no listener"`;
  await waitUntil("the end", () => log().includes("another program listens there"));
  expect(log()).toContain(warning);
  expect(log().indexOf(warning)).toBeLessThan(log().indexOf("another program listens there"));
});

test("a descriptor that was promised and is not there is a warning", async () => {
  await start(String(port), [at(`inet:127.0.0.1:${port}`)], ["env", "LISTEN_FDS=200"]);
  await isReady();
  expect(log()).toContain('"fd":202,"msg":"a file from systemd is no listening socket"');
  expect(await askOnce(port, "senders", "alice@example.com")).toBe(alice);
});

test("SIGTERM during a reload that hangs stops at once, and nothing is told to be ready any more", async () => {
  const [marker, program] = [join(directory.path, "reloading"), join(directory.path, "systemd-notify")];
  const script = `case "$1" in RELOADING=1) touch ${marker}; sleep 3;; esac\nPATH=/usr/bin:/bin exec systemd-notify "$@"`;
  await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const path = ["env", `PATH=${directory.path}:${process.env["PATH"]}`];
  await start(String(port), [at(`inet:127.0.0.1:${port}`)], path);
  await isReady();
  process.kill(Number(supervisor?.stdout().split(" ")[0]), "SIGHUP");
  await waitUntil("the reload", () => existsSync(marker));
  supervisor?.signal("SIGTERM");
  await waitUntil("the end", () => log().includes('"stopped"'), 2_000);
  await supervisor?.exited;
  expect(supervisor?.stdout().split("READY=1")).toHaveLength(2);
  expect(log()).not.toContain("reloaded");
});
