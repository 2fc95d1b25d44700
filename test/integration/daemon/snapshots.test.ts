/** A flush and the snapshot file: what was flushed is on no disk any more when the flush is answered. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readConfig } from "../../../src/config/read-config.ts";
import { Daemon } from "../../../src/daemon/daemon.ts";
import { FlushError } from "../../../src/daemon/snapshots.ts";
import type { Database } from "../../../src/model/source.ts";
import { Metrics } from "../../../src/telemetry/exposition.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";
import { writeConfig } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { run } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";

const rows = 3000;
let directory: TestDirectory;
let port: number;
let map: Record<string, unknown>;
let log: ReturnType<typeof fakeLog>;
const open: Daemon[] = [];
const listening: Server[] = [];

beforeEach(async () => {
  directory = await makeDirectory("snapshots");
  const database = new Sqlite(place("db"));
  database.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT)");
  const values = Array.from({ length: rows }, (_, i) => `('u${i}@example.com', 'u${i}')`);
  database.exec(`INSERT INTO m VALUES ${values.join()}`);
  database.close();
  port = await freePort();
  map = { source: "mail" };
  log = fakeLog();
});

afterEach(async () => {
  for (const daemon of open.splice(0)) await daemon.drain();
  for (const server of listening.splice(0)) server.close();
  await directory.remove();
});

const place = (name: string) => join(directory.path, name);

async function settings(file: string | undefined, on = port) {
  await writeConfig(place("config.yaml"), {
    listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${on}` }],
    maps: { senders: map },
    sources: {
      mail: { driver: "sqlite", path: place("db"), queries: { address: "SELECT o FROM m WHERE a = :email" } },
    },
    cache: { ttl: "1h", ...(file === undefined ? {} : { snapshot_file: place(file) }) },
  });
  return readConfig({ file: place("config.yaml"), env: {}, knownPresets: [] }).settings;
}

async function start(file: string | undefined) {
  const adjustable = { ...log, setLevel: () => {} };
  const metrics = new Metrics({ version: "0", node: "0" });
  const daemon = Daemon.open(await settings(file), { log: adjustable, metrics, inherited: [] });
  open.push(daemon);
  await daemon.snapshots.restore();
  return daemon;
}

/** Fills the cache as lookups would. */
function fill(daemon: Daemon): void {
  for (let i = 0; i < rows; i++) void cacheOf(daemon).ownersOf(`u${i}@example.com`, Number.POSITIVE_INFINITY);
}

const cacheOf = (daemon: Daemon) => {
  const cache = daemon.chains.get("senders")?.cache;
  if (cache === undefined) throw new Error("no such map");
  return cache;
};
const stateOf = (daemon: Daemon, key = "u7@example.com") => cacheOf(daemon).stateOf(key).state;
const flush = (daemon: Daemon) => daemon.flush({ kind: "login", login: "u7" }, undefined);

/** Whether a file of the directory has what was flushed. */
const isOnDisk = () =>
  readdirSync(directory.path).some(
    (name) => name.startsWith("cache") && readFileSync(place(name)).includes('"u7@example'),
  );

test("a flush takes away the file that was restored, and the next one lacks what was flushed", async () => {
  const first = await start("cache");
  fill(first);
  await first.snapshots.save();
  const daemon = await start("cache");
  expect(stateOf(daemon)).toBe("hit");
  expect(await flush(daemon)).toBe(1);
  expect(isOnDisk()).toBe(false);
  await daemon.snapshots.save();
  const third = await start("cache");
  expect(stateOf(third)).toBe("miss");
  expect(stateOf(third, "u8@example.com")).toBe("hit");
});

test("a flush at any moment of a write keeps what was flushed off the disk", async () => {
  const daemon = await start("cache");
  const unfinished = place(`cache.${process.pid}.new`);
  const written = () => statSync(unfinished, { throwIfNoEntry: false })?.size ?? 0;
  let during = 0;
  for (let bytes = 0; bytes < 200_000; bytes += 10_000) {
    fill(daemon);
    expect(stateOf(daemon)).toBe("hit");
    let isDone = false;
    const saved = daemon.snapshots.save().then(() => {
      isDone = true;
    });
    while (!isDone && written() <= bytes) await new Promise(setImmediate);
    if (!isDone) during++;
    await flush(daemon);
    expect(existsSync(place("cache"))).toBe(false);
    await saved;
    expect(isOnDisk()).toBe(false);
  }
  expect(during).toBeGreaterThan(0);
  await daemon.snapshots.save();
  expect(existsSync(place("cache"))).toBe(true);
});

test("a flush takes away the file of before a reload that names another, or none", async () => {
  const daemon = await start("cache");
  fill(daemon);
  await daemon.snapshots.save();
  await daemon.reload(await settings("cache-2"));
  await daemon.snapshots.save();
  await daemon.reload(await settings(undefined));
  expect(readdirSync(directory.path).filter((name) => name.startsWith("cache"))).toEqual(["cache", "cache-2"]);
  await flush(daemon);
  expect(isOnDisk()).toBe(false);
});

test("a flush during a reload that fails is not undone by going back", async () => {
  const daemon = await start(undefined);
  fill(daemon);
  const taken = createServer().listen(0, "127.0.0.1");
  listening.push(taken);
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port: takenPort } = taken.address() as { port: number };
  const changed = await settings("cache", takenPort);
  const reloaded = daemon.reload(changed);
  expect(await flush(daemon)).toBe(1);
  await expect(reloaded).rejects.toThrow();
  expect(stateOf(daemon)).toBe("miss");
  expect(stateOf(daemon, "u8@example.com")).toBe("hit");
});

test("a file that cannot be removed is emptied", async () => {
  const daemon = await start("cache");
  fill(daemon);
  await daemon.snapshots.save();
  // As a container has it whose volume is this one file.
  expect(await run("mount", ["--bind", place("cache"), place("cache")])).toMatchObject({ stderr: "", code: 0 });
  try {
    await flush(daemon);
    expect(readFileSync(place("cache"), "utf8")).toBe("");
  } finally {
    await run("umount", [place("cache")]);
  }
});

test("a file that can be neither removed nor emptied makes the flush fail, each time until it is gone", async () => {
  const daemon = await start("cache");
  fill(daemon);
  mkdirSync(place("cache"));
  const failed = expect(flush(daemon)).rejects.toThrow(FlushError);
  // Memory has forgotten all the same, and at once.
  expect(stateOf(daemon)).toBe("miss");
  await failed;
  await expect(flush(daemon)).rejects.toThrow(FlushError);
  const [line] = log.lines.filter(({ level }) => level === "error");
  expect(line).toMatchObject({ message: "cache snapshot still holds what was flushed; remove it" });
  expect(line?.fields).toMatchObject({ file: place("cache") });
  rmdirSync(place("cache"));
  await flush(daemon);
});

test.each([
  ["another delimiter", { recipient_delimiter: "-" }],
  ["other local domains", { local_domains: ["example.com"] }],
])("a snapshot of a map with %s is not believed: an address had other keys then", async (_what, changes) => {
  const first = await start("cache");
  fill(first);
  await first.snapshots.save();
  expect(stateOf(await start("cache"))).toBe("hit");
  map = { ...map, ...changes };
  expect(stateOf(await start("cache"))).toBe("miss");
});

test("a snapshot is written every five minutes", async () => {
  const daemon = await start("cache");
  fill(daemon);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    daemon.snapshots.start();
    vi.advanceTimersByTime(299_999);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(place("cache"))).toBe(false);
    vi.advanceTimersByTime(1);
    await waitUntil("the snapshot", () => existsSync(place("cache")));
  } finally {
    vi.useRealTimers();
  }
});

test("a flush and a reload open an SQLite file anew that was copied over, at once", async () => {
  const daemon = await start(undefined);
  const owners = async () => {
    const reply = await daemon.chains.get("senders")?.map.lookup("u7@example.com", Number.POSITIVE_INFINITY);
    return reply?.kind === "ok" ? reply.owners.text : reply?.kind;
  };
  const overwrite = (login: string) => {
    const database = new Sqlite(place("next"));
    database.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT)");
    const values = Array.from({ length: rows }, (_, i) => `('u${i}@example.com', '${login}${i}')`);
    database.exec(`INSERT INTO m VALUES ${values.join()}`);
    database.close();
    copyFileSync(place("next"), place("db"));
    rmSync(place("next"));
  };
  expect(await owners()).toBe("u7");
  overwrite("v");
  await daemon.flush({ kind: "all" }, undefined);
  expect(await owners()).toBe("v7");
  // A quarter of a second later it would be noticed anyway: what counts is that the reload does not wait for that.
  const renewed = vi.spyOn(daemon.sources.get("mail")?.database as Database, "renew");
  await daemon.reload(await settings(undefined));
  expect(renewed).toHaveBeenCalledOnce();
});
