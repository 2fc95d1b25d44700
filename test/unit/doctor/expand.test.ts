import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compareLevels, expand, soleReference } from "../../../src/doctor/expand.ts";

const values: Readonly<Record<string, string>> = {
  name: "value",
  empty: "",
  nested: "<$name>",
  loop: "$loop",
  level: "3.10",
  two: "2",
};
const lookup = (name: string) => values[name];

const vectors = readFileSync(new URL("../../vectors/postfix-expand.tsv", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split("\t") as [string, string]);

test.each(vectors)("%s is %j", (text, expanded) => {
  expect(expand(text, lookup)).toBe(expanded);
});

test("knows a value that is one reference and nothing else", () => {
  expect(["$a", " $(a) ", "$a, b", "a", "$(a?b)"].map(soleReference)).toEqual([
    "a",
    "a",
    undefined,
    undefined,
    undefined,
  ]);
});

test("compares compatibility levels part by part", () => {
  expect(compareLevels("3.10", "3.6")).toBeGreaterThan(0);
  expect(compareLevels("2", "3.6")).toBeLessThan(0);
  expect(compareLevels("3.6.0", "3.6")).toBe(0);
});
