import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/read-config.ts";
import { ConfigError } from "../../../src/model/errors.ts";

const root = join(import.meta.dirname, "../../bad-config");
const topics = readdirSync(root).toSorted();

test("there are at least 50 bad configurations", () => {
  expect(topics.length).toBeGreaterThanOrEqual(50);
});

test.each(topics)("%s is refused for the stated reasons, all of them and no other", (topic) => {
  const expected = readFileSync(join(root, topic, "expected-error"), "utf8");
  const file = join(root, topic, "config.yaml");
  expect(messageOf(() => readConfig({ file, env: {}, knownPresets: ["native", "postfixadmin"] }))).toBe(
    expected.trimEnd(),
  );
});

test("no message quotes a secret of the bad configurations", () => {
  const withSecret = topics.filter((topic) =>
    readFileSync(join(root, topic, "config.yaml"), "utf8").includes("hunter2"),
  );
  expect(withSecret.length).toBeGreaterThanOrEqual(5);
  for (const topic of withSecret) {
    expect(readFileSync(join(root, topic, "expected-error"), "utf8"), topic).not.toContain("hunter2");
  }
});

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "no error";
}
