/**
 * Refuses a change that makes loginmapd slow: a step of test/all.sh, some 30 s.
 *
 * It compares CPU between runs that follow each other, never times, and its margins are wide: it is to miss a loss of
 * a fifth rather than to fail on a busy machine. `npm run bench` measures properly.
 */
import type { Pace } from "./pace.ts";
import { tableOf } from "./report.ts";
import { setStage } from "./stage.ts";
import { type Entry, type Lineup, spreadOfFigure, spreadOfRatio } from "./statistics.ts";
import { contestant, hits, type Setting } from "./suites/contestants.ts";
import { loginmapdMisses } from "./suites/misses.ts";
import { measureStart } from "./suites/start.ts";
import { toText } from "./table.ts";
import { tableOfVerdicts, type Verdict } from "./targets.ts";
import { inTurns } from "./undisturbed.ts";
import type { Workload } from "./workload.ts";

const pace: Pace = {
  repetitions: 9,
  warmMs: 100,
  measureMs: 300,
  connections: { "socketmap unix": [16], "socketmap tcp": [], "tcp_table tcp": [] },
  rates: [],
  cachedOwners: [],
};

const stage = await setStage({ mailboxes: 100_000, isNodeGenerator: false });
const lineups: Lineup[] = [];
try {
  const warm = (workload: Workload): Setting => ({
    way: "socketmap unix",
    connections: 16,
    workload,
    askAllFirst: true,
  });
  const ofLoginmapd = (name: string, population: Workload["population"]) =>
    contestant(stage, pace, stage.loginmapd, warm({ ...hits, population }), name);
  const answers = await inTurns(
    [
      ofLoginmapd("hits", "mailbox"),
      ofLoginmapd("negative hits", "nobody"),
      ofLoginmapd("foreign domains", "foreign"),
      ...stage.references.map((server) => contestant(stage, pace, server, warm(hits))),
    ],
    pace.repetitions,
  );
  lineups.push({ suite: "guard", title: "answers, socketmap unix, 16 connections", entries: answers });
  const misses = await inTurns([loginmapdMisses(stage, pace, stage.loginmapd, 50, "loginmapd")], 2);
  lineups.push({ suite: "guard", title: "misses, 50 connections", entries: misses });
  lineups.push(...(await measureStart(stage, { ...pace, repetitions: 5 })));
} finally {
  await stage.close();
}

function entry(name: string): Entry {
  const found = lineups.flatMap(({ entries }) => entries).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}

const bareNode = entry("bare Node");
const verdicts: Verdict[] = [
  {
    what: "hits: CPU per lookup × bare Node",
    bound: "at most",
    limit: 1.5,
    measured: spreadOfRatio(entry("hits"), bareNode, "cpuUs"),
  },
  {
    what: "negative hits: CPU per lookup × hits",
    bound: "at most",
    limit: 1.5,
    measured: spreadOfRatio(entry("negative hits"), entry("hits"), "cpuUs"),
  },
  {
    what: "foreign domains: CPU per lookup × hits",
    bound: "at most",
    limit: 1.5,
    measured: spreadOfRatio(entry("foreign domains"), entry("hits"), "cpuUs"),
  },
  {
    what: "50 concurrent misses: SELECTs per lookup",
    bound: "at most",
    limit: 0.5,
    measured: spreadOfFigure(entry("loginmapd"), "statements"),
  },
  {
    // About 3.5; with files one by one, as before there was a bundle, 12. CPU, since a busy machine draws out the time alone.
    what: "start: CPU until the first answer × node --eval 0",
    bound: "at most",
    limit: 6,
    measured: spreadOfRatio(entry("loginmapd, first lookup answered"), entry("node --eval 0"), "cpuUs"),
  },
];

/**
 * Whether the better quarter of the runs is within the limit. What slows loginmapd down slows it in every run; what else the machine
 * does disturbs some of them, and then ours or the reference.
 */
function isHeld({ limit, measured }: Verdict): boolean {
  return measured.low <= limit;
}

for (const lineup of lineups) console.log(`${toText(tableOf(lineup))}\n`);
console.log(toText(tableOfVerdicts(verdicts, isHeld)));
if (!verdicts.every(isHeld)) process.exitCode = 1;
