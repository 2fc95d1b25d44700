/** `loginmapd check`: says everything that is wrong with the configuration, and what the daemon would do with it. */

import { describeSettings } from "../config/describe.ts";
import { closeSources, type OpenSources, openSources } from "../daemon/sources.ts";
import { formatProblem } from "../model/errors.ts";
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
    if (line.options["connect"] !== true) return exitCode.ok;
    const reports = await askSources(sources, clock.nowMs() + settings.limits.lookupTimeoutMs);
    const paint = createPaint(isColoured(line, process.stdout));
    for (const report of reports) process.stdout.write(formatSource(report, paint));
    return codeOf(reports);
  } finally {
    await closeSources(sources);
  }
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

function codeOf(reports: readonly SourceReport[]): ExitCode {
  const isWrong = (report: SourceReport) =>
    "queries" in report && report.queries.some(({ error }) => error !== undefined);
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

function formatQuery({ query, error, fullScans }: QueryReport, paint: Paint): string {
  const label = query.padEnd(8);
  if (error !== undefined) return `${label} ${paint("red", "ERROR")} ${error}`;
  if (fullScans.length === 0) return `${label} ${paint("green", "ok")}, uses indexes`;
  const slow = paint("yellow", "SLOW");
  return `${label} ${slow} reads every row of ${fullScans.join(", ")}; add an index on the columns it compares`;
}
