import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  decodeText,
  flatten,
  hasPercent,
  percentDecode,
  percentEncode,
  toByteString,
} from "../../../src/protocol/text.ts";

const bytesOf = (byteString: string): Buffer => Buffer.from(byteString, "latin1");

describe("decodeText", () => {
  test.each([
    ["ASCII", "a@x", "a@x"],
    ["control bytes", "\x00\x7f", "\x00\x7f"],
    ["two bytes", "\xc3\xbc", "ü"],
    ["four bytes", "\xf0\x9f\x98\x80", "😀"],
    ["a byte order mark", "\xef\xbb\xbfa", "\ufeffa"],
    ["nothing", "", ""],
  ])("decodes %s", (_, bytes, text) => {
    expect(decodeText(bytesOf(`<${bytes}>`), 1, bytes.length + 1)).toBe(text);
  });

  test.each([
    ["a byte that begins nothing", "a\x80"],
    ["the lowest byte beyond ASCII alone", "\x80"],
    ["a character cut short", "\xc3"],
    ["an overlong spelling", "\xc0\xaf"],
    ["a surrogate", "\xed\xa0\x80"],
    ["a number beyond Unicode", "\xf5\x80\x80\x80"],
  ])("refuses %s", (_, bytes) => {
    expect(decodeText(bytesOf(bytes), 0, bytes.length)).toBeUndefined();
  });
});

test("spells text in UTF-8, one character per byte", () => {
  expect(toByteString("a@x\x7f")).toBe("a@x\x7f");
  expect(toByteString("jörg")).toBe("j\xc3\xb6rg");
  expect(toByteString("\x80")).toBe("\xc2\x80");
  expect(toByteString("😀")).toBe("\xf0\x9f\x98\x80");
});

test("spells half a surrogate pair as the replacement character", () => {
  expect(toByteString("a\ud800")).toBe("a\xef\xbf\xbd");
});

test("copies a byte string byte by byte", () => {
  const every = String.fromCharCode(...Array(256).keys());
  expect(flatten(every)).toBe(every);
});

describe("percentEncode", () => {
  test("leaves what prints, but for the percent sign", () => {
    const printing = "!\"#$&'()*+,-./0123456789:;<=>?@ABCXYZ[\\]^_`abcxyz{|}~";
    expect(percentEncode(printing)).toBe(printing);
  });

  test("escapes the percent sign, white space, control and non-ASCII bytes in capitals", () => {
    expect(percentEncode("% \t\r\n\0\x1f\x7f\x80\xff")).toBe("%25%20%09%0D%0A%00%1F%7F%80%FF");
  });
});

test("finds a percent sign in its range only", () => {
  const bytes = bytesOf("%a%");
  expect([hasPercent(bytes, 0, 3), hasPercent(bytes, 1, 2), hasPercent(bytes, 1, 3), hasPercent(bytes, 1, 1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

describe("percentDecode", () => {
  test("decodes digits of either case and leaves every other byte", () => {
    expect(percentDecode(bytesOf("%41%4a%4A \xff%fF"), 0, 14)).toEqual(bytesOf("AJJ \xff\xff"));
  });

  test("decodes every byte", () => {
    const every = Buffer.from([...Array(256).keys()]);
    const hex = [...every].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    expect(percentDecode(bytesOf(hex), 0, hex.length)).toEqual(every);
  });

  test.each(["%", "%4", "%4g", "%g4", "%%41", "%-1", "% 1", "%1 ", "%1\x80", "%\xff1"])("refuses %j", (text) => {
    expect(percentDecode(bytesOf(text), 0, text.length)).toBeUndefined();
  });

  test("does not look for digits beyond the end", () => {
    expect(percentDecode(bytesOf("a%41"), 0, 3)).toBeUndefined();
  });
});
