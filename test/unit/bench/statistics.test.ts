import { expect, test } from "vitest";
import { type Entry, interleave, median, medianOf, spreadOf, spreadOfRatio } from "../../bench/statistics.ts";

const entry = (name: string, ...perSecond: number[]): Entry => ({
  name,
  samples: perSecond.map((value) => ({ perSecond: value })),
});

test("the median is the middle value, or the mean of the middle two", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test("half of the values lie between the quartiles", () => {
  expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4 });
  expect(spreadOf([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75 });
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7 });
});

test("a figure that was not measured has no median", () => {
  expect(medianOf(entry("a", 1, 2, 3), "perSecond")).toBe(2);
  expect(medianOf(entry("a", 1, 2, 3), "cpuUs")).toBeNaN();
});

test("ratios are taken between runs that followed each other, so a slow spell of the machine cancels out", () => {
  const ours = entry("ours", 100, 10, 100, 10, 100);
  const reference = entry("reference", 200, 20, 200, 20, 200);
  expect(spreadOfRatio(ours, reference, "perSecond")).toEqual({ median: 0.5, low: 0.5, high: 0.5 });
});

test("contestants that were measured unequally often have no ratio", () => {
  expect(spreadOfRatio(entry("a", 1, 2), entry("b", 1), "perSecond").median).toBeNaN();
});

test("contestants take turns, and each turn begins with another", async () => {
  const order: string[] = [];
  const contestant = (name: string) => ({
    name,
    async measure(repetition: number) {
      order.push(`${name}${repetition}`);
      return { perSecond: repetition };
    },
  });
  const entries = await interleave([contestant("a"), contestant("b"), contestant("c")], 3);
  expect(order).toEqual(["a0", "b0", "c0", "b1", "c1", "a1", "c2", "a2", "b2"]);
  expect(entries[2]).toEqual({ name: "c", samples: [{ perSecond: 0 }, { perSecond: 1 }, { perSecond: 2 }] });
});
