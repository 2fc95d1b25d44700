/** Every test that the threat model, and the table of mutations, names is there. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);

describe.each(["docs/security.md", "test/mutation/README.md"])("%s", (path) => {
  const document = readFileSync(new URL(path, root), "utf8");
  const named = [...document.matchAll(/`(test\/\S+\.test\.ts)`(?: "([^"]+)")?/g)].map(([, file = "", title]) => ({
    file,
    title,
  }));

  test("names tests", () => {
    expect(named.length).toBeGreaterThan(20);
  });

  test.each(named)("$file has $title", ({ file, title }) => {
    const place = new URL(file, root);
    expect(existsSync(place)).toBe(true);
    if (title !== undefined) expect(readFileSync(place, "utf8")).toContain(title);
  });
});
