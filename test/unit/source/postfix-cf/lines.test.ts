import { describe, expect, test } from "vitest";
import { assignments, logicalLines } from "../../../../src/source/postfix-cf/lines.ts";
import { TableReport } from "../../../../src/source/postfix-cf/report.ts";
import { problemsOf } from "./table.ts";

function read(text: string) {
  const report = new TableReport("t.cf");
  return { lines: logicalLines(text, report), report };
}

function values(text: string) {
  const report = new TableReport("t.cf");
  const found = assignments(text, report);
  report.throwIfFailed();
  return found;
}

describe("logical lines (readlline.c)", () => {
  test.each([
    ["a line that begins with white space continues the one before", "a = 1\n  2\n\t3\n", ["a = 1  2\t3"]],
    ["comments and blank lines do not end a logical line", "a = 1\n# note\n\n  # indented\n   \n  2\n", ["a = 1  2"]],
    ["a line that begins with neither white space nor # ends it", "a = 1\n 2\nb = 3\n", ["a = 1 2", "b = 3"]],
    ["a # inside of a line is data", "a = 1 # 2\n", ["a = 1 # 2"]],
    ["a backslash at the end continues nothing", "a = 1\\\nb = 2\n", ["a = 1\\", "b = 2"]],
    ["the last line needs no newline", "a = 1", ["a = 1"]],
    ["a carriage return is white space", "a = 1\r\n 2\r\n\r\nb = 3\r\n", ["a = 1\r 2\r", "b = 3\r"]],
    ["a vertical tab begins a continuation", "a = 1\n\v2\n", ["a = 1\v2"]],
    ["a no-break space does not", "a = 1\n\u00a02\n", ["a = 1", "\u00a02"]],
    ["nothing but comments is nothing", "# a\n\n  # b\n", []],
  ])("%s", (_rule, text, expected) => {
    expect(read(text).lines.map((line) => line.text)).toEqual(expected);
  });

  test("text that continues nothing is ignored with a warning, and what continues it too", () => {
    const { lines, report } = read("# head\n  query = x\n  more\na = 1\n");
    expect(lines).toEqual([{ text: "a = 1", line: 4 }]);
    expect(report.warnings).toEqual([
      {
        path: "",
        message: "ignored, as Postfix does: the line begins with white space and continues nothing",
        where: "t.cf line 2",
      },
    ]);
  });

  test("a logical line has the number of its first physical line", () => {
    expect(read("\n# x\na = 1\n 2\n\nb = 3\n").lines.map(({ line }) => line)).toEqual([3, 6]);
  });
});

describe("names and values (split_nameval.c)", () => {
  test.each([
    ["both ends of a value are trimmed", "user =   vmail \t\r\n", "user", "vmail"],
    ["no blank is needed around =", "user=vmail\n", "user", "vmail"],
    ["a value may be empty", "query =\n", "query", ""],
    ["a value may hold =", "password = a=b=\n", "password", "a=b="],
    ["quotes belong to the value", "password = 'p'\n", "password", "'p'"],
    ["a no-break space belongs to the value", "user = \u00a0a\u00a0\n", "user", "\u00a0a\u00a0"],
    ["names are case-sensitive", "Hosts = a\n", "Hosts", "a"],
  ])("%s", (_rule, text, name, value) => {
    expect(values(text)).toEqual([{ name, value, line: 1 }]);
  });

  test.each([
    ["a line without =", "user vmail\n"],
    ["a name with a blank in it", "que ry = x\n"],
    ["a line without name", "= x\n"],
  ])("%s is fatal", (_rule, text) => {
    expect(problemsOf(() => values(`# first\n${text}`))).toEqual(['expected "name = value" (t.cf line 2)']);
  });

  test("a message never shows the text of a line, which may be the password", () => {
    expect(problemsOf(() => values("password s3cret\n")).join()).not.toContain("s3cret");
  });

  test("a byte order mark in front of a comment is fatal, and named", () => {
    expect(problemsOf(() => values("\ufeff# comment\n"))).toEqual([
      'expected "name = value": the file begins with a byte order mark, which Postfix takes for text (t.cf line 1)',
    ]);
  });

  test("a NUL byte is refused", () => {
    expect(problemsOf(() => values("user = a\0b\n"))).toEqual(["holds a NUL byte (t.cf line 1)"]);
  });
});
