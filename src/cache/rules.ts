/** How many answers are kept, and for how long. */
import type { Answer } from "../model/reply.ts";
import type { Confirmation } from "./answers.ts";
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
// An answer that never changes is asked for this often all the same, while somebody uses it.
const maxConfirmedMs = 3_600_000;

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

/**
 * Renews an entry of which a follower knows that nothing changed up to a moment.
 *
 * A follower knows that its listings agree with each other, and not with the entry: one that was asked for between two of them, of a
 * right that came and went or of a replica that lags, would live on that for ever. So an answer is fresh on a follower's word for as
 * long again as the source was seen to give it. After that the source is asked, and the entry stands in for it if it fails.
 *
 * @param expiresAtMs when an answer expires that the source gave at that moment
 * @returns whether it is fresh by that
 */
export function isRenewed(
  entry: Entry,
  { atMs, freshForMs }: Confirmation,
  expiresAtMs: number,
  nowMs: number,
): boolean {
  if (atMs <= entry.storedAtMs) return false;
  const { askedAtMs, sinceMs } = entry;
  if (nowMs - askedAtMs > Math.min(askedAtMs - sinceMs, maxConfirmedMs)) {
    entry.expiresAtMs = Math.max(entry.expiresAtMs, Math.floor(Math.min(nowMs, expiresAtMs)));
    return false;
  }
  entry.storedAtMs = Math.floor(atMs);
  entry.expiresAtMs = Math.max(entry.expiresAtMs, expiresAtMs, Math.floor(atMs + freshForMs));
  return nowMs < entry.expiresAtMs && !isDueForRefresh(entry, nowMs);
}
