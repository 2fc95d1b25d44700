/** The last warnings and errors, for whoever looks at the status page before looking at the log. */
import type { LogFields } from "../model/log.ts";

/**
 * A warning or error that happened, once or again and again: the constant message, why, and where it came from. Never an
 * address or a login: lines of this level hold none (model/log.ts).
 */
export interface RecentError {
  /** When it last happened, as ISO 8601 in UTC. */
  readonly time: string;
  /** When it first happened; the same as `time` for what happened once. */
  readonly firstTime: string;
  /** How many times, those included that the log only counted. */
  readonly count: number;
  readonly level: "warn" | "error";
  readonly message: string;
  readonly code?: string;
  readonly reason?: string;
  readonly source?: string;
  /** The database host. */
  readonly host?: string;
  readonly listener?: string;
  readonly map?: string;
}

// As many as a person reads at a glance; the log has the rest.
const capacity = 50;
// Reasons are short; a database may say more than fits a line.
const maxTextChars = 200;

/**
 * The last 50 that differ. The same thing again is counted where it stands, so that a storm of one pushes nothing else out.
 */
export class RecentErrors {
  /** By what tells one from another; the one that happened last stands last. */
  readonly #errors = new Map<string, RecentError>();
  readonly #now: () => Date;

  /** @param now the time of day; tests pass their own */
  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** Keeps the message and those fields that say what it is about; everything else stays in the log. */
  add(level: RecentError["level"], fields: LogFields, message: string): void {
    const kept = keptFields(fields);
    const event = [level, message, ...Object.entries(kept).flat()].join("\0");
    const time = this.#now().toISOString();
    const { firstTime, count } = this.#errors.get(event) ?? { firstTime: time, count: 0 };
    this.#errors.delete(event);
    this.#errors.set(event, { time, firstTime, count: count + 1, level, message, ...kept });
    if (this.#errors.size <= capacity) return;
    for (const oldest of this.#errors.keys()) {
      this.#errors.delete(oldest);
      return;
    }
  }

  /** All that are kept, the one that happened last first. */
  list(): readonly RecentError[] {
    return [...this.#errors.values()].reverse();
  }
}

type Kept = Pick<RecentError, "code" | "reason" | "source" | "host" | "listener" | "map">;

function keptFields({ code, reason, problem, source, host, listener, map, err, error }: LogFields): Kept {
  return Object.fromEntries(
    Object.entries({
      code: textOf(code) ?? codeOf(err) ?? codeOf(error),
      reason: textOf(reason) ?? textOf(problem),
      source: textOf(source),
      host: textOf(host),
      listener: textOf(listener),
      map: textOf(map),
    }).filter(([, value]) => value !== undefined),
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? textOf(error.code) : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.length > maxTextChars ? `${value.slice(0, maxTextChars - 1)}…` : value;
}
