import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../../bench/histogram.ts";

describe("LatencyHistogram", () => {
  test("tells percentiles of a known distribution", () => {
    const histogram = new LatencyHistogram();
    for (let us = 1; us <= 100_000; us++) histogram.record(us / 1000);

    expect(histogram.count).toBe(100_000);
    expect(histogram.maxMs).toBe(100);
    expect(Math.abs(histogram.quantileMs(0.5) - 50)).toBeLessThan(0.2);
    expect(Math.abs(histogram.quantileMs(0.99) - 99)).toBeLessThan(0.4);
    expect(Math.abs(histogram.quantileMs(0.999) - 99.9)).toBeLessThan(0.4);
  });

  test.each([0.0001, 0.00256, 0.0257, 0.3, 4.99, 17, 1_234, 41_999])("keeps %d ms to 0.4 %%", (ms) => {
    const histogram = new LatencyHistogram();
    histogram.record(ms);
    histogram.record(50_000); // so that the answer is not cut to the maximum

    expect(Math.abs(histogram.quantileMs(0.5) - ms) / ms).toBeLessThan(0.004);
  });

  test("never tells more than the longest duration", () => {
    const histogram = new LatencyHistogram();
    histogram.record(1.001);

    expect(histogram.quantileMs(0.999)).toBeLessThanOrEqual(1.001);
  });

  test("takes what is out of range to its ends, and keeps the maximum exact", () => {
    const histogram = new LatencyHistogram();
    histogram.record(-1);
    histogram.record(60_000);

    expect(histogram.quantileMs(0.5)).toBe(0);
    expect(histogram.quantileMs(1)).toBeGreaterThan(42_000);
    expect(histogram.maxMs).toBe(60_000);
  });

  test("tells 0 when nothing was recorded", () => {
    expect(new LatencyHistogram().quantileMs(0.99)).toBe(0);
  });
});
