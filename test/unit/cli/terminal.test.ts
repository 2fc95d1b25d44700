import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createPaint, isColoured, Progress } from "../../../src/cli/terminal.ts";

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

describe("progress", () => {
  beforeEach(() => void vi.stubEnv("TERM", "xterm"));
  function record(stream: { isTTY?: boolean; columns?: number }): { written: string[]; progress: Progress } {
    const written: string[] = [];
    return { written, progress: new Progress({ ...stream, write: (text) => written.push(text) }) };
  }

  test("each line takes the place of the one before, and erase leaves none", () => {
    const { written, progress } = record({ isTTY: true });
    progress.show("1/2");
    progress.show("2/2");
    progress.erase();
    expect(written).toEqual(["\r\u001B[K1/2", "\r\u001B[K2/2", "\r\u001B[K"]);
  });

  test("a line never wraps", () => {
    const { written, progress } = record({ isTTY: true, columns: 5 });
    progress.show("123456");
    expect(written).toEqual(["\r\u001B[K1234"]);
  });

  test("a terminal that does not know its width has 80 columns", () => {
    const { written, progress } = record({ isTTY: true, columns: 0 });
    progress.show("x".repeat(100));
    expect(written).toEqual([`\r\u001B[K${"x".repeat(79)}`]);
  });

  test.each([
    ["a pipe", {}, "xterm"],
    ["a terminal without escape sequences", { isTTY: true }, "dumb"],
  ])("writes nothing to %s", (_, stream, term) => {
    vi.stubEnv("TERM", term);
    const { written, progress } = record(stream);
    progress.show("1/2");
    progress.erase();
    expect(written).toEqual([]);
  });
});
