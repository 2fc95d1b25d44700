/**
 * What can go wrong with a database goes wrong, under load, and the cost is counted: never a wrong answer, never a late one,
 * and no failure for an address that was asked before. Prints a table of what each fault cost.
 */
import mysql from "mysql2/promise";
import { afterAll, expect, test } from "vitest";
import { Load, type LoadTally, type Question } from "../support/load.ts";
import { lockTable } from "../support/lock.ts";
import { type Mariadb, startMariadb } from "../support/mariadb.ts";
import {
  type ConfigSections,
  nativeSchema,
  nativeSource,
  type Stage,
  type StageOptions,
  startStage,
} from "../support/stage.ts";
import { waitUntil } from "../support/wait.ts";
import { askOnce } from "../support/wire.ts";

const lookupTimeoutMs = 2000;
// One coarse timer ends lookups; the rest is what two busy cores may add.
const deadlineMs = lookupTimeoutMs + 500;

/** The addresses that were asked before the fault, and their owners. */
const known: readonly Question[] = [
  { key: "alice@example.com", kind: "cached", answer: "OK alice@example.com" },
  { key: "sales@example.com", kind: "cached", answer: "OK alice@example.com,bob@example.com" },
  { key: "bob+news@example.com", kind: "cached", answer: "OK bob@example.com" },
  { key: "erin@catch.example", kind: "cached", answer: "OK erin@catch.example" },
  { key: "nobody@example.com", kind: "cached", answer: "NOTFOUND " },
  { key: "dave@example.com", kind: "cached", answer: "NOTFOUND " },
];

/** Asks what is cached most of the time, and else an address that was never asked: one with an owner, one without. */
function questions(): () => Question {
  let count = 0;
  return () => {
    count++;
    if (count % 4 === 1) return { key: `new${count}@catch.example`, kind: "uncached", answer: "OK erin@catch.example" };
    if (count % 4 === 3) return { key: `new${count}@example.com`, kind: "uncached", answer: "NOTFOUND " };
    return known[count % known.length] as Question;
  };
}

interface Cost {
  readonly fault: string;
  readonly answers: number;
  readonly wrong: number;
  readonly late: number;
  readonly "451 cached": number;
  readonly "451 uncached": number;
  readonly "slowest ms": number;
  /** From the end of the fault to the last failure of an uncached address; 0 when there was none. */
  readonly "recovery ms": number;
}

const costs: Cost[] = [];
afterAll(() => console.table(Object.fromEntries(costs.map(({ fault, ...rest }) => [fault, rest]))));

/** A fault, as it is injected and taken away. */
interface Fault {
  readonly name: string;
  readonly options?: StageOptions;
  /** Breaks it, waits as long as the fault is to last, and mends it; resolves when the database is whole again. */
  inject(stage: Stage, underLoad: () => Promise<unknown>): Promise<void>;
  /** Whether uncached addresses have to fail while the fault lasts: else none may. */
  readonly isOutage: boolean;
}

/** Runs a fault on a stage of its own under load, and gives what it cost. */
async function costOf(fault: Fault): Promise<Cost> {
  const stage = await startStage({ ...fault.options, config: (mariadb) => configOf(fault, mariadb) });
  const load = new Load(stage.ports.socketmap, questions(), deadlineMs);
  try {
    load.start(8);
    await waitUntil("every known address to be asked", () => load.tally.answers > 500);
    expect(load.tally).toMatchObject({ wrong: [], late: [], failures: { cached: 0, uncached: 0 }, lost: 0 });
    load.reset();
    await fault.inject(stage, () => underFault(load, fault.isOutage));
    const mendedAt = performance.now();
    await waitUntil(
      "uncached addresses to be answered again",
      () => load.tally.lastUncachedAnswerAt > Math.max(mendedAt, load.tally.lastUncachedFailureAt + 500),
      15_000,
    );
    const { tally } = load;
    await load.stop();
    await stage.stop();
    return toCost(fault.name, tally, mendedAt);
  } finally {
    await load.stop();
    await stage.daemon.kill();
    await stage.mariadb.remove();
  }
}

function configOf({ options }: Fault, mariadb: Mariadb): ConfigSections {
  const own = typeof options?.config === "function" ? options.config(mariadb) : options?.config;
  return { limits: { lookup_timeout: `${lookupTimeoutMs}ms` }, ...own };
}

/** Waits until the load has felt a fault: a fault lasts that long and no longer. */
function underFault(load: Load, isOutage: boolean): Promise<unknown> {
  const before = load.tally.answers;
  return waitUntil("the load to feel the fault", () =>
    isOutage ? load.tally.failures.uncached >= 8 : load.tally.answers > before + 200,
  );
}

function toCost(fault: string, tally: LoadTally, mendedAt: number): Cost {
  expect(tally.wrong).toEqual([]);
  expect(tally.late).toEqual([]);
  const cost: Cost = {
    fault,
    answers: tally.answers,
    wrong: tally.wrong.length,
    late: tally.late.length,
    "451 cached": tally.failures.cached,
    "451 uncached": tally.failures.uncached,
    "slowest ms": Math.round(tally.slowestMs),
    "recovery ms": Math.max(0, Math.round(tally.lastUncachedFailureAt - mendedAt)),
  };
  costs.push(cost);
  return cost;
}

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
    name: "connections reset in mid-query",
    isOutage: false,
    async inject({ mariadb }, underLoad) {
      for (let round = 0; round < 5; round++) {
        await killConnections(mariadb);
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
    name: "queries held up for 700 ms",
    isOutage: false,
    async inject({ mariadb }) {
      for (let round = 0; round < 3; round++) {
        const lock = await lockTable(mariadb, "addresses");
        await new Promise((resolve) => setTimeout(resolve, 700));
        await lock.release();
      }
    },
  },
];

test.each(faults)("$name: no wrong answer, no late one, no failure for what is cached", async (fault) => {
  const cost = await costOf(fault);
  expect(cost).toMatchObject({ wrong: 0, late: 0, "451 cached": 0 });
  if (fault.isOutage) expect(cost["451 uncached"]).toBeGreaterThan(0);
  else expect(cost["451 uncached"]).toBe(0);
  expect(cost["recovery ms"]).toBeLessThan(1000);
});

test("two hosts, the first dies and the second lags: its rows are answered, and nothing is made up", async () => {
  const replica = await startMariadb({
    load: nativeSchema,
    // What the load asks is the same on both; that the replica is behind shows in an address of its own.
    sql: "DELETE FROM addresses WHERE localpart = 'sales' AND login = 'bob@example.com'",
  });
  try {
    await replica.addReader("loginmapd", "reader-password");
    const stage = await startStage({
      config: (mariadb) => ({
        limits: { lookup_timeout: `${lookupTimeoutMs}ms` },
        sources: { mail: { ...nativeSource(mariadb), hosts: hostsOf(mariadb, replica) } },
      }),
    });
    const load = new Load(stage.ports.socketmap, questions(), deadlineMs);
    try {
      load.start(8);
      await waitUntil("every known address to be asked", () => load.tally.answers > 500);
      load.reset();
      await stage.mariadb.kill();
      await underFault(load, false);
      expect(await askOnce(stage.ports.socketmap, "senders", "sales+lag@example.com")).toBe("OK alice@example.com");
      await stage.mariadb.start();
      const mendedAt = performance.now();
      await waitUntil("the first host to be asked again", async () =>
        (await askOnce(stage.ports.socketmap, "senders", `sales+${Date.now()}@example.com`)).endsWith(
          "bob@example.com",
        ),
      );
      await load.stop();
      expect(toCost("first of two hosts dies, second lags", load.tally, mendedAt)).toMatchObject({
        wrong: 0,
        late: 0,
        "451 cached": 0,
        "451 uncached": 0,
      });
      await stage.daemon.stop();
    } finally {
      await load.stop();
      await stage.daemon.kill();
      await stage.mariadb.remove();
    }
  } finally {
    await replica.remove();
  }
});

function hostsOf(...servers: readonly Mariadb[]): string[] {
  return servers.map(({ port }) => `inet:127.0.0.1:${port}`);
}

async function killConnections(mariadb: Mariadb): Promise<void> {
  await mariadb.query("KILL USER loginmapd");
}

/** Takes every connection that the server has left, and those of the daemon as well. */
async function hogConnections(mariadb: Mariadb): Promise<{ destroy(): void }[]> {
  await mariadb.query("CREATE USER hog@localhost; CREATE USER hog@'127.0.0.1'");
  const hogs: mysql.Connection[] = [];
  await waitUntil("the server to be full and the daemon to be out", async () => {
    await killConnections(mariadb);
    for (;;) {
      const hog = await mysql.createConnection({ socketPath: mariadb.socket, user: "hog" }).catch(() => undefined);
      if (hog === undefined) break;
      hogs.push(hog);
    }
    const [row] = await mariadb.query(
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'loginmapd'",
    );
    return Number(row?.["n"]) === 0;
  });
  return hogs;
}

async function setPassword(mariadb: Mariadb, password: string): Promise<void> {
  for (const host of ["localhost", "127.0.0.1"])
    await mariadb.query(`ALTER USER loginmapd@'${host}' IDENTIFIED BY '${password}'`);
}
