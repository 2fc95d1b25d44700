import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const codesIn = (text: string) =>
  [...new Set(text.match(/\bERR_(?:NETSTRING|LINE|NOT|QUERY|FRAME|SOURCE|CONFIG)_\w+/g))].sort();

test("docs/errors.md has every code, and no other", () => {
  expect(codesIn(read("docs/errors.md"))).toEqual(codesIn(read("src/model/errors.ts")));
});
