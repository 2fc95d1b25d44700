import { expect, test } from "vitest";
import { LineSplitter } from "../../../src/audit/line-splitter.ts";

function linesOf(...chunks: string[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk, "latin1"));
  splitter.end();
  return lines;
}

test("lines come out whole, however the bytes were cut", () => {
  const text = "one\n\ntwo \xc3\xb6\nthree";
  for (let at = 0; at <= text.length; at += 1) {
    expect(linesOf(text.slice(0, at), text.slice(at))).toEqual(["one", "", "two \xc3\xb6", "three"]);
  }
});

test("a newline at the end begins no further line", () => {
  expect(linesOf("one\n")).toEqual(["one"]);
});

test("a line without an end is dropped, and the next one counts", () => {
  const long = "x".repeat(40_000);
  expect(linesOf("before\n", long, long, long, "\nafter\n")).toEqual(["before", "after"]);
  expect(linesOf(`${long}${long}\nafter`)).toEqual(["after"]);
  expect(linesOf(long, long)).toEqual([]);
});
