import type { FollowState } from "../../../src/model/listing.ts";

/** The state of a source that is followed by its binlog, and was listed a moment ago. */
export const followed: FollowState = {
  signal: { signal: "binlog", advice: "" },
  listed: 2000,
  ageMs: 1500,
  durationMs: 20,
  intervalMs: 1000,
  reason: "",
};
