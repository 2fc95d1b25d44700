import { expect, test } from "vitest";
import { formatFindings } from "../../../src/cli/format-findings.ts";
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

test("nothing found is nothing printed", () => {
  expect(formatFindings([], true)).toBe("");
});

test("colours change nothing but the looks", () => {
  const coloured = formatFindings([finding], true);
  expect(coloured).toContain("\u001B[33m");
  expect(coloured.replaceAll(/\u001B\[\d+m/g, "")).toBe(formatFindings([finding], false));
});
