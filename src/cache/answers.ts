/** What a cache says of its answers, and how it tells them apart. */
import { SourceError } from "../model/errors.ts";
import type { Answer } from "../model/reply.ts";

/** What followers know of a key: that nothing changed for it up to a moment, and how long that may be believed. */
export interface Confirmation {
  readonly atMs: number;
  readonly freshForMs: number;
  /** Whether a source lists the key. Of one that none lists, listings tell nothing: a catch-all or a pattern may answer it. */
  readonly isListed: boolean;
}

/** What memory holds for a key, for the explanation of a lookup. */
export interface CacheState {
  readonly state: "hit" | "negative_hit" | "expired" | "miss";
  /** Time since the source said it, in milliseconds; absent on a miss. */
  readonly ageMs?: number;
}

/** An entry as a snapshot keeps it. */
export interface AgedAnswer {
  readonly key: string;
  readonly answer: Answer;
  readonly ageMs: number;
}

/** Whether an answer is known at once, and is that the source does not host the domain. */
export function isForeign(answer: Answer | Promise<Answer>): boolean {
  return !(answer instanceof Promise) && answer.kind === "notFound" && answer.because === "foreign";
}

/** Whether a client would be told the same. */
export function isSameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind !== "ok" || b.kind !== "ok") return a.kind === b.kind;
  return a.owners.text === b.owners.text;
}

/** Whether a lookup ended by its deadline or for want of a place to wait: the source may be there and hang. */
export function isHang(error: unknown): boolean {
  return error instanceof SourceError && (error.code === "ERR_SOURCE_TIMEOUT" || error.code === "ERR_SOURCE_OVERLOAD");
}
