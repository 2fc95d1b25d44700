/** docs/architecture.md leads a newcomer along a query: every file that it names is there, and the way stays short. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("docs/architecture.md", root), "utf8");

/** The files of the numbered list, in order. */
const steps = Array.from(text.matchAll(/^(\d+)\..*?`(src\/[\w./-]+\.ts)`/gms), ([, number, file]) => [
  Number(number),
  file,
]);

test("names files that exist", () => {
  const named = Array.from(text.matchAll(/`(src\/[\w./-]+)`/g), ([, file = ""]) => file);
  expect(named.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});

test("follows a cached answer through at most 14 files and a miss through at most 26", () => {
  const miss = text.indexOf("**A miss**");
  expect(steps.map(([number]) => number)).toEqual(steps.map((_, i) => i + 1));
  expect(steps.length).toBeLessThanOrEqual(26);
  const cached = steps.filter(([, file]) => text.indexOf(`\`${file}\``) < miss);
  expect(cached.length).toBeLessThanOrEqual(14);
});
