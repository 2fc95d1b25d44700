/**
 * What can go wrong with a database goes wrong, under load, and the cost is counted: never a wrong answer, never a late one,
 * and no failure for an address that was asked before. Prints a table of what each fault cost.
 */
import { readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { startDaemon } from "../../support/servers/daemon.ts";
import { type Cost, costOf, type Fault, loadConfig, loadOn, toCost, underFault } from "../../support/servers/fault.ts";
import { lockTable } from "../../support/servers/lock.ts";
import {
  giveAndTake,
  hogConnections,
  killConnections,
  setPassword,
  statementsWaiting,
} from "../../support/servers/mariadb-faults.ts";
import { run } from "../../support/servers/processes.ts";
import { openRelay, type Relay } from "../../support/servers/relay.ts";
import { nativeSource, type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";

const costs: Cost[] = [];
let relay: Relay;
let directory: TestDirectory;

beforeAll(async () => {
  directory = await makeDirectory("faults");
  relay = await openRelay();
});

afterAll(async () => {
  console.table(Object.fromEntries(costs.map(({ fault, ...rest }) => [fault, rest])));
  await relay.close();
  await directory.remove();
});

const faults: readonly Fault[] = [
  {
    name: "SIGKILL and restart",
    isOutage: true,
    async inject({ mariadb }, underLoad) {
      await mariadb.kill();
      await underLoad();
      await mariadb.start();
    },
  },
  {
    name: "orderly restart",
    isOutage: true,
    async inject({ mariadb }, underLoad) {
      await mariadb.stop();
      await underLoad();
      await mariadb.start();
    },
  },
  {
    name: "hang (SIGSTOP, SIGCONT)",
    isOutage: true,
    async inject({ mariadb }, underLoad) {
      mariadb.pause();
      await underLoad();
      mariadb.resume();
    },
  },
  {
    name: "connections killed by the server",
    isOutage: false,
    async inject({ mariadb }, underLoad) {
      for (let round = 0; round < 5; round++) {
        await killConnections(mariadb);
        await underLoad();
      }
    },
  },
  {
    name: "connections reset in mid-query",
    isOutage: false,
    options: {
      config: (mariadb) => {
        relay.target = mariadb.port;
        return { sources: { mail: { ...nativeSource(mariadb), hosts: [`inet:127.0.0.1:${relay.port}`] } } };
      },
    },
    async inject({ mariadb }, underLoad) {
      for (let round = 0; round < 5; round++) {
        const lock = await lockTable(mariadb, "addresses");
        await waitUntil("a statement to wait", async () => (await statementsWaiting(mariadb)) > 0);
        expect(relay.resetAll()).toBeGreaterThan(0);
        await lock.release();
        await underLoad();
      }
    },
  },
  {
    name: "max_connections exhausted",
    isOutage: true,
    options: { mariadb: { arguments: ["--max-connections=12"] } },
    async inject({ mariadb }, underLoad) {
      const hogs = await hogConnections(mariadb);
      await underLoad();
      for (const hog of hogs) hog.destroy();
    },
  },
  {
    name: "table dropped and brought back",
    isOutage: true,
    async inject({ mariadb }, underLoad) {
      await mariadb.query("SET foreign_key_checks = 0; RENAME TABLE catch_alls TO gone");
      await underLoad();
      await mariadb.query("RENAME TABLE gone TO catch_alls");
    },
  },
  {
    name: "database set read-only",
    isOutage: false,
    async inject({ mariadb }, underLoad) {
      await mariadb.query("SET GLOBAL read_only = 1");
      await underLoad();
      await mariadb.query("SET GLOBAL read_only = 0");
    },
  },
  {
    name: "password rotated away and back",
    isOutage: true,
    async inject({ mariadb }, underLoad) {
      await setPassword(mariadb, "another-password");
      await killConnections(mariadb);
      await underLoad();
      await setPassword(mariadb, "reader-password");
    },
  },
  {
    // As in my.cnf, or set by an administrator: what connects from now on has it.
    name: "autocommit switched off at the server",
    isOutage: false,
    async inject({ mariadb, ports }, underLoad) {
      await mariadb.query("SET GLOBAL autocommit = 0");
      await killConnections(mariadb);
      await underLoad();
      await giveAndTake(mariadb, ports.socketmap);
    },
  },
  {
    name: "session state that cuts and misreads answers (init_connect)",
    isOutage: false,
    async inject({ mariadb, ports }, underLoad) {
      const state = "autocommit = 0, sql_select_limit = 1, sql_mode = 'PAD_CHAR_TO_FULL_LENGTH', NAMES latin1";
      await mariadb.query(`SET GLOBAL sql_select_limit = 1; SET GLOBAL init_connect = "SET ${state}"`);
      await killConnections(mariadb);
      await underLoad();
      await giveAndTake(mariadb, ports.socketmap);
    },
  },
  {
    name: "queries held up for 700 ms",
    isOutage: false,
    // A busy machine makes 700 ms longer. What is tested is that the host is not taken for dead, not how long a lookup waits.
    lookupTimeoutMs: 20_000,
    options: {
      config: (mariadb) => ({ sources: { mail: { ...nativeSource(mariadb), query_timeout: "19s" } } }),
    },
    async inject({ mariadb }) {
      for (let round = 0; round < 3; round++) {
        const lock = await lockTable(mariadb, "addresses");
        await new Promise((resolve) => setTimeout(resolve, 700));
        await lock.release();
      }
    },
  },
  {
    name: "queries held up for longer than query_timeout",
    isOutage: true,
    options: {
      config: (mariadb) => ({ sources: { mail: { ...nativeSource(mariadb), query_timeout: "1s" } } }),
    },
    async inject({ mariadb }, underLoad) {
      // Every lookup reads it, and the list of domains too.
      const lock = await lockTable(mariadb, "send_as_grants");
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await underLoad();
      await lock.release();
    },
  },
];

test.each(faults)("$name: no wrong answer, no late one, no failure for what is cached", async (fault) => {
  const cost = await costOf(fault);
  costs.push(cost);
  expect(cost).toMatchObject({ wrong: 0, late: 0, lost: 0, "451 cached": 0 });
  if (fault.isOutage) {
    expect(cost["451 uncached"]).toBeGreaterThan(0);
    expect(cost.stale).toBeGreaterThan(0);
  } else {
    expect(cost["451 uncached"]).toBe(0);
  }
  expect(cost["recovery ms"]).toBeLessThan(1000 + cost["allowance ms"]);
});

test("clock set forward and back: no answer expires or lives on by it", async () => {
  const file = join(directory.path, "clock");
  await writeFile(file, "+0");
  const cost = await costOf({
    name: "clock set by +2 days, then by -2 days",
    isOutage: false,
    // Only the time of day is faked: that is what an administrator or NTP sets.
    options: {
      daemon: {
        env: {
          LD_PRELOAD: fakeTimeLibrary(),
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
        },
      },
    },
    async inject(stage, underLoad) {
      for (const days of [2, -2]) {
        await writeFile(file, `${days > 0 ? "+" : ""}${days}d`);
        await waitUntil("the daemon to see the step", async () => Math.abs((await daysAhead(stage)) - days) < 0.1);
        await underLoad();
      }
    },
  });
  costs.push(cost);
  expect(cost).toMatchObject({ wrong: 0, late: 0, lost: 0, "451 cached": 0, "451 uncached": 0, stale: 0 });
});

test("disk full when the cache is to be saved: a restart under load gives no wrong answer", async () => {
  const disk = join(directory.path, "disk");
  await mkdir(disk);
  await mustRun("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
  const stage = await startStage({
    config: () => loadConfig({ cache: { snapshot_file: join(disk, "cache.snapshot") } }),
  });
  const load = loadOn(stage);
  try {
    load.start(8);
    await underFault(load, false);
    await fillDisk(disk);
    await stage.daemon.stop();
    expect(stage.daemon.log()).toContain("cache snapshot not written");
    expect(stage.daemon.log()).toContain("ENOSPC");
    const next = await startDaemon({ config: stage.config, listening: [stage.ports.socketmap] });
    const mendedAt = performance.now();
    try {
      await underFault(load, false);
      await load.stop();
    } finally {
      await next.stop();
    }
    const cost = toCost("disk full at a restart (lost: asked while nobody listened)", load, mendedAt, 0);
    costs.push(cost);
    expect(cost).toMatchObject({ wrong: 0, late: 0, "451 cached": 0, "451 uncached": 0 });
  } finally {
    await load.stop();
    await stage.daemon.kill();
    await stage.mariadb.remove();
    await mustRun("umount", [disk]);
  }
});

async function fillDisk(disk: string): Promise<void> {
  await writeFile(join(disk, "filler"), Buffer.alloc(1 << 20)).then(
    () => expect.unreachable("the disk is not full"),
    (error: NodeJS.ErrnoException) => expect(error.code).toBe("ENOSPC"),
  );
}

async function mustRun(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}

async function daysAhead(stage: Stage): Promise<number> {
  const { headers } = await stage.admin("/healthz");
  return (Date.parse(headers.get("date") ?? "") - Date.now()) / 86_400_000;
}

function fakeTimeLibrary(): string {
  const found = readdirSync("/usr/lib")
    .map((architecture) => join("/usr/lib", architecture, "faketime/libfaketime.so.1"))
    .find((path) => {
      try {
        return readdirSync(join(path, "..")).length > 0;
      } catch {
        return false;
      }
    });
  if (found === undefined) throw new Error("libfaketime is missing: apt-get install faketime (or bash test/all.sh)");
  return found;
}
