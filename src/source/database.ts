/** What every driver of this folder is given. */
import type { Clock } from "../model/clock.ts";
import type { Log } from "../model/log.ts";
import type { SourceTally } from "../model/tally.ts";
import type { HostNames } from "../system/host-names.ts";

/**
 * How often a driver looks after its database by itself. Seldom enough to cost nothing (a short statement, or a stat and one
 * page), often enough for a probe that asks every few seconds.
 */
export const lookAfterIntervalMs = 3000;

/** What the parts around a source share with it. */
export interface DatabaseDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: SourceTally;
  /** Lookups that may wait for a connection; more are refused with ERR_SOURCE_OVERLOAD. */
  readonly maxWaitingLookups: number;
  /** In [0, 1); `Math.random` unless a test wants another. */
  readonly random?: () => number;
  /** How names of hosts are looked up; as the system's files say, unless a test wants another way. */
  readonly names?: HostNames;
}
