/** The tallies added up into the few numbers that the status page draws. */
import type { MessageResult } from "../model/message.ts";
import type { Result } from "../model/reply.ts";
import { type CacheOutcome, type CacheTally, cacheTally, type Histogram, lookupTally } from "../model/tally.ts";
import type { Tallies } from "./tallies.ts";

/** A latency histogram as plain numbers. */
interface HistogramSnapshot {
  /** Upper bounds in seconds, ascending. */
  readonly bounds: readonly number[];
  /** Observations per bucket, not cumulated; one longer than `bounds`. */
  readonly counts: readonly number[];
}

/** Counts since the process started; two of them a few seconds apart give rates and percentiles. */
export interface Snapshot {
  /** Replies to clients over all maps and protocols. */
  readonly lookups: Readonly<Record<Result, number>>;
  /** How long those took. */
  readonly lookupDuration: HistogramSnapshot;
  /** What the caches of all maps did. */
  readonly cache: Readonly<Record<CacheOutcome, number>>;
  readonly listeners: readonly ListenerSnapshot[];
  readonly sources: readonly SourceSnapshot[];
  readonly maps: readonly MapSnapshot[];
  readonly messages: readonly MessageSnapshot[];
}

/** Messages of one milter listener. */
interface MessageSnapshot {
  readonly listener: string;
  /** By what became of them, whatever the reason. */
  readonly results: Readonly<Record<MessageResult, number>>;
}

/** Replies to clients of one map, or of maps that do not exist (`unknown`), over all protocols. */
interface MapSnapshot {
  readonly name: string;
  readonly lookups: Readonly<Record<Result, number>>;
}

/** Connections of one listener. */
interface ListenerSnapshot {
  readonly name: string;
  readonly connections: number;
  readonly connectionsTotal: number;
  /** Protocol errors of all kinds. */
  readonly errors: number;
}

/** Statements sent to one source, and what its listings found. */
interface SourceSnapshot {
  readonly name: string;
  readonly queries: Readonly<Record<"ok" | "error" | "timeout", number>>;
  /** Keys that appeared, changed or went from one listing to the next. */
  readonly changes: number;
}

/** Adds up what was counted so far. */
export function takeSnapshot(tallies: Tallies): Snapshot {
  const all = lookupTally();
  const maps = new Map<string, Record<Result, number>>();
  for (const [map, , tally] of tallies.lookups()) {
    addCounts(all.results, tally.results);
    addBuckets(all.duration, tally.duration);
    const results = maps.get(map) ?? lookupTally().results;
    addCounts(results, tally.results);
    maps.set(map, results);
  }
  const requests: CacheTally["requests"] = cacheTally().requests;
  for (const [, tally] of tallies.caches()) addCounts(requests, tally.requests);
  return {
    lookups: all.results,
    lookupDuration: { bounds: all.duration.bounds, counts: Array.from(all.duration.counts) },
    cache: requests,
    listeners: Array.from(tallies.listeners(), ([name, { connections, connectionsTotal, errors }]) => {
      return { name, connections, connectionsTotal, errors: total(errors) };
    }),
    sources: Array.from(tallies.sources(), ([name, { queries }]) => ({
      name,
      queries: { ...queries },
      changes: total(tallies.following(name).changes),
    })),
    messages: Array.from(tallies.allMessages(), ([listener, { accept, reject, temp, would_reject }]) => ({
      listener,
      results: {
        accept: total(accept),
        reject: total(reject),
        temp: total(temp),
        would_reject: total(would_reject),
      },
    })),
    maps: Array.from(maps, ([name, lookups]) => ({ name, lookups })),
  };
}

function addCounts<Word extends string>(sums: Record<Word, number>, counts: Readonly<Record<Word, number>>): void {
  for (const word in sums) sums[word] += counts[word];
}

// Every duration of a lookup is counted in the same buckets (model/tally.ts), so they add up one by one.
function addBuckets(sum: Histogram, part: Histogram): void {
  for (const [bucket, count] of part.counts.entries()) sum.counts[bucket] = (sum.counts[bucket] ?? 0) + count;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
