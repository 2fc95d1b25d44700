import { expect, test } from "vitest";
import { elapsedMs } from "../../../src/model/clock.ts";

test.each([
  ["the time of day went on", 60_000, 60_000, "a", 60_000],
  ["the time of day stood still while the machine ran", 0, 60_000, "a", 60_000],
  ["the time of day went back while the machine ran", -3_600_000, 60_000, "a", 60_000],
  ["the time of day went ahead: rather too old than too fresh", 3_600_000, 60_000, "a", 3_600_000],
  ["the machine started again", 60_000, -990_000, "b", 60_000],
  ["the machine started again and has run for longer than the time of day says", 5_000, 4_000_000, "b", 5_000_000],
  ["the machine started again and the time of day went back", -1, 4_000_000, "b", undefined],
  ["a container of the same machine started again", 5_000, -990_000, "a", 10_000],
  ["it is not known whether the machine started again", 5_000, 60_000, "", 5_000],
  ["neither is known, and the time of day went back", -1, 60_000, "", undefined],
])("%s", (_what, wallMs, uptimeMs, bootId, elapsed) => {
  const then = { wallMs: 1_700_000_000_000, uptimeMs: 1_000_000, bootId: "a" };
  const now = { wallMs: then.wallMs + wallMs, uptimeMs: then.uptimeMs + uptimeMs, bootId };
  expect(elapsedMs(then, now)).toBe(elapsed);
});
