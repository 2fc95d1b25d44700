import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BusyQueue } from "../../../../src/source/sqlite/busy-queue.ts";
import { type FakeClock, fakeClock } from "../../../support/fakes/fakes.ts";

let clock: FakeClock;
let timeouts: number;
let queue: BusyQueue;
let tries: number;
let isHeld: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  clock = fakeClock(0);
  timeouts = 0;
  tries = 0;
  isHeld = true;
  queue = new BusyQueue(clock, 10_000, () => {
    timeouts++;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function ask(value: number, costMs = 0) {
  return () => {
    tries++;
    clock.advance(costMs);
    return isHeld ? undefined : { value };
  };
}

test("however many wait, the file is tried once at a time", async () => {
  const lookups = Array.from({ length: 3200 }, (_, i) => queue.join(ask(i), 1e9));
  await vi.advanceTimersByTimeAsync(50);
  expect(tries).toBe(10);
  isHeld = false;
  await vi.advanceTimersByTimeAsync(10);
  expect(await Promise.all(lookups)).toEqual(lookups.map((_, i) => i));
  expect(queue.isEmpty).toBe(true);
});

test("when the file is free, the others of the daemon get their turn between slices", async () => {
  isHeld = false;
  const lookups = Array.from({ length: 100 }, (_, i) => queue.join(ask(i, 1), 1e9));
  vi.advanceTimersByTime(5);
  const inOneTurn = tries;
  expect(inOneTurn).toBeLessThan(10);
  await vi.advanceTimersByTimeAsync(1);
  expect(tries).toBeGreaterThan(inOneTurn);
  await vi.runAllTimersAsync();
  expect(await Promise.all(lookups)).toHaveLength(100);
});

test("who has waited too long is told so, also behind others, and is not asked for any more", async () => {
  const patient = queue.join(ask(1), 1e9);
  const late = expect(queue.join(ask(2), 20)).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
  clock.advance(20);
  await vi.advanceTimersByTimeAsync(5);
  await late;
  expect(timeouts).toBe(1);
  isHeld = false;
  await vi.advanceTimersByTimeAsync(5);
  expect(await patient).toBe(1);
});

test("what goes wrong with one is told to it alone", async () => {
  const failing = () => {
    throw new Error("no such table");
  };
  const failed = expect(queue.join(failing, 1e9)).rejects.toThrow("no such table");
  const other = queue.join(ask(1), 1e9);
  isHeld = false;
  await vi.advanceTimersByTimeAsync(5);
  await failed;
  expect(await other).toBe(1);
});
