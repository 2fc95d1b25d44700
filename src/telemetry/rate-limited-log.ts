/** A log that a storm cannot flood: the same warning is written a few times, then only counted. */
import type { Log, LogFields } from "../model/log.ts";

/** A log that may want to hear of lines that are not written, to count them. */
export interface CountingLog extends Log {
  /** Called for each line in place of `warn` and `error`; the line with their number comes later, with `suppressed`. */
  noteSuppressed?(level: "warn" | "error", fields: LogFields, message: string): void;
}

/** How much is too much. */
export interface RateLimit {
  /** Lines of the same event that are written per interval. */
  readonly lines: number;
  readonly intervalMs: number;
}

// One storm writes at most this many lines a minute and event, whatever its rate.
const defaultLimit: RateLimit = { lines: 10, intervalMs: 60_000 };
// What tells one event from another, beside its message.
const eventFields = ["source", "listener", "map", "code", "reason"];

interface Window {
  written: number;
  suppressed: number;
  readonly level: "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * Passes lines on, but of warnings and errors of the same event only the first few per interval; when it ends, one line says
 * how many more there were (`suppressed`), and those are lines of level debug. Debug and info lines pass as they are.
 *
 * An event is a message with its source, listener, map, code and reason. Messages are constants (model/log.ts) and these
 * fields come from closed sets, but for the reasons of a database, which are logged no more often than a host goes down.
 */
export class RateLimitedLog implements Log {
  readonly #log: CountingLog;
  readonly #limit: RateLimit;
  readonly #windows = new Map<string, Window>();

  constructor(log: CountingLog, limit: RateLimit = defaultLimit) {
    this.#log = log;
    this.#limit = limit;
  }

  debug(fields: LogFields, message: string): void {
    this.#log.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    if (this.#mayWrite("warn", fields, message)) this.#log.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    if (this.#mayWrite("error", fields, message)) this.#log.error(fields, message);
  }

  isDebugEnabled(): boolean {
    return this.#log.isDebugEnabled();
  }

  /** Writes what was only counted so far and stops every timer; call it when the daemon ends. */
  flush(): void {
    for (const event of [...this.#windows.keys()]) this.#endWindow(event);
  }

  #mayWrite(level: Window["level"], fields: LogFields, message: string): boolean {
    const event = [level, message, ...eventFields.map((name) => fields[name])].join("\0");
    const window = this.#windows.get(event) ?? this.#startWindow(event, level, fields, message);
    if (window.written < this.#limit.lines) {
      window.written++;
      return true;
    }
    window.suppressed++;
    this.#log.noteSuppressed?.(level, fields, message);
    // Whoever looks for the id of one reply turns level debug on and finds it.
    this.#log.debug(fields, message);
    return false;
  }

  #startWindow(event: string, level: Window["level"], fields: LogFields, message: string): Window {
    const timer = setTimeout(() => this.#endWindow(event), this.#limit.intervalMs);
    timer.unref();
    const closed = pick(fields, eventFields);
    const window: Window = { written: 0, suppressed: 0, level, fields: closed, message, timer };
    this.#windows.set(event, window);
    return window;
  }

  #endWindow(event: string): void {
    const window = this.#windows.get(event);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(event);
    if (window.suppressed === 0) return;
    this.#log[window.level]({ ...window.fields, suppressed: window.suppressed }, window.message);
  }
}

function pick(fields: LogFields, names: readonly string[]): LogFields {
  return Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));
}
