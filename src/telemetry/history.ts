/** What the daemon counted over the last minutes, so that whoever looks at it for the first time sees more than now. */
import type { Snapshot } from "./totals.ts";

/** What was counted up to a moment; the sums run from the start of the process, as those of a `Snapshot`. */
export interface HistoryMoment {
  /** ISO 8601. */
  readonly now: string;
  readonly lookups: Snapshot["lookups"];
  /** Observations per bucket of `Snapshot.lookupDuration`. */
  readonly lookupDuration: readonly number[];
  readonly cache: Snapshot["cache"];
  /** Connections that are open, of all listeners. */
  readonly connections: number;
  /** Keys that listings found changed, by source. */
  readonly changes: Readonly<Record<string, number>>;
}

// Five minutes, as the charts of the page show; some 400 bytes each.
const intervalMs = 5000;
const maxMoments = 60;

/** Takes a moment every five seconds, and keeps those of the last five minutes. */
export class History {
  readonly #snapshot: () => Snapshot;
  readonly #now: () => Date;
  readonly #moments: HistoryMoment[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param snapshot gives the sums of now */
  constructor(snapshot: () => Snapshot, now: () => Date) {
    this.#snapshot = snapshot;
    this.#now = now;
  }

  /** Begins; keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.take(), intervalMs).unref();
  }

  /** Takes a moment now. */
  take(): void {
    const { lookups, lookupDuration, cache, listeners, sources } = this.#snapshot();
    this.#moments.push({
      now: this.#now().toISOString(),
      lookups,
      lookupDuration: lookupDuration.counts,
      cache,
      connections: listeners.reduce((open, { connections }) => open + connections, 0),
      changes: Object.fromEntries(sources.map(({ name, changes }) => [name, changes])),
    });
    if (this.#moments.length > maxMoments) this.#moments.shift();
  }

  /** The moments, the earliest first. */
  list(): readonly HistoryMoment[] {
    return this.#moments;
  }
}
