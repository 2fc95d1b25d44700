/** Turns a server and what is asked of it into something that can be measured in turns. */
import type { LoadJob } from "../load-job.ts";
import type { Pace } from "../pace.ts";
import { protocolOf, type Server, type Way } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Contestant } from "../statistics.ts";
import type { Workload } from "../workload.ts";

/** Mailboxes that all are in memory; a tenth of what the cache holds by default, half of what it holds of non-owners. */
export const warmKeys = 10_000;

/** Any of the addresses that are in memory. */
export const hits: Workload = { population: "mailbox", first: 0, count: warmKeys, order: "uniform", repeat: 1 };

/** The connections and the workload of a contestant; the rest of the job follows from the server and the pace. */
export interface Setting {
  readonly way: Way;
  readonly connections: number;
  readonly workload: Workload;
  /** Ask every key once before measuring, so that all are in memory. */
  readonly askAllFirst: boolean;
  readonly ratePerSecond?: number;
  readonly churnAfter?: number;
}

/** The load job of a server in a setting. */
export function jobOf(server: Server, setting: Setting, pace: Pace, repetition: number): LoadJob {
  const { way, ...rest } = setting;
  return {
    ...rest,
    // A server that answers a constant has nothing to warm.
    askAllFirst: setting.askAllFirst && server.name === "loginmapd",
    target: server.targets[way],
    protocol: protocolOf(way),
    isConstant: server.isConstant,
    warmMs: pace.warmMs,
    measureMs: pace.measureMs,
    pid: server.pid,
    seed: repetition + 1,
  };
}

/** A server in a setting. */
export function contestant(
  stage: Stage,
  pace: Pace,
  server: Server,
  setting: Setting,
  name: string = server.name,
): Contestant {
  return { name, measure: (repetition) => stage.generator.run(jobOf(server, setting, pace, repetition)) };
}
