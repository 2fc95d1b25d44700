/**
 * The log: one event per line on stderr, a constant message with fields.
 *
 * pino writes it. What may be written is decided by the callers (model/log.ts); here is a second fence, which takes out
 * secrets and what drivers hang on their errors.
 */
import { type DestinationStream, type Logger, pino } from "pino";
import type { LogFields } from "../model/log.ts";
import type { LogSettings } from "../model/settings.ts";
import { openStderr } from "../system/stderr.ts";
import { toTextLine } from "./log-text.ts";
import { LossyStream } from "./lossy-stream.ts";
import type { CountingLog } from "./rate-limited-log.ts";
import type { RecentErrors } from "./recent-errors.ts";
import { scrub } from "./scrub.ts";

/** Where lines go; each call brings one line with its newline. */
export type LogStream = DestinationStream;

/** A log whose level a reload of the configuration can change. */
export interface AdjustableLog extends CountingLog {
  setLevel(level: LogSettings["level"]): void;
}

/** What a log is made of. */
export interface LogOptions extends LogSettings {
  /** Takes every warning and error too, for the status page. */
  readonly recentErrors?: RecentErrors;
}

/**
 * Opens the log: JSON lines (`{"level":"warn","time":"…Z",…,"msg":"…"}`) or, for people, `time LEVEL message field=value`.
 *
 * @param stream stderr unless a test says otherwise. Lines go out at once, so that the last one before an exit is there to be
 *   read; what cannot go out (a full disk, a reader that hangs) holds up nobody: it is lost and counted.
 */
export function createLog(
  options: LogOptions,
  stream: LogStream = new LossyStream(openStderr(), options.format),
): AdjustableLog {
  const lines: LogStream = options.format === "json" ? stream : { write: (line) => stream.write(toTextLine(line)) };
  const logger = pino(
    {
      level: options.level,
      // pid and host name are for whoever gathers the lines; journald and containers add their own.
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (word) => ({ level: word }), log: scrub },
      // Errors are described by scrub, wherever they stand; pino's own serializer would copy what drivers hang on them.
      serializers: { err: (value) => value },
    },
    lines,
  );
  return new PinoLog(logger, options.recentErrors);
}

class PinoLog implements AdjustableLog {
  readonly #logger: Logger;
  readonly #recentErrors: RecentErrors | undefined;

  constructor(logger: Logger, recentErrors: RecentErrors | undefined) {
    this.#logger = logger;
    this.#recentErrors = recentErrors;
  }

  debug(fields: LogFields, message: string): void {
    this.#logger.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#logger.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#note("warn", fields, message);
    this.#logger.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#note("error", fields, message);
    this.#logger.error(fields, message);
  }

  noteSuppressed(level: "warn" | "error", fields: LogFields, message: string): void {
    this.#recentErrors?.add(level, fields, message);
  }

  isDebugEnabled(): boolean {
    return this.#logger.isLevelEnabled("debug");
  }

  setLevel(level: LogSettings["level"]): void {
    this.#logger.level = level;
  }

  #note(level: "warn" | "error", fields: LogFields, message: string): void {
    // The lines that this one sums up were noted one by one.
    if (fields["suppressed"] === undefined) this.#recentErrors?.add(level, fields, message);
  }
}
