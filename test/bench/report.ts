/** Turns line-ups into tables: medians with quartiles, and ratios to the references in the same line-up. */
import { type Entry, type Figure, type Lineup, type Spread, spreadOfFigure, spreadOfRatio } from "./statistics.ts";
import { formatSpread, type Table } from "./table.ts";

/** A figure, or its ratio to that of an entry of the same line-up. */
interface Column {
  readonly title: string;
  readonly figure: Figure;
  readonly factor?: number;
  readonly reference?: string;
}

// CPU first: on a machine that others use too it is steadier than time. Ratios stand behind what they are of.
const columns: readonly Column[] = [
  { title: "CPU µs", figure: "cpuUs" },
  { title: "CPU × bare Node", figure: "cpuUs", reference: "bare Node" },
  { title: "CPU × C limit", figure: "cpuUs", reference: "C limit" },
  { title: "CPU × hits", figure: "cpuUs", reference: "hits" },
  { title: "CPU ms", figure: "cpuMs" },
  { title: "database CPU ms", figure: "databaseCpuMs" },
  { title: "CPU × node --eval 0", figure: "cpuUs", reference: "node --eval 0" },
  { title: "per second", figure: "perSecond" },
  { title: "per second × bare Node", figure: "perSecond", reference: "bare Node" },
  { title: "per second × hits", figure: "perSecond", reference: "hits" },
  ...["mysql", "pgsql", "ldap"].flatMap((type): Column[] =>
    [`${type}:`, `proxy:${type}:`].map((table) => ({
      title: `per second × ${table}`,
      figure: "perSecond",
      reference: `${table}, by postmap`,
    })),
  ),
  { title: "lines/s", figure: "linesPerSecond" },
  { title: "lines/s × grep", figure: "linesPerSecond", reference: "grep -c sasl_username=" },
  { title: "p50 µs", figure: "p50Us" },
  { title: "p99 µs", figure: "p99Us" },
  { title: "p99 × bare Node", figure: "p99Us", reference: "bare Node" },
  { title: "p99 × hits", figure: "p99Us", reference: "hits" },
  { title: "p99.9 µs", figure: "p999Us" },
  { title: "RSS MB", figure: "rssBytes", factor: 1e-6 },
  { title: "SELECTs/lookup", figure: "statements" },
  { title: "% that wait", figure: "waitingShare", factor: 100 },
  { title: "longest loop delay ms", figure: "loopDelayMs" },
  { title: "ms", figure: "ms" },
  { title: "ms × node --eval 0", figure: "ms", reference: "node --eval 0" },
];

/** One line-up as a table: a row per entry, only the columns in which something was measured. */
export function tableOf(lineup: Lineup): Table {
  const shown = columns.filter((column) =>
    lineup.entries.some((entry) => !Number.isNaN(spreadIn(column, entry, lineup).median)),
  );
  return {
    title: lineup.title,
    columns: ["", ...shown.map(({ title }) => title)],
    rows: lineup.entries.map((entry) => [
      entry.name,
      ...shown.map((column) => formatSpread(spreadIn(column, entry, lineup))),
    ]),
  };
}

function spreadIn({ figure, factor = 1, reference }: Column, entry: Entry, { entries }: Lineup): Spread {
  if (reference === undefined) return scaled(spreadOfFigure(entry, figure), factor);
  const against = entries.find(({ name }) => name === reference);
  return against === undefined
    ? scaled(spreadOfFigure(entry, figure), Number.NaN)
    : spreadOfRatio(entry, against, figure);
}

function scaled({ median, low, high }: Spread, factor: number): Spread {
  return { median: median * factor, low: low * factor, high: high * factor };
}
