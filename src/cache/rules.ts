/** How many answers are kept, and for how long. */
import type { Answer } from "../model/reply.ts";
import type { Entry } from "./bounded-store.ts";

/** Lifetimes and bounds; see `CacheSettings`. */
export interface CacheRules {
  readonly maxEntries: number;
  readonly maxNegativeEntries: number;
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly staleIfErrorMs: number;
  /** How long a refresh in the background may take, as `limits.lookup_timeout`. */
  readonly refreshTimeoutMs: number;
  /** For the flush of an address with its extensions. */
  readonly recipientDelimiter: string;
}

// A refresh starts after three quarters of the lifetime: a quarter of 60 s is ten times what a lookup may take.
const refreshShare = 0.75;
// Entries that were stored together (a restart, a mailing) must not expire together: up to a tenth of the lifetime earlier.
const jitterShare = 0.1;

/** Whether an entry in use is to be asked for again before it expires. */
export function isDueForRefresh({ storedAtMs, expiresAtMs }: Entry, nowMs: number): boolean {
  return nowMs - storedAtMs >= (expiresAtMs - storedAtMs) * refreshShare;
}

/**
 * When an answer expires that the source gave at a moment; in whole milliseconds.
 *
 * @param random uniform in [0, 1)
 */
export function expiryOf(answer: Answer, storedAtMs: number, rules: CacheRules, random: number): number {
  const fullTtlMs = answer.kind === "ok" ? rules.ttlMs : rules.negativeTtlMs;
  return Math.floor(storedAtMs + fullTtlMs * (1 - jitterShare * random));
}
