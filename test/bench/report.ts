/** Turns line-ups into tables: medians, and ratios to the references in the same line-up. */
import { type Entry, type Figure, type Lineup, medianOf, medianRatio } from "./statistics.ts";
import { formatFigure, type Table } from "./table.ts";

interface Column {
  readonly title: string;
  readonly value: (entry: Entry, lineup: Lineup) => number;
}

const figures: readonly (readonly [string, Figure, number])[] = [
  ["lookups/s", "perSecond", 1],
  ["lines/s", "linesPerSecond", 1],
  ["p50 µs", "p50Us", 1],
  ["p99 µs", "p99Us", 1],
  ["p99.9 µs", "p999Us", 1],
  ["CPU µs", "cpuUs", 1],
  ["RSS MB", "rssBytes", 1e-6],
  ["SELECTs/lookup", "statements", 1],
  ["ms", "ms", 1],
  ["CPU ms", "cpuMs", 1],
  ["database CPU ms", "databaseCpuMs", 1],
  ["longest loop delay ms", "loopDelayMs", 1],
  ["% that wait", "waitingShare", 100],
];

/** What the entries of a line-up are compared with, when it is among them. */
const ratios: readonly (readonly [string, Figure, string])[] = [
  ["lookups × bare Node", "perSecond", "bare Node"],
  ["p99 × bare Node", "p99Us", "bare Node"],
  ["CPU × bare Node", "cpuUs", "bare Node"],
  ["CPU × C limit", "cpuUs", "C limit"],
  ["lookups × hits", "perSecond", "hits"],
  ["CPU × hits", "cpuUs", "hits"],
  ["p99 × hits", "p99Us", "hits"],
  ["lookups × mysql:", "perSecond", "mysql:, by postmap"],
  ["lookups × proxy:mysql:", "perSecond", "proxy:mysql:, by postmap"],
];

const columns: readonly Column[] = [
  ...figures.map(([title, figure, factor]) => ({
    title,
    value: (entry: Entry) => medianOf(entry, figure) * factor,
  })),
  ...ratios.map(([title, figure, name]) => ({
    title,
    value: (entry: Entry, { entries }: Lineup) => {
      const reference = entries.find((candidate) => candidate.name === name);
      return reference === undefined ? Number.NaN : medianRatio(entry, reference, figure);
    },
  })),
];

/** One line-up as a table: a row per entry, only the columns in which something was measured. */
export function tableOf(lineup: Lineup): Table {
  const shown = columns.filter(({ value }) => lineup.entries.some((entry) => !Number.isNaN(value(entry, lineup))));
  return {
    title: lineup.title,
    columns: ["", ...shown.map(({ title }) => title)],
    rows: lineup.entries.map((entry) => [entry.name, ...shown.map(({ value }) => formatFigure(value(entry, lineup)))]),
  };
}
