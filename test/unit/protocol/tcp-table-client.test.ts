import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import {
  createTcpTableReplyDecoder,
  formatTcpTableQuery,
  parseTcpTableReply,
} from "../../../src/protocol/tcp-table-client.ts";
import { everyCut, feed, recordReplies } from "../../support/wire/feeding.ts";

test.each([
  ["user@example.com", "get user@example.com\n"],
  ["", "get \n"],
  ["a b@x", "get a%20b@x\n"],
  ["ü@x", "get %C3%BC@x\n"],
  ["100%@x", "get 100%25@x\n"],
  ['"q t"@x', 'get "q%20t"@x\n'],
  ["a\nget b", "get a%0Aget%20b\n"],
])("asks as Postfix asks: %j", (key, wire) => {
  expect(formatTcpTableQuery(key)).toEqual(Buffer.from(wire, "latin1"));
});

const malformed = { kind: "temporary", reason: "malformed reply" };

test.each([
  ["200 alice,bob", { kind: "ok", text: "alice,bob" }],
  ["200 j%C3%B6rg", { kind: "ok", text: "jörg" }],
  ["200 raw spaces are fine", { kind: "ok", text: "raw spaces are fine" }],
  ["200 ", { kind: "ok", text: "" }],
  ["500 not%20found", { kind: "notFound" }],
  ["400 source%20timeout%20[c1.q1]", { kind: "temporary", reason: "source timeout [c1.q1]" }],
  ["200 100%", malformed],
  ["500 100%", malformed],
  ["200", malformed],
  ["", malformed],
  ["300 moved", malformed],
  ["2000 a", malformed],
  ["%32%30%30 a", malformed],
])("takes a reply as Postfix takes it: %j", (line, reply) => {
  expect(parseTcpTableReply(Buffer.from(line, "latin1"))).toEqual(reply);
});

test("reads replies at every cut of the stream", () => {
  for (const chunks of everyCut("200 j%C3%B6rg\n500 no\n400 x%20y\n")) {
    const { events } = feed(createTcpTableReplyDecoder(), recordReplies(), chunks);
    expect(events).toEqual([{ kind: "ok", text: "jörg" }, { kind: "notFound" }, { kind: "temporary", reason: "x y" }]);
  }
});

test("reads a line of 4096 bytes, and refuses a longer one", () => {
  const longest = feed(createTcpTableReplyDecoder(), recordReplies(), [`200 ${"a".repeat(4091)}\n`]);
  expect(longest.events).toEqual([{ kind: "ok", text: "a".repeat(4091) }]);
  const tooLong = feed(createTcpTableReplyDecoder(), recordReplies(), [`200 ${"a".repeat(4092)}\n`]);
  expect(tooLong.error).toBe("ERR_LINE_TOO_LONG");
});
