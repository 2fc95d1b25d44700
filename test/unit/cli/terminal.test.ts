import { afterEach, expect, test, vi } from "vitest";
import { createPaint, isColoured } from "../../../src/cli/terminal.ts";

afterEach(() => vi.unstubAllEnvs());

test.each<[string, { isTTY?: boolean }, { noColor?: boolean; NO_COLOR?: string; TERM?: string }, boolean]>([
  ["a terminal", { isTTY: true }, {}, true],
  ["a pipe", {}, {}, false],
  ["--no-color", { isTTY: true }, { noColor: true }, false],
  ["$NO_COLOR", { isTTY: true }, { NO_COLOR: "0" }, false],
  ["an empty $NO_COLOR", { isTTY: true }, { NO_COLOR: "" }, true],
  ["a terminal that knows no colours", { isTTY: true }, { TERM: "dumb" }, false],
])("colours: %s", (_, stream, { noColor = false, ...variables }, expected) => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", undefined);
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  expect(isColoured({ options: { "no-color": noColor }, positionals: [] }, stream)).toBe(expected);
});

test("paints, or leaves the text alone", () => {
  expect(createPaint(true)(["red", "bold"], "no")).toBe("\u001B[31m\u001B[1mno\u001B[22m\u001B[39m");
  expect(createPaint(false)(["red", "bold"], "no")).toBe("no");
});
