/** Latency against load: lookups come when they come, whether or not the server keeps up. */
import { type Pace, patient } from "../pace.ts";
import type { Server } from "../servers.ts";
import type { Stage } from "../stage.ts";
import { type Entry, type Lineup, medianOf } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { contestant, hits, type Setting } from "./contestants.ts";

// As many as a busy submission server has smtpd processes.
const connections = 64;
// A server that answers less than this share of what the best one was asked has a queue that only grows: latency means nothing then.
const keepsUp = 0.97;
// As few lookups come in a short measurement of a low load by chance alone.
const chance = 0.9;

/** Hits at each offered load; a server leaves the line-up at the first load that it cannot keep up with. */
export async function measureLatencyUnderLoad(stage: Stage, usual: Pace): Promise<Lineup[]> {
  const pace = patient(usual);
  const lineups: Lineup[] = [];
  let servers: readonly Server[] = [stage.loginmapd, ...stage.references];
  for (const ratePerSecond of pace.rates) {
    const setting: Setting = { way: "socketmap unix", connections, workload: hits, askAllFirst: true, ratePerSecond };
    const contestants = servers.map((server) => contestant(stage, pace, server, setting));
    const measured = await inTurns(contestants, pace.repetitions);
    const best = Math.max(...measured.map((entry) => medianOf(entry, "perSecond")));
    const asked = Math.min(ratePerSecond, Math.max(best, chance * ratePerSecond));
    const isUp = (entry: Entry) => medianOf(entry, "perSecond") >= keepsUp * asked;
    const entries = measured.filter(isUp);
    servers = servers.filter((_, i) => isUp(measured[i] as Entry));
    if (entries.length === 0) break;
    lineups.push({ suite: "load", title: `hits at ${ratePerSecond} lookups/s, ${connections} connections`, entries });
  }
  return lineups;
}

/** The offered load of a line-up of this suite. */
export function offeredLoad(lineup: Lineup): number {
  const match = /^hits at (\d+) lookups/.exec(lineup.title);
  if (match === null) throw new Error(`no offered load in ${lineup.title}`);
  return Number(match[1]);
}
