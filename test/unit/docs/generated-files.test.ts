import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../../scripts/docs/generated-files.ts";
import { sampleYaml } from "../../../scripts/docs/prose.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { ConfigError } from "../../../src/model/errors.ts";

const top = join(import.meta.dirname, "../../..");

test.each(generatedFiles())('$path is what "npm run docs" writes', ({ path, text }) => {
  expect(text).toBe(readFileSync(join(top, path), "utf8"));
});

test("the manual pages hold ASCII alone, so that every terminal shows them", () => {
  for (const { path, text } of generatedFiles()) {
    if (path.startsWith("docs/man/")) expect(text, path).toMatch(/^[\n -~]*$/);
  }
});

test("the configuration that the manuals print is valid", () => {
  expect(problemsOf(sampleYaml)).toEqual([]);
});

const example = readFileSync(join(top, "deploy/loginmapd.example.yaml"), "utf8").split("\n");

test("the example is valid as it stands", () => {
  expect(problemsOf(example.join("\n"))).toEqual([]);
});

const commented = example.flatMap((line, i) => (/^ *#[a-z]/.test(line) ? [[line.trim(), i] as const] : []));

test("the example comments out every key that it does not set", () => {
  expect(commented.length).toBeGreaterThan(25);
});

test.each(commented)("the example takes %s when its # is removed", (_, index) => {
  const lines = example.map((line, i) => {
    const isInside = i > index && example.slice(index + 1, i + 1).every((inner) => /^ *#( {2}| )/.test(inner));
    return i === index || (isInside && / *# {2}[a-z]/.test(line)) ? line.replace("#", "") : line;
  });
  // What excludes another key is a problem, as it should be; an unknown key, a wrong value or a wrong indentation must not be.
  for (const problem of problemsOf(lines.join("\n"))) expect(problem).toMatch(/only one of|is for |both .* are given/);
});

function problemsOf(text: string): string[] {
  try {
    parseConfig({
      text,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: ["postfixadmin"],
      readSecretFile: () => ({ text: "0123456789abcdef\n", mode: 0o600 }),
    });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}
