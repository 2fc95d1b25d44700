/** What memory answers: hits at every number of connections, other answers at one, and clients that come and go. */
import type { Pace } from "../pace.ts";
import { ways } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Lineup } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import type { Workload } from "../workload.ts";
import { contestant, hits, type Setting } from "./contestants.ts";

/** Hits against every reference, at every number of connections, over every way. */
export async function measureHits(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const lineups: Lineup[] = [];
  for (const way of ways) {
    for (const connections of pace.connections[way]) {
      const setting: Setting = { way, connections, workload: hits, askAllFirst: true };
      const contestants = [stage.loginmapd, ...stage.references].map((server) =>
        contestant(stage, pace, server, setting),
      );
      const entries = await inTurns(contestants, pace.repetitions);
      lineups.push({ suite: "hits", title: `hits, ${way}, ${connections} connections`, entries });
    }
  }
  return lineups;
}

const unixWith16 = { way: "socketmap unix", connections: 16 } as const;
const nobody: Workload = { ...hits, population: "nobody" };
const foreign: Workload = { ...hits, population: "foreign" };

/** Other answers from memory beside hits: addresses without owners, foreign domains, and a mail server's mixture. */
export async function measureAnswers(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const { loginmapd, references } = stage;
  // Ten recipients per message are ten identical lookups; senders are as unequal as zipf has it. Not all of it is warm.
  const mixture: Workload = { population: "mailbox", first: 0, count: 100_000, order: 1.1, repeat: 10 };
  const warm = (workload: Workload): Setting => ({ ...unixWith16, workload, askAllFirst: true });
  const entries = await inTurns(
    [
      contestant(stage, pace, loginmapd, warm(hits), "hits"),
      contestant(stage, pace, loginmapd, warm(nobody), "negative hits"),
      contestant(stage, pace, loginmapd, warm(foreign), "foreign domains"),
      contestant(stage, pace, loginmapd, { ...warm(mixture), askAllFirst: false }, "realistic mix"),
      ...references.map((server) => contestant(stage, pace, server, warm(hits))),
    ],
    pace.repetitions,
  );
  return [{ suite: "answers", title: "answers, socketmap unix, 16 connections", entries }];
}

/** Hits of clients that connect anew after every ten lookups: an smtpd that lives for one message of ten recipients. */
export async function measureChurn(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const workload: Workload = { ...hits, repeat: 10 };
  const setting: Setting = { ...unixWith16, workload, askAllFirst: true, churnAfter: 10 };
  const servers = [stage.loginmapd, ...stage.references];
  const entries = await inTurns(
    servers.map((server) => contestant(stage, pace, server, setting)),
    pace.repetitions,
  );
  return [{ suite: "churn", title: "hits, socketmap unix, 16 clients that reconnect after 10 lookups", entries }];
}
