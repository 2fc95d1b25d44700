import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WorkSlices } from "../../../src/system/work-slices.ts";

let nowMs = 0;

beforeEach(() => {
  nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Works so long a hundred times, with a rest after each. @returns how many turns of the event loop others had meanwhile */
async function turnsOf(workMs: number, rest: (slices: WorkSlices) => Promise<void>): Promise<number> {
  const slices = new WorkSlices();
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  for (let i = 0; i < 100; i++) {
    nowMs += workMs;
    await rest(slices);
  }
  isDone = true;
  return turns;
}

test("work of less than a slice goes on at once, and no slice is longer than half a millisecond and one piece", async () => {
  expect(await turnsOf(0.001, (slices) => slices.rest())).toBe(0);
  expect(await turnsOf(0.125, (slices) => slices.rest())).toBeGreaterThanOrEqual(100 / 4 - 1);
});

test("long work leaves turns after a tenth of a millisecond, and none before", async () => {
  expect(await turnsOf(0.0005, (slices) => slices.restLonger())).toBe(0);
  expect(await turnsOf(0.0625, (slices) => slices.restLonger())).toBeGreaterThanOrEqual(100 / 2 - 1);
});

test("a pause leaves a turn whatever was done", async () => {
  expect(await turnsOf(0, (slices) => slices.pause())).toBeGreaterThanOrEqual(99);
});

test("several who work at once share a slice and a turn: none has a slice of its own", async () => {
  const slices = new WorkSlices();
  let longestMs = 0;
  let turnAtMs = 0;
  let isDone = false;
  const turn = () => {
    longestMs = Math.max(longestMs, nowMs - turnAtMs);
    turnAtMs = nowMs;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  let left = 1000;
  const work = async () => {
    while (left > 0) {
      left--;
      nowMs += 0.125;
      await slices.rest();
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  isDone = true;
  turn();
  expect(nowMs).toBe(125);
  // Half a millisecond, and one piece of each of the four, since none knows beforehand how long the others' take.
  expect(longestMs).toBeLessThanOrEqual(1);
});
