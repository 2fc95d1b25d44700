import { expect, test } from "vitest";
import { didYouMean, nearestName, nearestOrKnown } from "../../../src/model/nearest.ts";

const known = ["ttl", "negative_ttl", "max_entries", "stale_if_error"];

test.each([
  ["a missing letter", "max_entrie", "max_entries"],
  ["a letter too many", "tttl", "ttl"],
  ["another letter", "stale_if_errur", "stale_if_error"],
  ["two letters swapped, which is one mistake", "tlt", "ttl"],
  ["a dash", "negative-ttl", "negative_ttl"],
  ["capitals", "TTL", "ttl"],
  ["a third of the letters", "nagetive_tll", "negative_ttl"],
])("finds the known name in spite of %s", (_, name, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});

test.each(["xyz", "", "frobnicate", "timeout"])("finds none near %j", (name) => {
  expect(nearestName(name, known)).toBeUndefined();
});

test("of two near names takes the nearer", () => {
  expect(nearestName("key_fil", ["ca_file", "key_file"])).toBe("key_file");
});

test("a hint names the near name, or what is known, or nothing", () => {
  expect(didYouMean("tll", known)).toBe('; did you mean "ttl"?');
  expect(didYouMean("xyz", known)).toBe("");
  expect(nearestOrKnown("tll", known)).toBe('; did you mean "ttl"?');
  expect(nearestOrKnown("xyz", ["a", "bb"])).toBe("; known are a, bb");
  expect(nearestOrKnown("xyz", ["mail"])).toBe("; known is mail");
  expect(nearestOrKnown("xyz", [])).toBe("");
});
