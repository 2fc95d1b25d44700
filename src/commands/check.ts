/** `loginmapd check`: says everything that is wrong with the configuration, and what the daemon would do with it. */
import type { CommandLine } from "../cli.ts";
import { describeSettings } from "../config/describe.ts";
import { formatProblem } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import type { QueryReport } from "../model/source.ts";
import { createLog } from "../telemetry/log.ts";
import { Tallies } from "../telemetry/tallies.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { loadSettings } from "./load-settings.ts";
import { closeSources, type OpenSources, openSources } from "./sources.ts";

/** Prints the effective configuration; with `--connect` also what every source says to every query. */
export async function check(line: CommandLine): Promise<ExitCode> {
  const { settings, warnings } = loadSettings(line);
  for (const warning of warnings) process.stderr.write(`loginmapd: warning: ${formatProblem(warning)}\n`);
  const clock = { nowMs: () => performance.now() };
  const log = createLog({ level: "warn", format: "text" });
  const sources = openSources(settings, { clock, log, tallies: new Tallies() });
  try {
    process.stdout.write(describeSettings(settings));
    return line.options["connect"] === true ? await connect(settings, sources, clock.nowMs) : exitCode.ok;
  } finally {
    await closeSources(sources);
  }
}

async function connect(settings: Settings, sources: OpenSources, nowMs: () => number): Promise<ExitCode> {
  let code: ExitCode = exitCode.ok;
  for (const [name, { database }] of sources) {
    process.stdout.write(`\nsource ${name}:\n`);
    try {
      const reports = await database.report(nowMs() + settings.limits.lookupTimeoutMs);
      for (const report of reports) process.stdout.write(`  ${formatReport(report)}\n`);
      if (reports.some(({ error }) => error !== undefined)) code = exitCode.configuration;
    } catch (error) {
      process.stdout.write(`  no connection: ${error instanceof Error ? error.message : String(error)}\n`);
      if (code === exitCode.ok) code = exitCode.unavailable;
    }
  }
  return code;
}

function formatReport({ query, error, fullScans }: QueryReport): string {
  const label = query.padEnd(8);
  if (error !== undefined) return `${label} ERROR ${error}`;
  if (fullScans.length === 0) return `${label} ok, uses indexes`;
  return `${label} SLOW reads every row of ${fullScans.join(", ")}; add an index on the columns it compares`;
}
