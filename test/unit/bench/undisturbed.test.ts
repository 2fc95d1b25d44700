import { expect, test } from "vitest";
import { undisturbed } from "../../bench/undisturbed.ts";

test.each([
  ["once when little is stolen", [0, 3], 1],
  ["again when much is stolen", [0, 4, 4, 5], 2],
  ["four times at most", [0, 50, 50, 100, 100, 150, 150, 200], 4],
])("measures %s", async (_, stolen, expected) => {
  const readings = stolen.map((ticks, i) => ({ all: 100 * Math.ceil(i / 2), stolen: ticks }));
  let runs = 0;
  const contestant = undisturbed({ name: "one", measure: async () => ({ ms: ++runs }) }, () => readings.shift()!);
  expect(await contestant.measure(0)).toEqual({ ms: expected });
  expect(runs).toBe(expected);
});
