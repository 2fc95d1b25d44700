/** What an operator does to a running daemon: reload it, restart it while the database is away. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, startDaemon, writeConfig } from "../../support/servers/daemon.ts";
import { freePort, isListening } from "../../support/servers/ports.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce, WireClient } from "../../support/wire/wire.ts";

const alice = "OK alice@example.com";

describe("SIGHUP", () => {
  let stage: Stage;
  let reloads = { ok: 0, error: 0 };

  beforeAll(async () => {
    stage = await startStage();
  });

  afterAll(() => stage.stop());

  async function reload(config: object | string, outcome: "ok" | "error" = "ok"): Promise<void> {
    await writeConfig(stage.daemon.configFile as string, config as Record<string, unknown>);
    reloads = { ...reloads, [outcome]: reloads[outcome] + 1 };
    stage.daemon.signal("SIGHUP");
    await waitUntil(
      `reload number ${reloads[outcome]} that ends with ${outcome}`,
      async () => (await stage.metric("loginmapd_config_reloads_total", { outcome })) === reloads[outcome],
    );
  }

  test("takes a new map, on connections that stay open", async () => {
    const client = await WireClient.open(stage.ports.socketmap);
    expect(await client.ask("senders", "alice@example.com")).toBe(alice);
    expect(await client.ask("more", "alice@example.com")).toMatch(/^PERM unknown map /);
    await reload({ ...stage.config, maps: { senders: { source: "mail" }, more: { source: "mail" } } });
    expect(await client.ask("more", "alice@example.com")).toBe(alice);
    client.close();
  });

  test("takes a new delimiter: what was cached for the old one is void", async () => {
    expect(await askOnce(stage.ports.socketmap, "senders", "alice-x@example.com")).toBe("NOTFOUND ");
    await reload({ ...stage.config, maps: { senders: { source: "mail", recipient_delimiter: "-" } } });
    expect(await askOnce(stage.ports.socketmap, "senders", "alice-x@example.com")).toBe(alice);
  });

  test("keeps what is cached when the answers cannot have changed", async () => {
    await reload(stage.config);
    await askOnce(stage.ports.socketmap, "senders", "bob@example.com");
    const misses = await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" });
    await reload({ ...stage.config, cache: { ttl: "50s" }, log: { level: "warn" } });
    expect(await askOnce(stage.ports.socketmap, "senders", "bob@example.com")).toBe("OK bob@example.com");
    expect(await stage.metric("loginmapd_cache_requests_total", { outcome: "miss" })).toBe(misses);
  });

  test("opens and closes listeners, and leaves those alone that did not change", async () => {
    const kept = await WireClient.open(stage.ports.socketmap);
    const extra = await freePort();
    const listeners = stage.config["listeners"] as object[];
    await reload({
      ...stage.config,
      listeners: [...listeners, { protocol: "socketmap", endpoint: `inet:127.0.0.1:${extra}` }],
    });
    expect(await askOnce(extra, "senders", "alice@example.com")).toBe(alice);
    await reload(stage.config);
    expect(await isListening(extra)).toBe(false);
    expect(await kept.ask("senders", "alice@example.com")).toBe(alice);
    kept.close();
  });

  test("with a bad file changes nothing and says every reason", async () => {
    await reload("maps: { senders: { source: nobody } }\ncache: { ttl: soon }\n", "error");
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toBe(alice);
    expect(stage.daemon.log()).toMatch(/configuration not reloaded/);
    expect(stage.daemon.log()).toMatch(/cache\.ttl: expected a duration/);
    await reload(stage.config);
  });

  test("with an endpoint that cannot be had changes nothing, not even the maps", async () => {
    const listeners = [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${stage.mariadb.port}` }];
    const maps = { other: { source: "mail" } };
    await reload({ ...stage.config, listeners, maps }, "error");
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toBe(alice);
    expect(await askOnce(stage.ports.socketmap, "other", "alice@example.com")).toMatch(/^PERM /);
    await reload(stage.config);
  });

  test("takes a new password of the database, and loses no lookup of a hundred connections meanwhile", async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => WireClient.open(stage.ports.socketmap)));
    let isDone = false;
    const wrong = new Set<string>();
    let answered = 0;
    const loops = clients.map(async (client, i) => {
      for (let n = 0; !isDone; n++) {
        const reply = await client.ask("senders", n % 2 === 0 ? "alice@example.com" : `new${i}-${n}@catch.example`);
        if (reply !== (n % 2 === 0 ? alice : "OK erin@catch.example")) wrong.add(reply);
        answered++;
      }
    });
    await stage.mariadb.addReader("second", "second-password");
    const mail = { ...(stage.config["sources"] as { mail: object }).mail, user: "second", password: "second-password" };
    for (let i = 0; i < 3; i++) {
      await reload({ ...stage.config, sources: { mail } });
      await reload(stage.config);
    }
    isDone = true;
    await Promise.all(loops);
    for (const client of clients) client.close();
    expect([...wrong]).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  });
});

describe("a snapshot of the cache", () => {
  let stage: Stage;
  let snapshotFile: string;

  beforeAll(async () => {
    stage = await startStage({
      config: (mariadb) => {
        snapshotFile = join(mariadb.folder, "cache.snapshot");
        return { cache: { snapshot_file: snapshotFile } };
      },
    });
    await askOnce(stage.ports.socketmap, "senders", "alice@example.com");
    await askOnce(stage.ports.socketmap, "senders", "nobody@example.com");
    await stage.daemon.stop();
    await stage.mariadb.kill();
  });

  afterAll(() => stage.mariadb.remove());

  const restart = (config: object = stage.config): Promise<Daemon> =>
    startDaemon({ config: config as Record<string, unknown>, listening: [stage.ports.socketmap, stage.ports.admin] });

  test("lets a daemon answer that was restarted while the database is away", async () => {
    const daemon = await restart();
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toBe(alice);
    expect(await askOnce(stage.ports.socketmap, "senders", "nobody@example.com")).toBe("NOTFOUND ");
    expect(await askOnce(stage.ports.socketmap, "senders", "bob@example.com")).toMatch(/^(TEMP|TIMEOUT) /);
    expect(await askOnce(stage.ports.socketmap, "senders", "bob@elsewhere.example")).toBe("NOTFOUND ");
    await daemon.stop();
  });

  test("of another source is not believed", async () => {
    const mail = { ...(stage.config["sources"] as { mail: object }).mail, database: "elsewhere" };
    const daemon = await restart({ ...stage.config, cache: {}, sources: { mail } });
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toMatch(/^(TEMP|TIMEOUT) /);
    await daemon.stop();
    const other = await restart({ ...stage.config, sources: { mail } });
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toMatch(/^(TEMP|TIMEOUT) /);
    await other.kill();
  });

  test("that is damaged is left out with a warning", async () => {
    const whole = await readFile(snapshotFile, "utf8");
    await writeFile(snapshotFile, whole.slice(0, -10));
    const daemon = await restart();
    await waitUntil("the warning", () => daemon.log().includes("cache snapshot ignored"));
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toMatch(/^(TEMP|TIMEOUT) /);
    await daemon.kill();
  });

  test("that cannot be written is a warning, and the daemon ends cleanly", async () => {
    const cache = { snapshot_file: join(stage.mariadb.folder, "missing", "cache.snapshot") };
    const daemon = await restart({ ...stage.config, cache });
    await daemon.stop();
    expect(daemon.log()).toContain("cache snapshot not written");
  });

  test("that a full disk cuts short is a warning, and the daemon ends cleanly", async () => {
    // A limit on the size of files fails a write as a full disk does.
    const before = await readFile(snapshotFile, "utf8");
    const config = stage.config as Record<string, unknown>;
    const daemon = await startDaemon({
      config,
      listening: [stage.ports.socketmap, stage.ports.admin],
      prefix: ["prlimit", "--fsize=20"],
    });
    await daemon.stop();
    expect(daemon.log()).toContain("cache snapshot not written");
    expect(await readFile(snapshotFile, "utf8")).toBe(before);
  });
});
