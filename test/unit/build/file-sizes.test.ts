/** How long the files of the code are. Biome's own limit leaves out comments; a reader does not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const isCode = /\.(?:ts|js|mjs|css|html|c|h|sh|pl)$/;

/** The files of code below a folder, but those of hidden folders, with their lines as `wc -l` counts them. */
function linesBelow(folder: string): { path: string; lines: number }[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return linesBelow(path);
      if (!isCode.test(entry.name)) return [];
      return [{ path, lines: readFileSync(join(root, path), "utf8").split("\n").length - 1 }];
    });
}

test.each(["src", "test", "scripts"])("no file of %s has more than 300 lines", (folder) => {
  const all = linesBelow(folder);
  expect(all.length).toBeGreaterThan(10);
  expect(all.filter(({ lines }) => lines > 300)).toEqual([]);
});

test("at most 15 files of src have 20 lines or fewer: what belongs together stands together", () => {
  const short = linesBelow("src").filter(({ lines }) => lines <= 20);
  expect(short.length, short.map(({ path }) => path).join(", ")).toBeLessThanOrEqual(15);
});

test("source/ itself holds at most 6 files: a driver is a folder", () => {
  const files = readdirSync(join(root, "src/source"), { withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length, files.map(({ name }) => name).join(", ")).toBeLessThanOrEqual(6);
});
