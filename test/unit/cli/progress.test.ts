import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Progress } from "../../../src/cli/progress.ts";

beforeEach(() => void vi.stubEnv("TERM", "xterm"));
afterEach(() => vi.unstubAllEnvs());

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
