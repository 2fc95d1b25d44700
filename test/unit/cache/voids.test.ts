import { expect, test } from "vitest";
import { Voids } from "../../../src/cache/voids.ts";

test("what was stored for a domain until then is void, and nothing else", () => {
  const voids = new Voids();
  voids.add(["example.com"], 1000);
  expect(voids.has("alice@example.com", 1000)).toBe(true);
  expect(voids.has("alice@example.com", 1001)).toBe(false);
  expect(voids.has("alice@other.test", 1000)).toBe(false);
});

test("* voids everything until then", () => {
  const voids = new Voids();
  voids.add(["*"], 1000);
  expect(voids.has("alice@example.com", 999)).toBe(true);
  expect(voids.has("alice@example.com", 1001)).toBe(false);
});

test("a domain that is voided again is void until then", () => {
  const voids = new Voids();
  voids.add(["example.com"], 1000);
  voids.add(["example.com"], 2000);
  expect(voids.has("alice@example.com", 1500)).toBe(true);
});

test("more domains than are worth remembering void everything, so that nothing void is served", () => {
  const voids = new Voids();
  voids.add(
    Array.from({ length: 1001 }, (_, i) => `d${i}.test`),
    1000,
  );
  expect(voids.has("alice@example.com", 1000)).toBe(true);
  expect(voids.has("alice@example.com", 1001)).toBe(false);
});
