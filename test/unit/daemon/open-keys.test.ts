import { expect, test } from "vitest";
import { OpenKeys } from "../../../src/daemon/open-keys.ts";

test("a key is open as long as it is to be asked for, however often", () => {
  const keys = new OpenKeys();
  expect(keys.has("a")).toBe(false);
  keys.open("a");
  keys.open("a");
  keys.close("a");
  expect(keys.has("a")).toBe(true);
  keys.close("a");
  expect(keys.has("a")).toBe(false);
});

test("closes what was never opened without a trace", () => {
  const keys = new OpenKeys();
  keys.close("a");
  keys.open("a");
  expect(keys.has("a")).toBe(true);
});

test("a key that failed is open until it was asked for again", () => {
  const keys = new OpenKeys();
  keys.fail("a");
  expect(keys.has("a")).toBe(true);
  expect([...keys.reopenFailed()]).toEqual([["a"]]);
  expect(keys.has("a")).toBe(true);
  keys.close("a");
  expect(keys.has("a")).toBe(false);
});

test("one that is to be asked for anyway is not given a second time", () => {
  const keys = new OpenKeys();
  keys.fail("a");
  keys.open("a");
  expect([...keys.reopenFailed()]).toEqual([]);
  keys.close("a");
  expect(keys.has("a")).toBe(false);
});

test("keys that failed stay open while they are taken, and what fails meanwhile is for the next time", () => {
  const keys = new OpenKeys();
  const all = Array.from({ length: 5000 }, (_, i) => `a${i}`);
  for (const key of all) keys.fail(key);
  const taken: string[] = [];
  for (const some of keys.reopenFailed()) {
    if (taken.length === 0) for (const key of ["late", ...some]) keys.fail(key);
    taken.push(...some);
    expect(all.every((key) => keys.has(key))).toBe(true);
  }
  expect(taken.toSorted()).toEqual(all.toSorted());
  expect([...keys.reopenFailed()].flat()).toContain("late");
});

test("gives as many keys as there may be a few at a time: a million, 1,300 at most", () => {
  const keys = new OpenKeys();
  for (let i = 0; i < 200_000; i++) keys.fail(`user${i}@example.com`);
  const sizes = [...keys.reopenFailed()].map(({ length }) => length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200_000);
  // A fifth of a million, so a fifth of that.
  expect(Math.max(...sizes)).toBeLessThan(260);
});
