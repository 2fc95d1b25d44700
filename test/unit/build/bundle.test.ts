import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "@jridgewell/sourcemap-codec";
import { expect, test } from "vitest";
import { keepSources } from "../../../scripts/source-maps.mjs";
import { bundledPackages, formatNotices } from "../../../scripts/third-party.mjs";

const top = join(import.meta.dirname, "../../..");
const read = (path: string) => JSON.parse(readFileSync(join(top, path), "utf8"));

test("what stays outside the bundle has native code; the rest is bundled and a development dependency", () => {
  const { dependencies } = read("package.json") as { dependencies: Record<string, string> };
  const { packages } = read("package-lock.json") as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const isNative = (name: string) =>
    Object.keys(packages[`node_modules/${name}`]?.optionalDependencies ?? {}).some((part) => /linux-x64/.test(part));
  expect(Object.keys(dependencies).filter((name) => !isNative(name))).toEqual([]);
});

test("a source map keeps our files, and says where other code begins that nothing is known of it", () => {
  const map = JSON.stringify({
    version: 3,
    sources: ["../node_modules/a/a.js", "../src/b.ts"],
    names: ["n"],
    mappings: encode([
      [[0, 0, 0, 0]],
      [
        [0, 1, 4, 2],
        [9, 0, 1, 0],
        [12, 0, 1, 3],
      ],
      [[2, 1, 7, 0]],
    ]),
  });
  const kept = JSON.parse(keepSources(map, "../src/"));
  expect(kept).toMatchObject({ version: 3, sources: ["../src/b.ts"], names: [] });
  expect(decode(kept.mappings)).toEqual([[], [[0, 0, 4, 2], [9]], [[2, 0, 7, 0]]]);
});

test("names each bundled package once, with its licence and the text of it", () => {
  const inputs = {
    "src/main.ts": {},
    "node_modules/yaml/dist/index.js": {},
    "node_modules/yaml/dist/public-api.js": {},
    "node_modules/@fastify/swagger/index.js": {},
  };
  const packages = bundledPackages({ inputs }) as { name: string; license: string }[];
  expect(packages.map(({ name, license }) => `${name} ${license}`)).toEqual(["@fastify/swagger MIT", "yaml ISC"]);
  expect(formatNotices(packages)).toContain("Copyright Eemeli Aro");
});
