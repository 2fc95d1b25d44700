/** Runs load jobs, in C when it was compiled, else in TypeScript. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { run } from "../support/servers/processes.ts";
import { within } from "../support/wait.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";

/** Puts load on servers, one job at a time. */
export interface Generator {
  /** As the report names it. */
  readonly language: "C" | "TypeScript";
  /**
   * Runs one job.
   *
   * @throws when a connection is refused or breaks, when the server is silent for 10 s, or when any reply was wrong: a
   *   figure of a server that answers wrongly means nothing
   */
  run(job: LoadJob): Promise<LoadResult>;
  close(): void;
}

// Filling a cache with a million owners is the longest job.
const longestJobMs = 600_000;

/** The generator compiled from `load.c`. */
export function cGenerator(program: string): Generator {
  return {
    language: "C",
    async run(job) {
      const outcome = await run(program, wordsOf(job), {}, longestJobMs);
      if (outcome.code !== 0) throw new Error(`load: ${outcome.stderr.trim()}`);
      return checked(JSON.parse(outcome.stdout) as LoadResult);
    },
    close: () => {},
  };
}

/** The generator of `load.ts`, in a process of its own. */
export function nodeGenerator(): Generator {
  const child = fork(fileURLToPath(new URL("load.ts", import.meta.url)), { execArgv: ["--import", "tsx"] });
  return {
    language: "TypeScript",
    async run(job) {
      child.send(job);
      const message = await nextMessage(child);
      if ("error" in message) throw new Error(`load: ${message.error}`);
      return checked(message.result);
    },
    close: () => child.disconnect(),
  };
}

type Message = { readonly result: LoadResult } | { readonly error: string };

async function nextMessage(child: ChildProcess): Promise<Message> {
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`the load generator ended with ${code}`);
  });
  const [message] = await within("the load generator", Promise.race([once(child, "message"), ended]), longestJobMs);
  return message as Message;
}

function checked(result: LoadResult): LoadResult {
  if (result.wrong > 0) throw new Error(`load: ${result.wrong} wrong replies; ${result.firstFault}`);
  return result;
}

function wordsOf(job: LoadJob): string[] {
  const { target, workload } = job;
  return Object.entries({
    target: "path" in target ? target.path : target.port,
    protocol: job.protocol,
    population: workload.population,
    order: workload.order === "uniform" ? 0 : workload.order,
    first: workload.first,
    count: workload.count,
    repeat: workload.repeat,
    constant: Number(job.isConstant),
    connections: job.connections,
    ask_all: Number(job.askAllFirst),
    warm_ms: job.warmMs,
    measure_ms: job.measureMs,
    rate: job.ratePerSecond ?? 0,
    churn: job.churnAfter ?? 0,
    pid: job.pid,
    seed: job.seed,
  }).map(([name, value]) => `${name}=${value}`);
}
