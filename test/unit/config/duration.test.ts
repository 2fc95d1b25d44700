import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/config/duration.ts";

test.each([
  ["0s", 0],
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["1d", 86_400_000],
  ["007s", 7_000],
])("reads %s as %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  "",
  "0",
  "60",
  "s",
  "5 m",
  " 5m",
  "5m ",
  "1.5s",
  "-1s",
  "+1s",
  "1h30m",
  "5M",
  "5min",
  "1w",
  "٣s",
  "99999999999999999d",
])("refuses %j, whose unit or number would be a guess", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, "0s"],
  [1, "1ms"],
  [1_500, "1500ms"],
  [90_000, "90s"],
  [300_000, "5m"],
  [5_400_000, "90m"],
  [3_600_000, "1h"],
  [172_800_000, "2d"],
])("writes %d ms as %s, in the largest unit that divides it", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
