/** Misses of loginmapd beside those of Postfix's own table, where both serve the same table file: the part that every type shares. */
import { join } from "node:path";
import { isListening } from "../../support/servers/ports.ts";
import { makePostfixHome, startPostfix } from "../../support/servers/postfix.ts";
import { waitUntil } from "../../support/wait.ts";
import { type Pace, patient } from "../pace.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { jobOf, type Setting } from "./contestants.ts";
import { clientCounts, postmapContestant, socketmapTable } from "./misses.ts";

/** A server with the mailboxes of the workload in it, and how a table file asks it. */
export interface AskedServer {
  readonly cf: string;
  remove(): Promise<void>;
}

/** One type of table. */
export interface TableMisses {
  readonly type: "pgsql" | "ldap";
  readonly suite: string;
  /** `misses on PostgreSQL`. */
  readonly title: string;
  /** As many as no measurement can ask: a directory takes long to fill. */
  readonly mailboxes: number;
  start(mailboxes: number): Promise<AskedServer>;
}

/** Misses of 1, 8 and 50 clients. */
export async function measureTableMisses(
  whole: Stage,
  usual: Pace,
  { type, suite, title, mailboxes, start }: TableMisses,
): Promise<Lineup[]> {
  const pace = patient(usual);
  const stage: Stage = { ...whole, mailboxes };
  const releases: (() => unknown)[] = [];
  try {
    const asked = await start(stage.mailboxes);
    releases.push(() => asked.remove());
    const home = await makePostfixHome();
    releases.push(home.remove);
    const file = await home.writeTable("senders.cf", asked.cf);
    await home.setParameter("proxy_read_maps", `proxy:${type}:${file}`);
    const postfix = await startPostfix(home, []);
    releases.push(postfix.stop);
    await waitUntil("proxymap to listen", () => isListening(join(home.queue, "private/proxymap")));
    const server = await stage.startLoginmapd(type, { postfixCf: `${type}:${file}` });
    releases.push(server.stop);

    const byGenerator = (clients: number, name: string): Contestant => ({
      name,
      async measure(repetition) {
        await server.flush();
        const workload = { population: "mailbox", first: 0, count: stage.mailboxes, order: "walk", repeat: 1 } as const;
        const setting: Setting = { way: "socketmap unix", connections: clients, workload, askAllFirst: false };
        return stage.generator.run(jobOf(server, setting, pace, repetition));
      },
    });
    for (const clients of clientCounts) await byGenerator(clients, "warming up").measure(0);
    const lineups: Lineup[] = [];
    for (const clients of clientCounts) {
      const byPostmap = (name: string, table: string, flush?: () => Promise<void>) =>
        postmapContestant(stage, pace, { etc: home.etc, table, clients, name, ...(flush && { flush }) });
      const contestants = [
        byGenerator(clients, "loginmapd"),
        await byPostmap("loginmapd, by postmap", socketmapTable(server), server.flush),
        await byPostmap(`${type}:, by postmap`, `${type}:${file}`),
        await byPostmap(`proxy:${type}:, by postmap`, `proxy:${type}:${file}`),
      ];
      const entries = await inTurns(contestants, pace.repetitions);
      lineups.push({ suite, title: `${title}, ${clients} clients`, entries });
    }
    return lineups;
  } finally {
    for (const release of releases.reverse()) await release();
  }
}
