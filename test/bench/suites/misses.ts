/** What the database answers: every key is new to the cache. The reference is Postfix's own table on the same database. */
import { selectsRun } from "../database.ts";
import { type Pace, patient } from "../pace.ts";
import { postmapPerSecond } from "../postmap.ts";
import type { Loginmapd } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { mapName } from "../workload.ts";
import { jobOf, type Setting } from "./contestants.ts";

/** Clients that ask at the same time: one smtpd, a small server, a busy one. */
export const clientCounts = [1, 8, 50] as const;

/**
 * Misses of 1, 8 and 50 clients. Postfix and loginmapd serve the same table file, so the same SQL; with its own schema
 * loginmapd also asks for catch-alls and grants.
 */
export async function measureMisses(stage: Stage, usual: Pace): Promise<Lineup[]> {
  const pace = patient(usual);
  const tables = await stage.postfix();
  const sameTable = await stage.startLoginmapd("same-table", { postfixCf: tables.file });
  const lineups: Lineup[] = [];
  try {
    // A daemon that has run for a while is measured: V8 takes seconds to compile the road of a miss. The tables of Postfix
    // have a first run, too.
    for (const server of [sameTable, stage.loginmapd]) {
      for (const clients of clientCounts) {
        await loginmapdMisses(stage, pace, server, clients, "warming up").measure(0);
      }
    }
    for (const clients of clientCounts) {
      const byPostmap = (name: string, table: string, flush?: () => Promise<void>) =>
        postmapContestant(stage, pace, { etc: tables.etc, table, clients, name, ...(flush && { flush }) });
      const entries = await inTurns(
        [
          loginmapdMisses(stage, pace, sameTable, clients, "loginmapd"),
          await byPostmap("loginmapd, by postmap", socketmapTable(sameTable), sameTable.flush),
          loginmapdMisses(stage, pace, stage.loginmapd, clients, "loginmapd, own schema"),
          await byPostmap("mysql:, by postmap", tables.direct),
          await byPostmap("proxy:mysql:, by postmap", tables.proxied),
        ],
        pace.repetitions,
      );
      lineups.push({ suite: "misses", title: `misses, ${clients} clients`, entries });
    }
  } finally {
    await sameTable.stop();
  }
  return lineups;
}

/** The table of a loginmapd as postmap is to name it. */
export function socketmapTable(server: Loginmapd): string {
  const target = server.targets["socketmap unix"];
  return "path" in target
    ? `socketmap:unix:${target.path}:${mapName}`
    : `socketmap:inet:127.0.0.1:${target.port}:${mapName}`;
}

/** A loginmapd under the load generator, its cache empty and every key asked once. */
export function loginmapdMisses(
  stage: Stage,
  pace: Pace,
  server: Loginmapd,
  connections: number,
  name: string,
): Contestant {
  return {
    name,
    async measure(repetition) {
      await server.flush();
      const workload = { population: "mailbox", first: 0, count: stage.mailboxes, order: "walk", repeat: 1 } as const;
      const setting: Setting = { way: "socketmap unix", connections, workload, askAllFirst: false };
      const selectsBefore = await selectsRun(stage.mariadb);
      const result = await stage.generator.run(jobOf(server, setting, pace, repetition));
      return { ...result, statements: ((await selectsRun(stage.mariadb)) - selectsBefore) / result.asked };
    },
  };
}

interface PostmapClients {
  readonly name: string;
  readonly etc: string;
  readonly table: string;
  readonly clients: number;
  /** Empties the cache behind the table, if it has one. */
  readonly flush?: () => Promise<void>;
}

/** Postfix's own client under the same load. */
export async function postmapContestant(
  stage: Stage,
  pace: Pace,
  { name, etc, table, clients, flush }: PostmapClients,
): Promise<Contestant> {
  const ask = async (keysPerClient: number, first: number) => {
    await flush?.();
    return postmapPerSecond({ etc, table, clients, keysPerClient, first, folder: stage.folder });
  };
  // A first run tells how many keys fill the time of a measurement; it also starts the proxymaps.
  const perSecond = await ask(Math.max(100, Math.ceil(2_000 / clients)), 0);
  const seconds = (pace.warmMs + pace.measureMs) / 1000;
  const keysPerClient = Math.ceil(Math.min(perSecond * seconds, stage.mailboxes) / clients);
  // Each client asks the mailboxes that follow those of the one before; every repetition begins elsewhere.
  const spare = stage.mailboxes - keysPerClient * clients;
  const firstOf = (repetition: number) => (spare > 0 ? (repetition * 7919) % spare : 0);
  return { name, measure: async (repetition) => ({ perSecond: await ask(keysPerClient, firstOf(repetition)) }) };
}
