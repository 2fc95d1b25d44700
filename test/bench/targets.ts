/** What loginmapd is to reach, and whether a run reached it. Ratios where machines differ; memory and start as they are. */
import {
  type Entry,
  type Figure,
  type Lineup,
  type Spread,
  spreadOf,
  spreadOfFigure,
  spreadOfRatio,
} from "./statistics.ts";
import { formatFigure, formatSpread, type Table } from "./table.ts";

/** A target and what was measured. */
export interface Verdict {
  readonly what: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
  readonly measured: Spread;
}

/** Whether a target is met: by the median. */
export function isMet({ bound, limit, measured }: Verdict): boolean {
  return bound === "at most" ? measured.median <= limit : measured.median >= limit;
}

/** Judges every target for which the line-ups hold figures. */
export function judge(lineups: readonly Lineup[]): Verdict[] {
  return lineups.flatMap(verdictsOf).filter((verdict) => !Number.isNaN(verdict.measured.median));
}

/**
 * The verdicts as a table.
 *
 * @param isGood whether one is met
 */
export function tableOfVerdicts(verdicts: readonly Verdict[], isGood = isMet): Table {
  return {
    title: "targets",
    columns: ["", "target", "measured", ""],
    rows: verdicts.map((verdict) => [
      verdict.what,
      `${verdict.bound} ${formatFigure(verdict.limit)}`,
      formatSpread(verdict.measured),
      isGood(verdict) ? "met" : "missed",
    ]),
  };
}

const firstAnswer = "loginmapd, first lookup answered";

function verdictsOf(lineup: Lineup): Verdict[] {
  switch (lineup.suite) {
    case "hits":
      return ofHits(lineup);
    case "answers":
      return [
        ratio(lineup, "negative hits: lookups/s × hits", "at least", 0.9, "perSecond", "negative hits", "hits"),
        ratio(lineup, "foreign domains: lookups/s × hits", "at least", 0.9, "perSecond", "foreign domains", "hits"),
      ];
    case "churn":
      return [
        ratio(lineup, `${lineup.title}: lookups/s × bare Node`, "at least", 0.9, "perSecond", "loginmapd", "bare Node"),
      ];
    case "misses":
      return ofMisses(lineup);
    case "milter":
      return [ratio(lineup, `${lineup.title}: CPU × bare Node`, "at most", 1.5, "cpuUs", "loginmapd", "bare Node")];
    case "memory":
      return [plain(lineup, "RSS MB, 100,000 cached owners", 170, "rssBytes", "100,000 cached owners", 1e-6)];
    case "follow":
      return ofFollowing(lineup);
    case "start":
      return [
        ratio(
          lineup,
          "start, CPU to the first answer × node --eval 0",
          "at most",
          3.5,
          "cpuUs",
          firstAnswer,
          "node --eval 0",
        ),
        ratio(
          lineup,
          "start, time to the first answer × node --eval 0",
          "at most",
          3.5,
          "ms",
          firstAnswer,
          "node --eval 0",
        ),
      ];
    default:
      return [];
  }
}

// CPU first: it is steadier than time on a machine that others use too.
const hitsTargets: Readonly<Record<string, { readonly bareNode: number; readonly limit: number }>> = {
  "hits, socketmap unix, 16 connections": { bareNode: 1, limit: 2.1 },
  "hits, socketmap unix, 64 connections": { bareNode: 1.05, limit: 2.4 },
};

function ofHits(lineup: Lineup): Verdict[] {
  const { title } = lineup;
  const target = hitsTargets[title];
  if (target === undefined) return [];
  return [
    ratio(lineup, `${title}: CPU × bare Node`, "at most", target.bareNode, "cpuUs", "loginmapd", "bare Node"),
    ratio(lineup, `${title}: CPU × C limit`, "at most", target.limit, "cpuUs", "loginmapd", "C limit"),
  ];
}

// Postfix's own table asks the database itself: a server between the two has two more wake-ups.
const missesTargets: Readonly<Record<string, number>> = {
  "misses, 1 clients": 0.6,
  "misses, 8 clients": 0.6,
  "misses, 50 clients": 1,
};

function ofMisses(lineup: Lineup): Verdict[] {
  const { title } = lineup;
  const target = missesTargets[title];
  if (target === undefined) return [];
  const verdicts = [
    ratio(lineup, `${title}: lookups/s × mysql:`, "at least", target, "perSecond", "loginmapd", "mysql:, by postmap"),
  ];
  if (title === "misses, 50 clients") {
    verdicts.push(plain(lineup, `${title}: SELECTs per lookup`, 0.15, "statements", "loginmapd"));
  }
  return verdicts;
}

// With the fingerprints of the listing beside the answers.
const followedMb: Readonly<Record<string, number>> = {
  "following 100,000 addresses": 170,
  "following 1,000,000 addresses": 700,
};

function ofFollowing(lineup: Lineup): Verdict[] {
  const { title } = lineup;
  const mix = "realistic mix after warming";
  return [
    plain(lineup, `${title}: RSS MB`, followedMb[title] ?? Number.NaN, "rssBytes", "the daemon in the end", 1e-6),
    ratio(lineup, `${title}: p99 × without a listing`, "at most", 1.5, "p99Us", "hits during a listing", "hits"),
    plain(lineup, `${title}: % of lookups that wait`, 0, "waitingShare", mix, 100),
    plain(lineup, `${title}: longest loop delay ms`, 5, "loopDelayMs", "a listing"),
  ];
}

function find(lineup: Lineup, name: string): Entry | undefined {
  return lineup.entries.find((entry) => entry.name === name);
}

function ratio(
  lineup: Lineup,
  what: string,
  bound: Verdict["bound"],
  limit: number,
  figure: Figure,
  name: string,
  reference: string,
): Verdict {
  const [entry, against] = [find(lineup, name), find(lineup, reference)];
  const measured = entry && against ? spreadOfRatio(entry, against, figure) : spreadOf([]);
  return { what, bound, limit, measured };
}

function plain(lineup: Lineup, what: string, limit: number, figure: Figure, name: string, factor = 1): Verdict {
  const entry = find(lineup, name);
  const { median, low, high } = entry ? spreadOfFigure(entry, figure) : spreadOf([]);
  return {
    what,
    bound: "at most",
    limit,
    measured: { median: median * factor, low: low * factor, high: high * factor },
  };
}
