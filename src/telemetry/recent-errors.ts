/** The last warnings and errors, for whoever looks at the status page before looking at the log. */
import type { LogFields } from "../model/log.ts";

/** One warning or error: the constant message and where it came from, never an address, a login or a peer's bytes. */
export interface RecentError {
  /** When, as ISO 8601 in UTC. */
  readonly time: string;
  readonly level: "warn" | "error";
  readonly message: string;
  readonly code?: string;
  readonly source?: string;
  readonly listener?: string;
  readonly map?: string;
  /** How many more of the same there were that the log only counted. */
  readonly suppressed?: number;
}

// As many as a person reads at a glance; the log has the rest.
const capacity = 50;

/** A ring of the last 50. */
export class RecentErrors {
  readonly #ring: RecentError[] = [];
  readonly #now: () => Date;

  /** @param now the time of day; tests pass their own */
  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** Keeps the message and those fields whose values come from closed sets; everything else stays in the log. */
  add(level: RecentError["level"], fields: LogFields, message: string): void {
    this.#ring.push({ time: this.#now().toISOString(), level, message, ...closedFields(fields) });
    if (this.#ring.length > capacity) this.#ring.shift();
  }

  /** All that are kept, newest first. */
  list(): readonly RecentError[] {
    return this.#ring.toReversed();
  }
}

function closedFields({ code, source, listener, map, suppressed, err, error }: LogFields): Partial<RecentError> {
  return Object.fromEntries(
    Object.entries({
      code: textOf(code) ?? codeOf(err) ?? codeOf(error),
      source: textOf(source),
      listener: textOf(listener),
      map: textOf(map),
      suppressed: typeof suppressed === "number" ? suppressed : undefined,
    }).filter(([, value]) => value !== undefined),
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? textOf(error.code) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
