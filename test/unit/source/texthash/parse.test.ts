import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTexthash } from "../../../../src/source/texthash/parse.ts";

function read(text: string | Uint8Array) {
  return parseTexthash(typeof text === "string" ? Buffer.from(text) : text);
}

function valuesOf(text: string): Record<string, string> {
  return Object.fromEntries(read(text).values);
}

describe("lines", () => {
  test.each([
    ["a key, blanks and a value", "a@x  \t bob\n", { "a@x": "bob" }],
    ["no newline at the end", "a@x bob", { "a@x": "bob" }],
    ["CRLF", "a@x bob\r\nb@x carol\r\n", { "a@x": "bob", "b@x": "carol" }],
    ["comments, blank lines", "# c\n\n  # d\na@x bob\n\t\n#e", { "a@x": "bob" }],
    ["a # behind the value is an owner", "a@x bob # not a comment", { "a@x": "bob # not a comment" }],
    ["continuation, its blanks kept", "a@x bob,\n  carol\n\tdave\n", { "a@x": "bob,  carol\tdave" }],
    ["a comment within a continued line", "a@x bob,\n# c\n\n  carol\n", { "a@x": "bob,  carol" }],
    ["a key alone, its value on the next line", "a@x\n bob\n", { "a@x": "bob" }],
    ["keys are folded", "Alice@EXAMPLE.com Bob\nÄnna@x c\n", { "alice@example.com": "Bob", "änna@x": "c" }],
    ["a domain beyond ASCII is found by its A-label", "a@exämple.com b\n", { "a@xn--exmple-cua.com": "b" }],
    ["a key with blanks in quotes", '"two words"@x bob\n', { '"two words"@x': "bob" }],
    ["a backslash hides a blank from the end of the key", "two\\ words@x bob\n", { "two\\ words@x": "bob" }],
    ["a backslash hides a quote", 'a\\"b@x bob\n', { 'a\\"b@x': "bob" }],
    ["quotes mean nothing in the value", 'a@x "a b", c\n', { "a@x": '"a b", c' }],
    ["catch-all, bare user, everything", "@x boss\nuser u\n* admin\n", { "@x": "boss", user: "u", "*": "admin" }],
    ["a NUL ends the line", "a@x bob\0, carol\nb@x d\n", { "a@x": "bob", "b@x": "d" }],
    ["separators alone are a value", "a@x ,\n", { "a@x": "," }],
    ["names of object properties are keys", "__proto__ a\nconstructor b\n", { ["__proto__"]: "a", constructor: "b" }],
  ])("%s", (_rule, text, values) => {
    expect(new Map(Object.entries(valuesOf(text)))).toEqual(new Map(Object.entries(values)));
    const { repeated, ignored } = read(text);
    expect([repeated, ignored]).toEqual([[], []]);
  });

  test("a value has no limit", () => {
    const owners = Array.from({ length: 10_000 }, (_, i) => `login${i}@example.com`).join(",");
    expect(read(`a@x ${owners}\n`).values.get("a@x")).toBe(owners);
  });
});

describe("lines that Postfix ignores", () => {
  test.each([
    ["a key without a value", "a@x\nb@x bob\n", 1, "expected a key, white space and a value"],
    ["white space that continues nothing", "  a@x bob\nb@x bob\n", 1, "begins with white space and continues nothing"],
    ["a quote that is left open", 'b@x bob\n"a b@x carol\n', 2, 'has a " without its counterpart'],
    ["only a NUL", "b@x bob\n\0x y\n", 2, "expected a key, white space and a value"],
  ])("%s", (_rule, text, line, message) => {
    const table = read(text);
    expect(table.ignored).toEqual([{ line, message }]);
    expect([...table.values]).toEqual([["b@x", "bob"]]);
  });

  test("bytes that are not UTF-8 cost their own line only", () => {
    const table = read(Buffer.from("a@x b\xf6b\nb@x bob\n", "latin1"));
    expect(table.ignored).toEqual([{ line: 1, message: "is not UTF-8" }]);
    expect([...table.values]).toEqual([["b@x", "bob"]]);
  });
});

describe("keys that are repeated", () => {
  test.each([
    ["word for word", "a@x bob\na@x bob\n"],
    ["but for case", "a@x bob\nA@X carol\n"],
    ["U-label and A-label", "a@exämple.com bob\na@xn--exmple-cua.com carol\n"],
  ])("are told with both lines: %s", (_rule, text) => {
    const [problem, ...others] = read(text).repeated;
    expect(problem?.line).toBe(2);
    expect(problem?.message).toContain("is that of line 1");
    expect(others).toEqual([]);
  });
});

describe("what may not be meant", () => {
  test.each([
    ["a@x: bob", "the colon is part of the key a@x:: is this an alias file?"],
    ["\ufeffa@x bob", "a byte order mark is part of the key, as Postfix reads it"],
    ["a@x bob # hi", "the # and what follows are owners: a comment needs a line of its own"],
    ["example.com bob", "example.com is no catch-all: that is written @example.com"],
  ])("%j", (text, message) => {
    expect(read(text).doubtful).toEqual([{ line: 1, message }]);
  });
});

test("any bytes are read without an exception, and every line is a value or a problem", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const table = read(bytes);
      for (const { line } of [...table.repeated, ...table.ignored, ...table.doubtful]) expect(line).toBeGreaterThan(0);
      for (const [key, value] of table.values) expect(key !== "" && value.trim() === value).toBe(true);
    }),
  );
});
