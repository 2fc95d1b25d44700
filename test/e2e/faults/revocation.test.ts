/** Not even a crash undoes a flush: a revoked owner is not accepted again. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let directory: TestDirectory;
let ports: [socketmap: number, admin: number];
let running: Daemon | undefined;

beforeEach(async () => {
  directory = await makeDirectory("revocation");
  ports = (await freePorts(2)) as typeof ports;
  sql("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT); INSERT INTO m VALUES ('sales@example.com', 'alice')");
});

afterEach(async () => {
  await running?.kill();
  await directory.remove();
});

function sql(text: string): void {
  const database = new Sqlite(join(directory.path, "users.sqlite"));
  database.exec(text);
  database.close();
}

const snapshotFile = () => join(directory.path, "cache.snapshot");
const ask = () => askOnce(ports[0], "senders", "sales@example.com");

async function start(): Promise<Daemon> {
  running = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${ports[0]}` }],
      admin: { endpoint: `inet:127.0.0.1:${ports[1]}`, token: "token-0123456789abcdef" },
      maps: { senders: { source: "mail" } },
      sources: {
        mail: {
          driver: "sqlite",
          path: join(directory.path, "users.sqlite"),
          queries: { address: "SELECT o FROM m WHERE a = :email" },
        },
      },
      cache: { ttl: "1h", snapshot_file: snapshotFile() },
    },
    listening: ports,
  });
  return running;
}

test("what was flushed does not come back when the daemon is killed and started again", async () => {
  const first = await start();
  expect(await ask()).toBe("OK alice");
  await first.stop();
  const second = await start();
  sql("DELETE FROM m");
  // From the snapshot, which is an hour good.
  expect(await ask()).toBe("OK alice");
  const flush = await loginmapd(["flush", "-c", second.configFile as string, "--login", "alice"]);
  expect(flush).toMatchObject({ code: 0, stdout: "flushed 1\n" });
  expect(existsSync(snapshotFile())).toBe(false);
  await second.kill();
  await start();
  expect(await ask()).toBe("NOTFOUND ");
});

test("soon after a flush there is a snapshot again, without what was flushed", async () => {
  const daemon = await start();
  await ask();
  sql("DELETE FROM m");
  await loginmapd(["flush", "-c", daemon.configFile as string, "--all"]);
  await waitUntil("a new snapshot", () => existsSync(snapshotFile()), 20_000);
  await daemon.kill();
  await start();
  expect(await ask()).toBe("NOTFOUND ");
});

test("a flush whose snapshot file cannot be made safe says so, and the log names the file", async () => {
  await mkdir(snapshotFile());
  const daemon = await start();
  expect(await ask()).toBe("OK alice");
  sql("DELETE FROM m");
  const flush = await loginmapd(["flush", "-c", daemon.configFile as string, "--login", "alice"]);
  expect(flush.code).toBe(69);
  expect(flush.stderr).toContain(
    "failed: 1 flushed from memory, but cache.snapshot_file still holds them; remove it, and see the log",
  );
  const line = daemon.logLines().find(({ msg }) => msg === "cache snapshot still holds what was flushed; remove it");
  expect(line).toMatchObject({ level: "error", file: snapshotFile() });
  expect(await ask()).toBe("NOTFOUND ");
});
