/** What loginmapd is to reach, and whether a run reached it. Ratios where machines differ; memory and start as they are. */
import { type Entry, type Figure, type Lineup, medianOf, medianRatio } from "./statistics.ts";
import { formatFigure, type Table } from "./table.ts";

/** A target and what was measured. */
export interface Verdict {
  readonly what: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
  readonly measured: number;
}

/** Whether a target is met. */
export function isMet({ bound, limit, measured }: Verdict): boolean {
  return bound === "at most" ? measured <= limit : measured >= limit;
}

/** Judges every target for which the line-ups hold figures. */
export function judge(lineups: readonly Lineup[]): Verdict[] {
  return lineups.flatMap(verdictsOf).filter((verdict) => !Number.isNaN(verdict.measured));
}

/** The verdicts as a table. */
export function tableOfVerdicts(verdicts: readonly Verdict[]): Table {
  return {
    title: "targets",
    columns: ["", "target", "measured", ""],
    rows: verdicts.map((verdict) => [
      verdict.what,
      `${verdict.bound} ${formatFigure(verdict.limit)}`,
      formatFigure(verdict.measured),
      isMet(verdict) ? "met" : "missed",
    ]),
  };
}

function verdictsOf(lineup: Lineup): Verdict[] {
  switch (lineup.suite) {
    case "hits":
      return ofHits(lineup);
    case "answers":
      return [
        ratio(lineup, "negative hits: lookups/s × hits", "at least", 0.9, "perSecond", "negative hits", "hits"),
        ratio(lineup, "foreign domains: lookups/s × hits", "at least", 0.9, "perSecond", "foreign domains", "hits"),
      ];
    case "misses":
      return ofMisses(lineup);
    case "milter":
      return [ratio(lineup, `${lineup.title}: CPU × bare Node`, "at most", 1.5, "cpuUs", "loginmapd", "bare Node")];
    case "memory":
      return [
        plain(lineup, "RSS MB, 100,000 cached owners", 140, "rssBytes", "100,000 cached owners", 1e-6),
        plain(lineup, "RSS MB, 1,000,000 cached owners", 700, "rssBytes", "1,000,000 cached owners", 1e-6),
      ];
    case "start":
      return [
        plain(lineup, "ms from spawn to the first answer", 600, "ms", "loginmapd, first lookup answered"),
        plain(lineup, "ms from spawn to ready", 600, "ms", "loginmapd, /readyz 200"),
      ];
    default:
      return [];
  }
}

function ofHits(lineup: Lineup): Verdict[] {
  const { title } = lineup;
  const verdicts = [
    ratio(lineup, `${title}: lookups/s × bare Node`, "at least", 1, "perSecond", "loginmapd", "bare Node"),
  ];
  if (/socketmap unix, (16|64) /.test(title)) {
    verdicts.push(
      ratio(lineup, `${title}: CPU × bare Node`, "at most", 1, "cpuUs", "loginmapd", "bare Node"),
      ratio(lineup, `${title}: CPU × C limit`, "at most", 2.2, "cpuUs", "loginmapd", "C limit"),
    );
  }
  if (/socketmap unix, 16 /.test(title)) {
    verdicts.push(ratio(lineup, `${title}: p99 × bare Node`, "at most", 1, "p99Us", "loginmapd", "bare Node"));
  }
  return verdicts;
}

const missesTargets: Readonly<Record<string, number>> = {
  "misses, 1 clients": 1.5,
  "misses, 8 clients": 3,
  "misses, 50 clients": 4,
};

function ofMisses(lineup: Lineup): Verdict[] {
  const { title } = lineup;
  const target = missesTargets[title] as number;
  const verdicts = [
    ratio(lineup, `${title}: × proxy:mysql:`, "at least", target, "perSecond", "loginmapd", "proxy:mysql:, by postmap"),
  ];
  if (title === "misses, 1 clients") {
    verdicts.push(
      ratio(lineup, `${title}: × mysql:`, "at least", 0.8, "perSecond", "loginmapd", "mysql:, by postmap"),
      ratio(
        lineup,
        `${title}, both by postmap: × mysql:`,
        "at least",
        0.8,
        "perSecond",
        "loginmapd, by postmap",
        "mysql:, by postmap",
      ),
    );
  }
  if (title === "misses, 50 clients") {
    verdicts.push(plain(lineup, `${title}: SELECTs per lookup`, 0.5, "statements", "loginmapd"));
  }
  return verdicts;
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
  const measured = entry && against ? medianRatio(entry, against, figure) : Number.NaN;
  return { what, bound, limit, measured };
}

function plain(lineup: Lineup, what: string, limit: number, figure: Figure, name: string, factor = 1): Verdict {
  const entry = find(lineup, name);
  return { what, bound: "at most", limit, measured: entry ? medianOf(entry, figure) * factor : Number.NaN };
}
