/** package-lock.json: `npm ci` refuses one that leaves out an optional package, on every platform, and warns of engines. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
}

const text = readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8");
const packages = JSON.parse(text).packages as Readonly<Record<string, Locked>>;

test("the lock file has an entry for every optional package (else: node scripts/complete-lock.mjs)", () => {
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
  const paths = Object.keys(packages);
  expect(wanted.length).toBeGreaterThan(0);
  expect(wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
});

test("no package asks for a Node newer than ours alone (else: node scripts/complete-lock.mjs)", () => {
  const tooNew = Object.entries(packages).filter(([, { engines }]) => /^>=\s*2[1-9]/.test(engines?.node ?? ""));
  expect(tooNew).toEqual([]);
});
