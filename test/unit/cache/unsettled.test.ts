import { expect, test } from "vitest";
import { Unsettled } from "../../../src/cache/unsettled.ts";

test("gives each key once, and then no more", () => {
  const unsettled = new Unsettled();
  for (const key of ["a@x", "b@x", "a@x"]) unsettled.note(key);
  expect(unsettled.take()).toEqual(["a@x", "b@x"]);
  expect(unsettled.take()).toEqual([]);
  expect(unsettled.overflows).toBe(0);
});

test("keeps 4096 keys at most, and tells how often there were more", () => {
  const unsettled = new Unsettled();
  for (let i = 0; i < 4096; i++) unsettled.note(`a${i}@x`);
  expect(unsettled.overflows).toBe(0);
  for (let i = 0; i < 4096; i++) unsettled.note(`b${i}@x`);
  expect(unsettled.overflows).toBe(1);
  expect(unsettled.take()).toHaveLength(4096);
  for (let i = 0; i <= 4096; i++) unsettled.note(`c${i}@x`);
  expect(unsettled.overflows).toBe(2);
  expect(unsettled.take()).toEqual(["c4096@x"]);
});
