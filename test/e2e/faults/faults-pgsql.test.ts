/**
 * What can go wrong with PostgreSQL goes wrong, under load, one fault after the other on one server: never a wrong answer, never a
 * late one, no failure for an address that was asked before, and none at all where nothing was really away.
 */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { type Cost, loadConfig, questions, toCost, underFault } from "../../support/servers/fault.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { waitUntil } from "../../support/wait.ts";
import { Load } from "../../support/wire/load.ts";

// Of the configuration that every fault meets, and one coarse timer on top.
const deadlineMs = 2500;

const costs: Cost[] = [];
let primary: Postgresql;
let standby: Postgresql;
/** With one host, and with a standby behind it. */
let alone: { daemon: Daemon; port: number };
let paired: { daemon: Daemon; port: number };

beforeAll(async () => {
  const load = ["sql/native/001-schema.pgsql.sql", "sql/demo/rows.sql"].map((file) => join(projectRoot, file));
  primary = await startPostgresql({ load, settings: ["wal_level = replica", "max_connections = 24"] });
  await primary.addReader("loginmapd", "reader-password");
  standby = await startPostgresql({ standbyOf: primary });
  alone = await serve([primary]);
  paired = await serve([primary, standby]);
});

afterAll(async () => {
  console.table(Object.fromEntries(costs.map(({ fault, ...rest }) => [fault, rest])));
  await alone?.daemon.stop();
  await paired?.daemon.stop();
  await standby?.remove();
  await primary?.remove();
});

async function serve(servers: readonly Postgresql[]): Promise<{ daemon: Daemon; port: number }> {
  const [port, admin] = (await freePorts(2)) as [number, number];
  const daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      admin: { endpoint: `inet:127.0.0.1:${admin}` },
      maps: { senders: { source: "mail", recipient_delimiter: "+" } },
      sources: {
        mail: {
          driver: "pgsql",
          hosts: servers.map((server) => `inet:127.0.0.1:${server.port}`),
          user: "loginmapd",
          password: "reader-password",
          database: primary.database,
          preset: "native",
          // What is lost of lookups is counted here, and a source that is followed answers most of them from memory.
          listing_interval: "off",
          query_timeout: "1s",
        },
      },
      ...loadConfig(),
    },
    listening: [port, admin],
  });
  return { daemon, port };
}

const terminate = () =>
  primary.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'");

/** Takes every connection that the server has, those of the daemon as well. @returns what gives them back */
async function takeEveryConnection(): Promise<() => Promise<void>> {
  const hog = await primary.connect();
  const hogs: { end(): Promise<void> }[] = [hog];
  const takeRest = async () => {
    for (;;) {
      const one = await primary.connect().catch(() => undefined);
      if (one === undefined) return;
      hogs.push(one);
    }
  };
  let quietRounds = 0;
  // A connection that ended is given back a little later: only rounds without a change show that none is left.
  await waitUntil("the server to be full and the daemon to be out", async () => {
    const before = hogs.length;
    await takeRest();
    const { rows } = await hog.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'",
    );
    quietRounds = hogs.length === before && rows.length === 0 ? quietRounds + 1 : 0;
    return quietRounds >= 5;
  });
  return async () => {
    await Promise.all(hogs.map((one) => one.end()));
  };
}

interface PgsqlFault {
  readonly name: string;
  /** Whether uncached addresses have to fail while it lasts: else none may. */
  readonly isOutage: boolean;
  inject(underLoad: () => Promise<void>): Promise<void>;
}

const faults: readonly PgsqlFault[] = [
  {
    name: "SIGKILL and restart",
    isOutage: true,
    async inject(underLoad) {
      await primary.kill();
      await underLoad();
      await primary.start();
    },
  },
  {
    name: "orderly restart",
    isOutage: true,
    async inject(underLoad) {
      await primary.stop();
      await underLoad();
      await primary.start();
    },
  },
  {
    name: "hang (SIGSTOP, SIGCONT)",
    isOutage: true,
    async inject(underLoad) {
      primary.pause();
      await underLoad();
      primary.resume();
    },
  },
  {
    name: "sessions terminated by the server",
    isOutage: false,
    async inject(underLoad) {
      for (let round = 0; round < 5; round++) {
        await terminate();
        await underLoad();
      }
    },
  },
  {
    name: "max_connections exhausted",
    isOutage: true,
    async inject(underLoad) {
      const release = await takeEveryConnection();
      await underLoad();
      await release();
    },
  },
  {
    name: "password rotated away and back",
    isOutage: true,
    async inject(underLoad) {
      await primary.query("ALTER ROLE loginmapd PASSWORD 'another-password'");
      await terminate();
      await underLoad();
      await primary.query("ALTER ROLE loginmapd PASSWORD 'reader-password'");
    },
  },
  {
    name: "table dropped and brought back",
    isOutage: true,
    async inject(underLoad) {
      await primary.query("ALTER TABLE catch_alls RENAME TO gone");
      await underLoad();
      await primary.query("ALTER TABLE gone RENAME TO catch_alls");
    },
  },
  {
    name: "table rewritten, with another type",
    isOutage: false,
    async inject(underLoad) {
      await primary.query("ALTER TABLE catch_alls ALTER COLUMN login TYPE varchar(255)");
      await underLoad();
      await primary.query("VACUUM FULL catch_alls");
      await underLoad();
    },
  },
  {
    name: "queries held up for longer than query_timeout",
    isOutage: true,
    async inject(underLoad) {
      // Every lookup reads it, and the list of domains too.
      const lock = await primary.lockTable("send_as_grants");
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await underLoad();
      await lock.release();
    },
  },
  {
    name: "search_path of the account leads nowhere",
    isOutage: true,
    async inject(underLoad) {
      await primary.query("ALTER ROLE loginmapd SET search_path = nowhere");
      await terminate();
      await underLoad();
      await primary.query("ALTER ROLE loginmapd RESET search_path");
      await terminate();
    },
  },
  {
    name: "hostile defaults of the account",
    isOutage: false,
    async inject(underLoad) {
      const hostile = [
        "standard_conforming_strings = off",
        "default_transaction_read_only = on",
        "default_transaction_isolation = serializable",
        "DateStyle = 'SQL, DMY'",
        "TimeZone = 'Asia/Kathmandu'",
        "client_encoding = LATIN1",
        "idle_session_timeout = 100",
        "statement_timeout = 200",
      ];
      for (const setting of hostile) await primary.query(`ALTER ROLE loginmapd SET ${setting}`);
      await terminate();
      await underLoad();
      await primary.query("ALTER ROLE loginmapd RESET ALL");
      await terminate();
      await underLoad();
    },
  },
];

/** Runs a fault under load of eight clients, and gives what it cost. */
async function costOf({ name, isOutage, inject }: PgsqlFault, port: number): Promise<Cost> {
  const load = new Load(port, questions(), deadlineMs);
  try {
    load.start(8);
    await waitUntil("every known address to be asked", () => load.tally.answers > 500);
    load.reset();
    await inject(() => underFault(load, isOutage));
    const mendedAt = performance.now();
    await waitUntil(
      "uncached addresses to be answered again",
      () => load.tally.lastUncachedAnswerAt > Math.max(mendedAt, load.tally.lastUncachedFailureAt + 500),
      60_000,
    );
    await load.stop();
    return toCost(name, load, mendedAt, 0);
  } finally {
    await load.stop();
  }
}

test.each(faults)("$name: no wrong answer, no late one, no failure for what is cached", async (fault) => {
  const cost = await costOf(fault, alone.port);
  costs.push(cost);
  expect(cost).toMatchObject({ wrong: 0, late: 0, lost: 0, "451 cached": 0 });
  if (fault.isOutage) expect(cost["451 uncached"]).toBeGreaterThan(0);
  else expect(cost["451 uncached"]).toBe(0);
});

test("a standby, which can only be read, answers while the primary is gone: nothing fails", async () => {
  const cost = await costOf(
    {
      name: "primary gone, standby there",
      isOutage: false,
      async inject(underLoad) {
        await primary.kill();
        for (let round = 0; round < 5; round++) await underLoad();
        await primary.start();
      },
    },
    paired.port,
  );
  costs.push(cost);
  expect(cost).toMatchObject({ wrong: 0, late: 0, lost: 0, "451 cached": 0, "451 uncached": 0 });
});
