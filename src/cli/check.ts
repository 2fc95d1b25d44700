/** `loginmapd check`: says everything that is wrong with the configuration, and what the daemon would do with it. */

import { describeSettings } from "../config/describe.ts";
import { closeSources, type OpenSources, openSources } from "../daemon/sources.ts";
import { formatProblem } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import type { QueryReport } from "../model/source.ts";
import { type ExitCode, exitCode } from "../system/exit-code.ts";
import { createLog } from "../telemetry/log.ts";
import { Tallies } from "../telemetry/tallies.ts";
import type { CommandLine } from "./command.ts";
import { loadSettings } from "./load-settings.ts";
import { createPaint, isColoured, type Paint, Progress } from "./terminal.ts";

/** How the queries of a source fare, or why nobody could be asked. */
type SourceReport =
  | { readonly name: string; readonly queries: readonly QueryReport[] }
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
    const all = await askSources(asked, clock.nowMs() + settings.limits.lookupTimeoutMs);
    // What is doubtful about a text file is a warning of the log already.
    const reports = isConnecting ? all : all.filter(isWrong);
    const paint = createPaint(isColoured(line, process.stdout));
    for (const report of reports) process.stdout.write(formatSource(report, paint));
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
async function askSources(sources: OpenSources, deadlineMs: number): Promise<SourceReport[]> {
  const progress = new Progress(process.stderr);
  const waiting = new Set(sources.keys());
  const show = () =>
    progress.show(`source ${sources.size - waiting.size}/${sources.size}, waiting for ${[...waiting].join(", ")}`);
  show();
  try {
    return await Promise.all(
      [...sources].map(async ([name, { database }]): Promise<SourceReport> => {
        try {
          return { name, queries: await database.report(deadlineMs) };
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
  return "queries" in report && report.queries.some(({ error }) => error !== undefined);
}

function codeOf(reports: readonly SourceReport[]): ExitCode {
  if (reports.some(isWrong)) return exitCode.configuration;
  return reports.some((report) => "failure" in report) ? exitCode.unavailable : exitCode.ok;
}

function formatSource(report: SourceReport, paint: Paint): string {
  const lines =
    "queries" in report
      ? report.queries.flatMap((query) => [formatQuery(query, paint), ...formatNotes(query, paint)])
      : [`${paint("red", "no connection:")} ${report.failure}`];
  return `\nsource ${report.name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function formatNotes({ query, notes = [] }: QueryReport, paint: Paint): string[] {
  return notes.map((note) => `${query.padEnd(8)} ${paint("yellow", "NOTE")} ${note}`);
}

function formatQuery({ query, error, fullScans, isInMemory }: QueryReport, paint: Paint): string {
  const label = query.padEnd(8);
  if (error !== undefined) return `${label} ${paint("red", "ERROR")} ${error}`;
  if (fullScans.length === 0) return `${label} ${paint("green", "ok")}, ${isInMemory ? "from memory" : "uses indexes"}`;
  const slow = paint("yellow", "SLOW");
  return `${label} ${slow} reads every row of ${fullScans.join(", ")}; add an index on the columns it compares`;
}
