/** `loginmapd check`: says everything that is wrong with the configuration, and what the daemon would do with it. */

import { describeSettings } from "../config/describe.ts";
import { closeSources, type OpenSources, openSources } from "../daemon/sources.ts";
import { formatProblem } from "../model/errors.ts";
import type { SignalState } from "../model/listing.ts";
import type { Settings } from "../model/settings.ts";
import type { QueryReport } from "../model/source.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { createLog } from "../telemetry/log.ts";
import { Tallies } from "../telemetry/tallies.ts";
import { type ListingReport, type NotFollowed, reportListing } from "./check-listing.ts";
import type { CommandLine } from "./command.ts";
import { loadSettings } from "./load-settings.ts";
import { originOf } from "./query-origin.ts";
import { createPaint, isColoured, type Paint, Progress } from "./terminal.ts";

/** How the queries of a source fare, or why nobody could be asked. */
type SourceReport =
  | {
      readonly name: string;
      readonly queries: readonly QueryReport[];
      readonly listing: ListingReport | NotFollowed | undefined;
    }
  | { readonly name: string; readonly failure: string };

/** Prints the effective configuration; with `--connect` also what every source says to every query. */
export async function check(line: CommandLine): Promise<ExitCode> {
  const { settings, warnings } = loadSettings(line);
  for (const warning of warnings) process.stderr.write(`loginmapd: warning: ${formatProblem(warning)}\n`);
  const clock = { nowMs: () => performance.now() };
  const log = createLog({ level: "warn", format: "text" });
  const sources = openSources(settings, { clock, log, tallies: new Tallies() });
  try {
    process.stdout.write(describeSettings(settings));
    const isConnecting = line.options["connect"] === true;
    const asked = isConnecting ? sources : onlyFiles(sources, settings);
    const all = await askSources(asked, settings, clock.nowMs() + settings.limits.lookupTimeoutMs);
    // What is doubtful about a text file is a warning of the log already.
    const reports = isConnecting ? all : all.filter(isWrong);
    const paint = createPaint(isColoured(line, process.stdout));
    const originOfQuery = (source: string, query: string) => originOf(line, settings, source, query);
    for (const report of reports) process.stdout.write(formatSource(report, originOfQuery, paint));
    return codeOf(reports);
  } finally {
    await closeSources(sources);
  }
}

/** The sources that are files of lines: to judge those needs no connection. */
function onlyFiles(sources: OpenSources, settings: Settings): OpenSources {
  return new Map([...sources].filter(([name]) => settings.sources[name]?.connection?.driver === "texthash"));
}

/** Asks all at once, since each that is down takes its time, and gives the reports in the order of the configuration. */
async function askSources(sources: OpenSources, settings: Settings, deadlineMs: number): Promise<SourceReport[]> {
  const progress = new Progress(process.stderr);
  const waiting = new Set(sources.keys());
  const show = () =>
    progress.show(`source ${sources.size - waiting.size}/${sources.size}, waiting for ${[...waiting].join(", ")}`);
  show();
  try {
    return await Promise.all(
      [...sources].map(async ([name, { database }]): Promise<SourceReport> => {
        try {
          const queries = await database.report(deadlineMs);
          const isSound = queries.every(({ error }) => error === undefined);
          const listing = isSound ? await reportListing(database.listing, settings.sources[name]) : undefined;
          return { name, queries, listing };
        } catch (error) {
          return { name, failure: error instanceof Error ? error.message : String(error) };
        } finally {
          waiting.delete(name);
          if (waiting.size > 0) show();
        }
      }),
    );
  } finally {
    progress.erase();
  }
}

function isWrong(report: SourceReport): boolean {
  if (!("queries" in report)) return false;
  const { queries, listing } = report;
  const isListingWrong = listing !== undefined && "failure" in listing && !listing.isOff;
  return isListingWrong || queries.some(({ error }) => error !== undefined);
}

function codeOf(reports: readonly SourceReport[]): ExitCode {
  if (reports.some(isWrong)) return exitCode.configuration;
  return reports.some((report) => "failure" in report) ? exitCode.unavailable : exitCode.ok;
}

type OriginOf = (source: string, query: string) => string | undefined;

function formatSource(report: SourceReport, originOfQuery: OriginOf, paint: Paint): string {
  const lines =
    "queries" in report
      ? [
          ...report.queries.flatMap((query) => [
            formatQuery(query, () => originOfQuery(report.name, query.query), paint),
            ...formatNotes(query, paint),
          ]),
          ...(report.listing === undefined ? [] : formatListing(report.listing, paint)),
        ]
      : [`${paint("red", "no connection:")} ${report.failure}`];
  return `\nsource ${report.name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function formatNotes({ query, notes = [] }: QueryReport, paint: Paint): string[] {
  return notes.map((note) => `${query.padEnd(8)} ${paint("yellow", "NOTE")} ${note}`);
}

function formatListing(listing: ListingReport | NotFollowed, paint: Paint): string[] {
  const label = "listing".padEnd(8);
  const note = (words: string) => `${label} ${paint("yellow", "NOTE")} ${words}`;
  if ("notFollowed" in listing) return [note(`not followed: ${listing.notFollowed}`)];
  if ("failure" in listing) {
    return [
      listing.isOff
        ? note(`${listing.failure} (not followed: listing_interval is off)`)
        : `${label} ${paint("red", "ERROR")} ${listing.failure}`,
    ];
  }
  const took = `${listing.lines.toLocaleString("en-US")} lines in ${(listing.ms / 1000).toFixed(2)} s`;
  return [
    `${label} ${paint("green", "ok")}, ${took}`,
    ...listing.notes.map(note),
    formatSignal(listing.signal, listing.isOff, paint),
  ];
}

function formatSignal({ signal, advice }: SignalState, isOff: boolean, paint: Paint): string {
  const label = "changes".padEnd(8);
  const note = `${label} ${paint("yellow", "NOTE")}`;
  if (isOff) {
    const otherwise = signal === undefined ? advice : `switched on, they are seen at once by ${signal}`;
    return `${note} not followed: listing_interval is off${otherwise === "" ? "" : `; ${otherwise}`}`;
  }
  return signal === undefined ? `${note} ${advice}` : `${label} ${paint("green", "ok")}, seen at once by ${signal}`;
}

/** The server's own words, on one line, and where the administrator finds what they are about. */
function formatQuery(
  { query, error, fullScans, isInMemory, hasHiddenIndexes }: QueryReport,
  originOfQuery: () => string | undefined,
  paint: Paint,
): string {
  const label = query.padEnd(8);
  if (error !== undefined) {
    const origin = originOfQuery();
    return `${label} ${paint("red", "ERROR")} ${error.replaceAll(/\s+/g, " ")}${origin === undefined ? "" : ` (${origin})`}`;
  }
  if (hasHiddenIndexes) return `${label} ${paint("green", "ok")}`;
  if (fullScans.length === 0) return `${label} ${paint("green", "ok")}, ${isInMemory ? "from memory" : "uses indexes"}`;
  const slow = paint("yellow", "SLOW");
  return `${label} ${slow} reads every row of ${fullScans.join(", ")}; add an index on the columns it compares`;
}
