import { expect, test } from "vitest";
import { Recent } from "../../../src/audit/recent.ts";

test("the last keys are kept, older ones are forgotten", () => {
  const recent = new Recent<number>(100);
  for (let i = 0; i < 1000; i += 1) recent.set(`k${i}`, i);
  const kept = Array.from({ length: 1000 }, (_, i) => recent.get(`k${i}`)).filter((value) => value !== undefined);
  expect(kept.length).toBeGreaterThanOrEqual(50);
  expect(kept.length).toBeLessThanOrEqual(100);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 1000 - kept.length + i));
});

test("a key that is set again has its new value, and one that was deleted has none", () => {
  const recent = new Recent<string>(4);
  recent.set("a", "old");
  for (const key of ["b", "c"]) recent.set(key, key);
  recent.set("a", "new");
  expect(recent.get("a")).toBe("new");
  recent.delete("a");
  expect(recent.get("a")).toBeUndefined();
  expect(recent.get("c")).toBe("c");
});
