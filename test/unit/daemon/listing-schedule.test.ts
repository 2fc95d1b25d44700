import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ListingSchedule } from "../../../src/daemon/listing-schedule.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const now = () => Date.now();

/** How long until the next listing is due, in milliseconds. */
async function waited(schedule: ListingSchedule, during: () => void = () => {}): Promise<number> {
  const startMs = now();
  let endMs: number | undefined;
  const due = schedule.due().then(() => {
    endMs = now();
  });
  during();
  for (let i = 0; i < 400_000 && endMs === undefined; i += 50) await vi.advanceTimersByTimeAsync(50);
  await due;
  return (endMs ?? Number.NaN) - startMs;
}

/** A schedule that has seen several listings of one duration. */
function scheduleOf(durationMs: number, interval: number | "auto" = "auto"): ListingSchedule {
  const schedule = new ListingSchedule(interval, now);
  for (let i = 0; i < 5; i++) schedule.listed(durationMs, false);
  return schedule;
}

describe("without a signal", () => {
  test.each([
    [1, 1000],
    [100, 5000],
    [20_000, 300_000],
  ])("a listing of %d ms is followed by the next after %d ms", async (durationMs, intervalMs) => {
    expect(await waited(scheduleOf(durationMs))).toBe(intervalMs);
  });

  test("an interval of the configuration holds whatever a listing takes", async () => {
    expect(await waited(scheduleOf(20_000, 7000))).toBe(7000);
  });

  test("one listing that took long does not have the source left alone", async () => {
    const schedule = scheduleOf(20);
    schedule.listed(10_000, false);
    expect(await waited(schedule)).toBe(1000);
  });
});

describe("after a signal", () => {
  test("a source that was left alone is listed at once, and once more a second later", async () => {
    const schedule = scheduleOf(200);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await waited(schedule, () => schedule.hint())).toBeLessThanOrEqual(50);
    schedule.listed(200, true);
    // From the signal, not from the listing.
    const secondMs = await waited(schedule);
    expect(secondMs).toBeGreaterThanOrEqual(900);
    expect(secondMs).toBeLessThanOrEqual(1000);
  });

  test("signals without end take a fifth of the time", async () => {
    const schedule = scheduleOf(200);
    expect(await waited(schedule, () => schedule.hint())).toBe(800);
  });

  test("signals for nothing are waited for longer each time, up to the interval", async () => {
    const schedule = scheduleOf(200);
    const gaps: number[] = [];
    for (let i = 0; i < 6; i++) {
      gaps.push(await waited(schedule, () => schedule.hint()));
      schedule.listed(200, false);
    }
    expect(gaps.slice(0, 4)).toEqual([800, 1600, 3200, 6400]);
    expect(gaps.at(-1)).toBe(10_000);
  });
});

test("a listing that failed is tried again soon, then seldom", async () => {
  const schedule = scheduleOf(10);
  const gaps: number[] = [];
  for (let i = 0; i < 7; i++) {
    schedule.failed();
    gaps.push(await waited(schedule));
  }
  expect(gaps).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  schedule.listed(10, false);
  expect(await waited(schedule)).toBe(1000);
});

test("a schedule that is closed keeps nobody waiting, who waits already or comes later", async () => {
  const schedule = scheduleOf(10, 86_400_000);
  expect(await waited(schedule, () => schedule.close())).toBe(0);
  expect(await waited(schedule)).toBe(0);
});
