/** How following a source fares, as `/readyz` and the status page tell it. */
import type { FollowState } from "../model/listing.ts";
import { count } from "./schemas.ts";

/** The schema of what `toFollowing` makes. */
export const followingSchema = {
  type: "object",
  description: "Absent for a source that is not followed.",
  required: ["listed", "listingSeconds", "intervalSeconds", "failing"],
  properties: {
    listed: { ...count, description: "Addresses, @domain and * of the last complete listing." },
    ageSeconds: { type: "number", description: "Since it began; absent before the first." },
    listingSeconds: { type: "number", description: "How long it took." },
    intervalSeconds: { type: "number", description: "How soon the source is listed again without a signal." },
    signal: { type: "string", description: "How the source signals a change; absent when it does not." },
    failing: { type: "boolean", description: "Whether the last listing failed: answers then live for cache.ttl." },
    reason: { type: "string", description: "Why it failed. Not in what anybody may read." },
  },
} as const;

/** @param isRevealed whether the words of the database may be told */
export function toFollowing(state: FollowState, isRevealed: boolean) {
  const { signal, listed, ageMs, durationMs, intervalMs, reason } = state;
  return {
    listed,
    ...(ageMs === undefined ? {} : { ageSeconds: ageMs / 1000 }),
    listingSeconds: durationMs / 1000,
    intervalSeconds: intervalMs / 1000,
    ...(signal.signal === undefined ? {} : { signal: signal.signal }),
    failing: reason !== "",
    ...(isRevealed && reason !== "" ? { reason } : {}),
  };
}
