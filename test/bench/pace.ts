/** How long and how often is measured. */
import type { Way } from "./servers.ts";

/** The extent of a run. */
export interface Pace {
  readonly repetitions: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** Numbers of connections per way. */
  readonly connections: Readonly<Record<Way, readonly number[]>>;
  /** Offered loads of the open loop, in lookups per second. */
  readonly rates: readonly number[];
  /** Numbers of cached owners whose memory is measured; the database holds the largest of them. */
  readonly cachedOwners: readonly number[];
}

/**
 * The pace of what needs long measurements (a database's, latencies at a low load, starts): a third as many, three times as long.
 * Everything else is measured often and briefly, since what disturbs a shared machine lasts for seconds.
 */
export function patient(pace: Pace): Pace {
  return {
    ...pace,
    repetitions: Math.max(1, Math.round(pace.repetitions / 3)),
    warmMs: 3 * pace.warmMs,
    measureMs: 3 * pace.measureMs,
  };
}

/** About a minute: for a first look, and while working on the code. */
export const quick: Pace = {
  repetitions: 5,
  warmMs: 150,
  measureMs: 300,
  connections: { "socketmap unix": [1, 16, 64, 200], "socketmap tcp": [16], "tcp_table tcp": [16] },
  rates: [5_000, 20_000, 50_000],
  cachedOwners: [100_000],
};

/** Less than twenty minutes: what docs/performance.md shows. */
export const full: Pace = {
  repetitions: 9,
  warmMs: 150,
  measureMs: 400,
  connections: {
    "socketmap unix": [1, 16, 64, 200],
    "socketmap tcp": [1, 16, 64],
    "tcp_table tcp": [1, 16, 64],
  },
  rates: [1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000],
  cachedOwners: [100_000, 1_000_000],
};
