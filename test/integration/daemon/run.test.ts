/** The daemon in this process, from its first listener to its drain, told by signals and asked by its own commands. */
import { existsSync } from "node:fs";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import Sqlite from "libsql";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { loadSettings } from "../../../src/cli/load-settings.ts";
import { serve } from "../../../src/daemon/run.ts";
import { waitUntil, within } from "../../support/wait.ts";
import { makePlace, type Place, runHere } from "../cli/support.ts";

const taken = ["SIGHUP", "SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"] as const;
let before: Map<string, NodeJS.SignalsListener[]>;
let place: Place;
/** Called once the daemon is done, to end the process: here it must not. */
let exit: MockInstance<typeof process.exit>;
/** How often the configuration was read. */
let loads: number;

beforeEach(async () => {
  before = new Map(taken.map((signal) => [signal, process.listeners(signal) as NodeJS.SignalsListener[]]));
  for (const signal of taken) process.removeAllListeners(signal);
  exit = vi.spyOn(process, "exit").mockImplementation((() => undefined) as () => never);
  loads = 0;
  place = await makePlace();
});

afterEach(async () => {
  for (const [signal, listeners] of before) {
    process.removeAllListeners(signal);
    for (const listener of listeners) process.on(signal, listener);
  }
  exit.mockRestore();
  await place.remove();
});

const here = (...args: readonly string[]) => runHere(...args, "-c", place.configFile);
const ask = (key: string) => here("query", "senders", key);

/** Starts it and waits until it is ready. */
async function start(): Promise<{ readonly ended: Promise<number> }> {
  const load = () => {
    loads++;
    return loadSettings({ options: { config: place.configFile }, positionals: [] });
  };
  let isReady = false;
  const onReady = () => {
    isReady = true;
  };
  const ended = serve({ load, onReady });
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  ended.then(over, over);
  await waitUntil("the daemon to be ready, or to end", () => isReady || isOver);
  return { ended };
}

async function stop(ended: Promise<number>): Promise<void> {
  process.emit("SIGTERM");
  expect(await within("the daemon to drain", ended)).toBe(0);
  await waitUntil("the end of the process", () => exit.mock.calls.length > 0);
}

/** Asks the admin endpoint, with the token. */
function get(path: string): Promise<unknown> {
  const headers = { authorization: "Bearer 0123456789abcdef0123456789abcdef" };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: `${place.path}/admin`, path, headers }, (response) => {
      json(response).then(resolve, reject);
    });
    call.on("error", reject).end();
  });
}

function change(sql: string): void {
  const sqlite = new Sqlite(place.database);
  sqlite.exec(sql);
  sqlite.close();
}

test("answers, forgets what it is told to, and leaves no socket behind", async () => {
  const { ended } = await start();
  expect(await ask("sales@example.com")).toEqual({ code: 0, stdout: "alice,bob\n", stderr: "" });
  expect(await ask("nobody@example.com")).toEqual({ code: 1, stdout: "", stderr: "" });
  expect(await here("flush", "--address", "sales@example.com")).toMatchObject({ code: 0, stdout: "flushed 1\n" });
  expect(await here("flush", "--address", "never@example.com")).toMatchObject({ code: 0, stdout: "flushed 0\n" });
  const refused = await here("flush", "--all", "--map", "typo");
  expect(refused).toMatchObject({ code: 69, stdout: "" });
  expect(refused.stderr).toMatch(
    /^loginmapd: unix:\S+admin refused: there is no such map; the configuration has senders$/m,
  );
  change("UPDATE senders SET login = 'carol' WHERE address = 'alice@example.com'");
  expect((await here("flush", "--all")).code).toBe(0);
  expect(await ask("alice@example.com")).toMatchObject({ code: 0, stdout: "carol\n" });
  await stop(ended);
  expect(existsSync(`${place.path}/socketmap`)).toBe(false);
  expect((await ask("alice@example.com")).code).toBe(69);
});

test("its admin endpoint tells what the daemon has and what its sources say", async () => {
  const { ended } = await start();
  expect(await get("/readyz")).toMatchObject({ ready: true, sources: [{ name: "mail", up: true }] });
  expect((await ask("sales@example.com")).code).toBe(0);
  // Its listing brings every address, asked for or not.
  const listed = { map: "senders", source: "mail", entries: { positive: 3, negative: 0 }, ttlMs: 60_000 };
  await waitUntil("the listing", async () => {
    expect(await get("/v1/cache")).toMatchObject({ maps: [listed] });
    return true;
  });
  expect(await get("/v1/lookup?address=Sales@example.com&login=bob")).toMatchObject({
    outcome: "ok",
    owners: ["alice", "bob"],
    cache: { state: "hit" },
  });
  expect(await get("/v1/lookup?address=two@example.com")).toMatchObject({
    outcome: "notfound",
    cache: { state: "miss" },
  });
  expect(JSON.stringify(await get("/v1/addresses?login=alice"))).toMatch(/alice@example\.com.*sales@example\.com/);
  await stop(ended);
});

test("a reload takes the new configuration, whole or not at all", async () => {
  const { ended } = await start();
  const query = "SELECT 'new-' || login FROM senders WHERE address = :email";
  const { mail } = place.config.sources;
  const renamed = { ...place.config, sources: { mail: { ...mail, queries: { address: query } } } };
  await place.write("loginmapd.yaml", { ...renamed, maps: { senders: { source: "typo" } } });
  process.emit("SIGHUP");
  await waitUntil("the wrong configuration to be read", () => loads === 2);
  const server = `unix:${place.path}/socketmap`;
  const askThere = () => runHere("query", "--server", server, "senders", "alice@example.com");
  expect(await askThere()).toEqual({ code: 0, stdout: "alice\n", stderr: "" });
  await place.write("loginmapd.yaml", renamed);
  process.emit("SIGHUP");
  await waitUntil("the new query", async () => (await askThere()).stdout === "new-alice\n");
  await stop(ended);
});

test("an endpoint that cannot be had ends it with 69", async () => {
  const endpoint = `unix:${place.path}/no/such/folder/socketmap`;
  await place.write("loginmapd.yaml", { ...place.config, listeners: [{ protocol: "socketmap", endpoint }] });
  const { ended } = await start();
  expect(await ended).toBe(69);
  await waitUntil("the end of the process", () => exit.mock.calls.length > 0);
});
