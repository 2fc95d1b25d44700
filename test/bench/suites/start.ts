/** How long a start takes, from the spawn of the process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { projectRoot, writeConfig } from "../../support/servers/daemon.ts";
import { type Child, startChild, stopChild } from "../../support/servers/processes.ts";
import type { Pace } from "../pace.ts";
import { UsageReader } from "../process-usage.ts";
import { findPlaces, loginmapdConfig } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { addressOf, queryText } from "../workload.ts";

/** Until a lookup is answered, until /readyz says so; beside what Node itself needs to begin and end. */
export async function measureStart(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const starts: Contestant[] = [
    { name: "loginmapd, first lookup answered", measure: async () => (await start(stage)).answered },
    { name: "loginmapd, /readyz 200", measure: async () => (await start(stage)).ready },
    { name: "node --eval 0", measure: () => nodeAlone() },
  ];
  return [{ suite: "start", title: "start", entries: await inTurns(starts, pace.repetitions) }];
}

/** Time since the spawn, and what the process had used of the processors by then. */
interface Moment {
  readonly ms: number;
  readonly cpuUs: number;
}

interface StartTimes {
  readonly answered: Moment;
  readonly ready: Moment;
}

const usage = new UsageReader();

async function start(stage: Stage): Promise<StartTimes> {
  const places = await findPlaces(stage.folder, "start");
  const configFile = join(stage.folder, "start.yaml");
  await writeConfig(configFile, loginmapdConfig(stage.mariadb, places, {}));
  const isReady = async () => (await fetch(`http://127.0.0.1:${places.adminPort}/readyz`)).ok;

  const began = performance.now();
  const child = startChild(process.execPath, [join(projectRoot, "dist/main.js"), "serve", "-c", configFile]);
  const moment = (): Moment => ({ ms: performance.now() - began, cpuUs: usage.read(child.pid).cpuMs * 1000 });
  try {
    const [answered, ready] = await Promise.all([
      until(child, () => isAnswered(places.socket)).then(moment),
      until(child, isReady).then(moment),
    ]);
    return { answered, ready };
  } finally {
    await stopChild(child);
  }
}

// Every 2 ms: the probes are to cost the start little, and their grain is to be small beside it.
async function until(child: Child, probe: () => Promise<boolean>): Promise<void> {
  while (!(await probe().catch(() => false))) {
    if (!child.isRunning()) throw new Error(`loginmapd ended: ${child.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => socket.write(queryText("socketmap", addressOf("mailbox", 0)), "latin1"));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    socket.on("data", (chunk: Buffer) => {
      resolve(chunk.toString("latin1").includes(":OK "));
      socket.destroy();
    });
  });
}

// Its end cannot be read from /proc any more, so it says that it is there and waits.
const alone = "console.log(0); setTimeout(() => {}, 60_000)";

async function nodeAlone(): Promise<Moment> {
  const began = performance.now();
  const node = spawn(process.execPath, ["--eval", alone], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await once(node.stdout, "data");
    return { ms: performance.now() - began, cpuUs: usage.read(node.pid as number).cpuMs * 1000 };
  } finally {
    node.kill();
  }
}
