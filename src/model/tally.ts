/**
 * Plain counters that the parts of the line own and telemetry reads when it is scraped.
 *
 * An increment costs what `+= 1` costs, which is why the hot path counts here and not in the metrics library.
 */
import type { ProtocolErrorCode } from "./errors.ts";
import type { MessageReason, MessageResult } from "./message.ts";
import type { Result } from "./reply.ts";

/** Counts observations in fixed buckets, like a Prometheus histogram. */
export class Histogram {
  /** Upper bounds in seconds, ascending; one more bucket counts what is above the last. */
  readonly bounds: readonly number[];
  /** Observations per bucket, not cumulated; one longer than `bounds`. */
  readonly counts: Float64Array;
  /** Sum of all observations in seconds. */
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Adds `count` observations of the same duration. */
  observe(seconds: number, count = 1): void {
    let bucket = 0;
    while (bucket < this.bounds.length && seconds > (this.bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + count;
    this.sum += seconds * count;
  }
}

// 50 µs is what a hit takes on a busy machine, 10 s is the default lookup_timeout; about 2.5 steps per decade.
const latencyBounds = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** Makes a histogram for durations from 50 µs to 10 s. */
export function latencyHistogram(): Histogram {
  return new Histogram(latencyBounds);
}

/** Replies to one map over one protocol. */
export interface LookupTally {
  readonly results: Record<Result, number>;
  readonly duration: Histogram;
}

/** Values of the label `outcome` of `loginmapd_cache_requests_total`. */
export type CacheOutcome = "hit" | "negative_hit" | "stale" | "coalesced" | "miss" | "foreign_domain";

/** What the cache and the domain gate of one map did. */
export interface CacheTally {
  readonly requests: Record<CacheOutcome, number>;
  readonly evictions: Record<"positive" | "negative", number>;
  flushed: number;
  /** Readings of the hosted domains, by outcome. */
  readonly domainReadings: Record<"ok" | "error", number>;
}

/** Statements sent to one source. */
export interface SourceTally {
  readonly queries: Record<"ok" | "error" | "timeout", number>;
  readonly duration: Histogram;
}

/** What the follower of one source did. */
export interface FollowTally {
  readonly changes: Record<"added" | "changed" | "removed", number>;
  /** Listings that failed or were cut short. */
  failures: number;
}

/** Values of the label `kind` of `loginmapd_protocol_errors_total`. */
export type ProtocolErrorKind =
  | "framing"
  | "too_large"
  | "not_a_query"
  | "unknown_map"
  | "frame_timeout"
  | "write_timeout";

/** Connections of one listener. */
export interface ListenerTally {
  /** Open now. */
  connections: number;
  /** Ever accepted. */
  connectionsTotal: number;
  readonly errors: Record<ProtocolErrorKind, number>;
}

/** Messages of one milter listener by what became of them and why; only what can happen is there. */
export type MessageTally = Readonly<Record<MessageResult, Partial<Record<MessageReason, number>>>>;

/** Makes the zeroed counters of a map and protocol. */
export function lookupTally(): LookupTally {
  return { results: { ok: 0, notfound: 0, temp: 0, timeout: 0, perm: 0 }, duration: latencyHistogram() };
}

/** Makes the zeroed counters of a cache. */
export function cacheTally(): CacheTally {
  return {
    requests: { hit: 0, negative_hit: 0, stale: 0, coalesced: 0, miss: 0, foreign_domain: 0 },
    evictions: { positive: 0, negative: 0 },
    flushed: 0,
    domainReadings: { ok: 0, error: 0 },
  };
}

/** Makes the zeroed counters of a source. */
export function sourceTally(): SourceTally {
  return { queries: { ok: 0, error: 0, timeout: 0 }, duration: latencyHistogram() };
}

/** Makes the zeroed counters of a follower. */
export function followTally(): FollowTally {
  return { changes: { added: 0, changed: 0, removed: 0 }, failures: 0 };
}

/** Makes the zeroed counters of a listener. */
export function listenerTally(): ListenerTally {
  return {
    connections: 0,
    connectionsTotal: 0,
    errors: { framing: 0, too_large: 0, not_a_query: 0, unknown_map: 0, frame_timeout: 0, write_timeout: 0 },
  };
}

/** Makes the zeroed counters of the messages of a listener. */
export function messageTally(): MessageTally {
  return {
    accept: { owned: 0, unauthenticated: 0, no_from: 0 },
    reject: { not_owned: 0, several: 0, unreadable: 0 },
    temp: { lookup_failed: 0 },
    would_reject: { not_owned: 0, several: 0, unreadable: 0, lookup_failed: 0 },
  };
}

/** Which kind an error of the protocol counts as. */
export const errorKinds: Readonly<Record<ProtocolErrorCode, ProtocolErrorKind>> = {
  ERR_NETSTRING_LENGTH: "framing",
  ERR_NETSTRING_TERMINATOR: "framing",
  ERR_NOT_A_GET: "framing",
  ERR_NETSTRING_TOO_LARGE: "too_large",
  ERR_LINE_TOO_LONG: "too_large",
  ERR_QUERY_TOO_LARGE: "too_large",
  ERR_MILTER_LENGTH: "framing",
  ERR_MILTER_TOO_LARGE: "too_large",
  ERR_MILTER_COMMAND: "framing",
  ERR_MILTER_PAYLOAD: "framing",
  ERR_MILTER_ORDER: "framing",
  ERR_MILTER_VERSION: "framing",
  ERR_FRAME_TIMEOUT: "frame_timeout",
};
