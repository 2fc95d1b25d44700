/** What every driver of this folder offers, and what it is given. */
import type { Clock } from "../model/clock.ts";
import type { Log } from "../model/log.ts";
import type { Database, QueryReport } from "../model/source.ts";
import type { SourceTally } from "../model/tally.ts";

/** A database that can also say how its queries fare. */
export interface ProbedDatabase extends Database {
  /**
   * Prepares every query and asks the database how it would run it: `check --connect`.
   *
   * @throws {SourceError} ERR_SOURCE_UNAVAILABLE when the database cannot be reached
   */
  report(deadlineMs: number): Promise<readonly QueryReport[]>;
  /**
   * Begins to look after the database while no lookup does, every `watchIntervalMs` until `close`, so that `health` is right
   * without traffic too: a load balancer that sends none has to learn that the database is back. Later calls only look once.
   *
   * @returns when it has been looked at once; never rejects, `health` has the outcome
   */
  watch(): Promise<void>;
}

/** Seldom enough to cost nothing (a ping, or a stat and one page), often enough for a probe that asks every few seconds. */
export const watchIntervalMs = 3000;

/** What the parts around a source share with it. */
export interface DatabaseDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: SourceTally;
  /** Lookups that may wait for a connection; more are refused with ERR_SOURCE_OVERLOAD. */
  readonly maxWaitingLookups: number;
  /** In [0, 1); `Math.random` unless a test wants another. */
  readonly random?: () => number;
}
