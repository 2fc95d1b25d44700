/** How many answers are kept, and for how long. */
import type { Answer } from "../model/reply.ts";
import type { CacheState, Confirmation } from "./answers.ts";
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
// For how long listings speak for an answer that the source gave once. It is asked for again soon after the next listing; where a
// million addresses are, that takes some minutes.
const maxUnsettledMs = 900_000;
// An answer that never changes is asked for this often all the same, in the background, while somebody uses it.
const maxSettledMs = 3_600_000;

// RFC 5321 section 4.5.3.1: 64 octets of localpart, the @, 255 of domain.
const maxKeyLength = 320;

/** Whether an answer to a key is kept: one that is longer than an address can be is answered, and takes no memory. */
export function isKept(key: string): boolean {
  return key.length <= maxKeyLength;
}

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
 * Listings that agree with each other say nothing of an answer that was read between them, of a right that came and went or of a
 * replica that lags: it would live on for ever. So they speak for good only for an answer that the source gave before one of them and
 * after. Until then it is fresh on their word for a quarter of an hour, and then stands in for the source when that fails. What the
 * source gave once more after the last listing is as good as what that listing spoke for: the next one may be longer away than
 * `cache.ttl`.
 *
 * @param expiresAtMs when an answer expires that the source gave at the moment of the confirmation
 */
export function renew(entry: Entry, { atMs, freshForMs }: Confirmation, expiresAtMs: number, nowMs: number): void {
  const freshUntilMs = Math.floor(atMs + freshForMs);
  if (atMs <= entry.storedAtMs) {
    if (entry.isSettled) entry.expiresAtMs = Math.max(entry.expiresAtMs, freshUntilMs);
    return;
  }
  const ageMs = nowMs - entry.askedAtMs;
  if (!entry.isSettled && ageMs > maxUnsettledMs) {
    entry.expiresAtMs = Math.max(entry.expiresAtMs, Math.floor(Math.min(nowMs, expiresAtMs)));
    return;
  }
  entry.expiresAtMs = Math.max(entry.expiresAtMs, expiresAtMs, freshUntilMs);
  // One that was settled long ago stays as old as it is: whoever uses it next has it asked for.
  if (ageMs <= maxSettledMs) entry.storedAtMs = Math.floor(atMs);
}

/** What an entry is at a moment, for the explanation of a lookup. */
export function stateOfEntry(entry: Entry | undefined, nowMs: number): CacheState {
  if (entry === undefined) return { state: "miss" };
  const ageMs = nowMs - entry.storedAtMs;
  if (nowMs >= entry.expiresAtMs) return { state: "expired", ageMs };
  return { state: entry.answer.kind === "ok" ? "hit" : "negative_hit", ageMs };
}

/** Whether an answer that the source gives again, the same as before, is settled by a listing that began at `listedAtMs`. */
export function isSettledBy(before: Entry, listedAtMs: number | undefined): boolean {
  return before.isSettled || (listedAtMs !== undefined && before.sinceMs < listedAtMs);
}
