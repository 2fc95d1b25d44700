/** Every test that the threat model names is there. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const document = readFileSync(new URL("docs/security.md", root), "utf8");
const named = [...document.matchAll(/`(test\/\S+\.test\.ts)`(?: "([^"]+)")?/g)].map(([, file = "", title]) => ({
  file,
  title,
}));

test("the threat model names tests", () => {
  expect(named.length).toBeGreaterThan(20);
});

test.each(named)("$file has $title", ({ file, title }) => {
  const path = new URL(file, root);
  expect(existsSync(path)).toBe(true);
  if (title !== undefined) expect(readFileSync(path, "utf8")).toContain(title);
});
