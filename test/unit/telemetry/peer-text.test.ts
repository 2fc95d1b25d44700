import { expect, test } from "vitest";
import { escapePeerText } from "../../../src/telemetry/peer-text.ts";

test.each([
  ["", ""],
  ["GET / HTTP/1.1", "GET / HTTP/1.1"],
  ["a\r\nb\0", "a\\x0d\\x0ab\\x00"],
  ['say "hi" \\o/', "say \\x22hi\\x22 \\x5co/"],
  ["jörg", "j\\xc3\\xb6rg"],
  ["\u001b[31mred", "\\x1b[31mred"],
  ["~\x7f", "~\\x7f"],
])("writes %j as %s", (peer, text) => {
  expect(escapePeerText(peer)).toBe(text);
});

test("takes bytes as they are", () => {
  expect(escapePeerText(Uint8Array.of(0x16, 0x03, 0x01, 0xff, 0x41))).toBe("\\x16\\x03\\x01\\xffA");
});

test("shows 64 characters, and says when there was more", () => {
  expect(escapePeerText("x".repeat(64))).toBe("x".repeat(64));
  expect(escapePeerText("x".repeat(65))).toBe(`${"x".repeat(64)}…`);
  expect(escapePeerText(new Uint8Array(1_000_000))).toBe(`${"\\x00".repeat(16)}…`);
});

test("never cuts an escape in half", () => {
  expect(escapePeerText(`${"x".repeat(62)}\0y`)).toBe(`${"x".repeat(62)}…`);
});
