/** Many clients at once, few connections allowed, and the end of the daemon: nobody is refused, nothing is lost. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { Lag } from "../../support/lag.ts";
import { writeConfig } from "../../support/servers/daemon.ts";
import { lockTable } from "../../support/servers/lock.ts";
import { freePort, isListening } from "../../support/servers/ports.ts";
import { nativeSource, type Stage, type StageOptions, startStage } from "../../support/servers/stage.ts";
import { waitUntil, within } from "../../support/wait.ts";
import { askOnce, WireClient } from "../../support/wire/wire.ts";

// What a busy machine adds is no fault of the daemon.
const lag = new Lag();

/** Runs a test on a stage of its own; what the test does not end, this does. */
async function onStage(options: StageOptions, body: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage(options);
  try {
    await body(stage);
    await stage.daemon.stop();
  } finally {
    await stage.daemon.kill();
    await stage.mariadb.remove();
  }
}

/** How often the database was asked for something that holds `text`. */
async function countStatements(stage: Stage, text: string, body: () => Promise<unknown>): Promise<number> {
  await stage.mariadb.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1");
  await body();
  await stage.mariadb.query("SET GLOBAL general_log = 0");
  const rows = await stage.mariadb.query(
    `SELECT COUNT(*) AS n FROM mysql.general_log WHERE command_type IN ('Execute', 'Query') AND argument LIKE '%${text}%'
       AND argument NOT LIKE '%general_log%'`,
  );
  return Number(rows[0]?.["n"]);
}

test("a hundred concurrent misses of one key make one query", () =>
  onStage({}, async (stage) => {
    expect(await askOnce(stage.ports.socketmap, "senders", "bob@example.com")).toBe("OK bob@example.com");
    const clients = await Promise.all(Array.from({ length: 100 }, () => WireClient.open(stage.ports.socketmap)));
    // Held back by a lock, so that all of them miss before the first answer.
    const statements = await countStatements(stage, "alice", async () => {
      const locker = await lockTable(stage.mariadb, "addresses");
      const replies = Promise.all(clients.map((client) => client.ask("senders", "alice@example.com")));
      await waitUntil(
        "all of them to wait",
        async () => (await stage.metric("loginmapd_cache_requests_total", { outcome: "coalesced" })) >= 99,
      );
      await locker.release();
      expect(new Set(await replies)).toEqual(new Set(["OK alice@example.com"]));
    });
    expect(statements).toBe(1);
    for (const client of clients) client.close();
  }));

test("two hundred connections in closed loop get every answer, and the right one", () =>
  onStage({}, async (stage) => {
    const expected = new Map([
      ["alice@example.com", "OK alice@example.com"],
      ["alice+t@example.com", "OK alice@example.com"],
      ["sales@example.com", "OK alice@example.com,bob@example.com"],
      ["nobody@example.com", "NOTFOUND "],
      ["x@elsewhere.example", "NOTFOUND "],
    ]);
    const keys = [...expected.keys()];
    const loop = async (client: WireClient, seed: number): Promise<number> => {
      for (let i = 0; i < 100; i++) {
        const own = i % 10 === 0;
        const key = own ? `u${seed}.${i}@catch.example` : (keys[(seed + i) % keys.length] as string);
        const reply = await client.ask("senders", key);
        const wanted = own ? "OK erin@catch.example" : expected.get(key);
        if (reply !== wanted) throw new Error(`${key}: ${reply}`);
      }
      client.close();
      return 100;
    };
    const clients = await Promise.all(Array.from({ length: 200 }, () => WireClient.open(stage.ports.socketmap)));
    const counts = await Promise.all(clients.map(loop));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000);
    expect(await stage.metric("loginmapd_lookups_total", { protocol: "socketmap", result: "temp" })).toBe(0);
    expect(await stage.metric("loginmapd_lookups_total", { protocol: "socketmap", result: "timeout" })).toBe(0);
  }));

test("clients that flood the database defer nobody", () =>
  onStage({}, async (stage) => {
    let asked = 0;
    const flood = (client: WireClient): void => {
      client.send(
        Array.from({ length: 200 }, () => {
          const query = `senders flood${asked++}@catch.example`;
          return `${query.length}:${query},`;
        }).join(""),
      );
    };
    const flooders = await Promise.all(Array.from({ length: 40 }, () => WireClient.open(stage.ports.socketmap)));
    for (const client of flooders) flood(client);
    const honest = await WireClient.open(stage.ports.socketmap);
    for (let i = 0; i < 20; i++) {
      expect(await honest.ask("senders", `honest${i}@catch.example`)).toBe("OK erin@catch.example");
      for (const client of flooders) flood(client);
    }
    expect(await stage.metric("loginmapd_lookups_total", { result: "temp" })).toBe(0);
    for (const client of [honest, ...flooders]) client.close();
  }));

test("a connection over the cap waits its turn and is not refused", () =>
  onStage({ config: { limits: { max_connections: 3 } } }, async (stage) => {
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => WireClient.open(stage.ports.socketmap)));
    for (const client of [first as WireClient, ...others])
      expect(await client.ask("senders", "alice@example.com")).toBe("OK alice@example.com");

    const waiting = await WireClient.open(stage.ports.socketmap);
    const reply = waiting.ask("senders", "bob@example.com");
    expect(await (others[0] as WireClient).ask("senders", "bob@example.com")).toBe("OK bob@example.com");
    expect(waiting.received).toHaveLength(0);
    expect(waiting.isClosed).toBe(false);
    expect(await stage.metric("loginmapd_connections")).toBe(3);

    (first as WireClient).close();
    expect(await reply).toBe("OK bob@example.com");
    for (const client of [...others, waiting]) client.close();
  }));

test("SIGTERM: what is in flight is answered, new connections find nobody, and the exit code is 0", () =>
  onStage({}, async (stage) => {
    const [busy, idle] = await Promise.all([1, 2].map(() => WireClient.open(stage.ports.socketmap)));
    expect(await idle?.ask("senders", "bob@example.com")).toBe("OK bob@example.com");
    const locker = await lockTable(stage.mariadb, "addresses");
    const reply = busy?.ask("senders", "alice@example.com");
    await waitUntil(
      "the lookup to be in flight",
      async () => (await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" })) >= 2,
    );

    stage.daemon.signal("SIGTERM");
    await waitUntil("the listener to close", async () => !(await isListening(stage.ports.socketmap)));
    await within("the idle connection to be closed", (idle as WireClient).closed);
    await locker.release();
    expect(await reply).toBe("OK alice@example.com");
    await within("the busy connection to be closed", (busy as WireClient).closed);
    expect(await within("the daemon to end", stage.daemon.exited)).toEqual({ code: 0, signal: null });
  }));

test("SIGTERM with a lookup that never ends: the daemon ends within drain_timeout all the same", () =>
  onStage({ config: { limits: { drain_timeout: "1s", lookup_timeout: "60s" } } }, async (stage) => {
    const client = await WireClient.open(stage.ports.socketmap);
    await client.ask("senders", "bob@example.com");
    stage.mariadb.pause();
    client.send("25:senders alice@example.com,");
    await waitUntil(
      "the lookup to be in flight",
      async () => (await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" })) >= 2,
    );
    const begun = performance.now();
    stage.daemon.signal("SIGTERM");
    expect(await within("the daemon to end", stage.daemon.exited)).toEqual({ code: 0, signal: null });
    expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(5000);
    stage.mariadb.resume();
  }));

test("SIGTERM: connections and database have one drain_timeout between them", () =>
  onStage(
    {
      config: (mariadb) => ({
        limits: { drain_timeout: "3s", lookup_timeout: "20s" },
        sources: { mail: { ...nativeSource(mariadb), query_timeout: "15s" } },
      }),
    },
    async (stage) => {
      const client = await WireClient.open(stage.ports.socketmap);
      await client.ask("senders", "bob@example.com");
      const locker = await lockTable(stage.mariadb, "addresses");
      client.send("25:senders alice@example.com,");
      await waitUntil(
        "the lookup to be in flight",
        async () => (await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" })) >= 2,
      );
      const begun = performance.now();
      stage.daemon.signal("SIGTERM");
      expect(await within("the daemon to end", stage.daemon.exited, 30_000)).toEqual({ code: 0, signal: null });
      expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(5500);
      await locker.release();
    },
  ));

test("SIGTERM does not wait for a reload, nor does SIGHUP do anything once it came", () =>
  onStage({ config: { limits: { drain_timeout: "60s", lookup_timeout: "60s" } } }, async (stage) => {
    const extra = await freePort();
    const listeners = stage.config["listeners"] as object[];
    const file = stage.daemon.configFile as string;
    const reloads = () => stage.metric("loginmapd_config_reloads_total", { outcome: "ok" });
    const left = { protocol: "socketmap", endpoint: `inet:127.0.0.1:${extra}` };
    await writeConfig(file, { ...stage.config, listeners: [...listeners, left] });
    stage.daemon.signal("SIGHUP");
    await waitUntil("the listener", async () => (await reloads()) === 1);
    const client = await WireClient.open(extra);
    const locker = await lockTable(stage.mariadb, "addresses");
    const reply = client.ask("senders", "alice@example.com");
    await waitUntil(
      "the lookup to be in flight",
      async () => (await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" })) >= 1,
    );
    await writeConfig(file, stage.config as Record<string, unknown>);
    stage.daemon.signal("SIGHUP");
    await waitUntil("the listener to close", async () => !(await isListening(extra)));
    stage.daemon.signal("SIGTERM");
    await waitUntil("the drain", async () => !(await isListening(stage.ports.socketmap)));
    stage.daemon.signal("SIGHUP");
    await locker.release();
    expect(await reply).toBe("OK alice@example.com");
    expect(await within("the daemon to end", stage.daemon.exited)).toEqual({ code: 0, signal: null });
    expect(stage.daemon.log().split('"configuration reloaded"')).toHaveLength(3);
    expect(stage.daemon.log()).not.toContain("configuration not reloaded");
  }));

test("silent clients that take all connections do not keep an honest one waiting", () =>
  onStage({ config: { limits: { max_connections: 5 } } }, async (stage) => {
    const silent = await Promise.all([1, 2, 3, 4, 5].map(() => WireClient.open(stage.ports.socketmap)));
    await waitUntil("all of them", async () => (await stage.metric("loginmapd_connections")) === 5);
    const begun = performance.now();
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toBe("OK alice@example.com");
    expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(5000);
    expect(silent.filter(({ isClosed }) => isClosed)).toHaveLength(1);
    for (const client of silent) client.close();
  }));

test("a second signal ends the daemon at once", () =>
  onStage({ config: { limits: { drain_timeout: "60s", lookup_timeout: "60s" } } }, async (stage) => {
    const client = await WireClient.open(stage.ports.socketmap);
    await client.ask("senders", "bob@example.com");
    stage.mariadb.pause();
    client.send("25:senders alice@example.com,");
    await waitUntil(
      "the lookup to be in flight",
      async () => (await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" })) >= 2,
    );
    stage.daemon.signal("SIGINT");
    await waitUntil("the listener to close", async () => !(await isListening(stage.ports.socketmap)));
    stage.daemon.signal("SIGINT");
    const begun = performance.now();
    await within("the daemon to end", stage.daemon.exited);
    expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(2000);
    stage.mariadb.resume();
  }));

test("an idle client is left alone by default, and closed when idle_timeout says so", () =>
  onStage({ config: { limits: { idle_timeout: "1s" } } }, async (stage) => {
    const client = await WireClient.open(stage.ports.socketmap);
    expect(await client.ask("senders", "alice@example.com")).toBe("OK alice@example.com");
    await within("the idle client to be closed", client.closed, 30_000);
    const next = await WireClient.open(stage.ports.socketmap);
    expect(await next.ask("senders", "alice@example.com")).toBe("OK alice@example.com");
    next.close();
    await once(next.socket, "close");
  }));
