/** `loginmapd audit`: whom the map would have refused, by Postfix's own log and the configuration of now. */
import { existsSync } from "node:fs";
import type { LogLine } from "../audit/log-line.ts";
import { Messages } from "../audit/messages.ts";
import { Pairs } from "../audit/pairs.ts";
import { parseDuration } from "../config/duration.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { judgePairs, SourceSilent } from "./audit-judge.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { type AuditReport, formatAudit } from "./format-audit.ts";
import { stringOf } from "./load-settings.ts";
import { type LogFile, LogFileError, openLogFiles, readLogFile } from "./log-files.ts";
import { withMap } from "./open-map.ts";
import { isColoured, Progress } from "./terminal.ts";

const defaultFiles = ["/var/log/mail.log", "/var/log/maillog"];
const progressEveryMs = 200;

/**
 * Reads the logs, judges every pair of login and sender, and prints those that would be refused. Exit 0 when there are none,
 * 1 when there are, 69 when a source or a log cannot be read.
 */
export async function audit(line: CommandLine): Promise<ExitCode> {
  const sinceMs = sinceOf(line);
  const paths = pathsOf(line);
  const progress = new Progress(process.stderr);
  try {
    return await withMap(line, async (open) => {
      const read = await readLogs(await openLogFiles(paths), sinceMs, progress);
      const report = { map: open.name, ...read, ...(await judgePairs(read.pairs.values(), open, progress)) };
      progress.erase();
      const isJson = line.options["json"] === true;
      process.stdout.write(
        isJson ? `${JSON.stringify(toJson(report), null, 2)}\n` : formatAudit(report, isColoured(line, process.stdout)),
      );
      return report.refusals.length > 0 || report.pairs.dropped > 0 ? exitCode.findings : exitCode.ok;
    });
  } catch (error) {
    progress.erase();
    if (!(error instanceof LogFileError || error instanceof SourceSilent)) throw error;
    process.stderr.write(`loginmapd: ${error.message}\n`);
    return exitCode.unavailable;
  }
}

function pathsOf({ positionals }: CommandLine): readonly string[] {
  if (positionals.length > 0) return positionals;
  const found = defaultFiles.filter((path) => existsSync(path));
  if (found.length > 0) return found;
  throw new UsageError(
    `no log: neither ${defaultFiles.join(" nor ")} is there; name it, or: journalctl -u 'postfix*' | loginmapd audit -`,
  );
}

/** `7d` counts back from now; a date without a time is its first moment here. */
function sinceOf(line: CommandLine): number {
  const text = stringOf(line.options["since"]);
  if (text === undefined) return Number.NEGATIVE_INFINITY;
  const duration = parseDuration(text);
  if (duration !== undefined) return Date.now() - duration;
  const isDate = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const ms = isDate ? Date.parse(text.length === 10 ? `${text}T00:00:00` : text.replace(" ", "T")) : Number.NaN;
  if (Number.isNaN(ms))
    throw new UsageError(`--since: expected a date such as 2026-11-01 or a time such as 7d, got "${text}"`);
  return ms;
}

/** What the logs hold. */
interface Read {
  readonly files: readonly string[];
  readonly lines: number;
  /** Lines about a message on its way into the queue. */
  readonly postfixLines: number;
  readonly ambiguous: number;
  readonly pairs: Pairs;
}

async function readLogs(files: readonly LogFile[], sinceMs: number, progress: Progress): Promise<Read> {
  const pairs = new Pairs();
  const messages = new Messages((use) => {
    if (use.line.timeMs >= sinceMs) pairs.add(use);
  });
  let [lines, postfixLines] = [0, 0];
  for (const file of files) {
    let shownMs = 0;
    lines += await readLogFile(file, {
      line: (one: LogLine) => {
        if (messages.push(one)) postfixLines += 1;
      },
      progress: (bytes) => {
        if (Date.now() - shownMs < progressEveryMs) return;
        shownMs = Date.now();
        const part = file.bytes === 0 ? `${Math.round(bytes / 1e6)} MB` : `${Math.floor((100 * bytes) / file.bytes)} %`;
        progress.show(`${file.path}: ${part}`);
      },
    });
  }
  return { files: files.map(({ path }) => path), lines, postfixLines, ambiguous: messages.ambiguous, pairs };
}

function toJson({ map, files, lines, postfixLines, ambiguous, pairs, refusals, unclear }: AuditReport) {
  const all = pairs.values();
  const isoOf = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
  return {
    map,
    files,
    lines,
    postfixLines,
    first: isoOf(pairs.firstMs),
    last: isoOf(pairs.lastMs),
    messages: all.reduce((sum, { sent }) => sum + sent, 0),
    logins: new Set(all.map(({ login }) => login.toLowerCase())).size,
    nullSenders: pairs.nullSenders,
    ambiguous,
    dropped: pairs.dropped,
    unclear: unclear.map(({ login, sender, sent }) => ({ login, sender, messages: sent })),
    refusals: refusals.map(({ pair, reason, owners, allow }) => ({
      login: pair.login,
      sender: pair.sender,
      messages: pair.sent,
      refused: pair.refused,
      warned: pair.warned,
      last: isoOf(pair.lastMs),
      reason,
      owners,
      allow: allow ?? null,
    })),
  };
}
