import { expect, test } from "vitest";
import { formatFindings, formatScope } from "../../../src/cli/format-findings.ts";
import type { Finding } from "../../../src/doctor/finding.ts";

const finding: Finding = {
  check: "c",
  severity: "warning",
  services: ["a", "b"],
  title: "something does not fit",
  consequence: "It does harm.",
  changes: [{ where: "main.cf", line: "x = y" }],
};

test("a finding says how bad, where, what, why, and the line to change", () => {
  expect(formatFindings([finding, { ...finding, severity: "notice", services: [], changes: [] }], false)).toBe(`\
WARNING   a, b: something does not fit
          It does harm.
          main.cf: x = y

NOTICE    something does not fit
          It does harm.

`);
});

test("a line that cures two findings is written once", () => {
  const changes = [{ where: "master.cf, s inet", line: "-o { x = y z }" }];
  const text = formatFindings(
    [
      { ...finding, changes },
      { ...finding, changes },
    ],
    false,
  );
  expect(text.split("\n").filter((line) => line.includes("master.cf"))).toEqual([
    "          master.cf, s inet: -o { x = y z }",
    "          master.cf, s inet: -o x as above",
  ]);
});

test("the last line says what was looked at, and what was not", () => {
  expect(formatScope({ lookedAt: ["a", "b"], notLookedAt: [] })).toBe("Looked at: a; b.\n");
  expect(formatScope({ lookedAt: ["a"], notLookedAt: ["what x says"] })).toBe(
    "Looked at: a. Not looked at: what x says.\n",
  );
});

test("nothing found is nothing printed", () => {
  expect(formatFindings([], true)).toBe("");
});

test("colours change nothing but the looks", () => {
  const coloured = formatFindings([finding], true);
  expect(coloured).toContain("\u001B[33m");
  expect(coloured.replaceAll(/\u001B\[\d+m/g, "")).toBe(formatFindings([finding], false));
});
