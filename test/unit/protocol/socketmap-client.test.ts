import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import {
  createSocketmapReplyDecoder,
  formatSocketmapQuery,
  parseSocketmapReply,
} from "../../../src/protocol/socketmap-client.ts";
import { everyCut, feed, recordReplies } from "../../support/wire/feeding.ts";

test.each([
  ["senders", "user@example.com", "24:senders user@example.com,"],
  ["senders", "", "8:senders ,"],
  ["senders", "quoted local@x", "22:senders quoted local@x,"],
  ["senders", "jörg@example.com", "25:senders j\xc3\xb6rg@example.com,"],
])("asks as Postfix asks: %j %j", (map, key, wire) => {
  expect(formatSocketmapQuery(map, key)).toEqual(Buffer.from(wire, "latin1"));
});

test.each([
  ["OK alice,bob", { kind: "ok", text: "alice,bob" }],
  ["OK ", { kind: "ok", text: "" }],
  ["OK", { kind: "notFound" }],
  ["NOTFOUND ", { kind: "notFound" }],
  ["NOTFOUND", { kind: "notFound" }],
  ["TEMP source unavailable [c1.q1]", { kind: "temporary", reason: "source unavailable [c1.q1]" }],
  ["TEMP", { kind: "temporary", reason: "" }],
  ["TIMEOUT lookup timeout [c1.q1]", { kind: "timeout", reason: "lookup timeout [c1.q1]" }],
  ["PERM unknown map [c1.q1]", { kind: "permanent", reason: "unknown map [c1.q1]" }],
  ["ok alice", { kind: "temporary", reason: "unknown reply: ok alice" }],
  ["", { kind: "temporary", reason: "unknown reply: " }],
])("takes a reply as Postfix takes it: %j", (payload, reply) => {
  expect(parseSocketmapReply(payload)).toEqual(reply);
});

test("reads replies at every cut of the stream", () => {
  for (const chunks of everyCut("8:OK j\xc3\xb6rg,9:NOTFOUND ,6:TEMP x,")) {
    const { events } = feed(createSocketmapReplyDecoder(), recordReplies(), chunks);
    expect(events).toEqual([{ kind: "ok", text: "jörg" }, { kind: "notFound" }, { kind: "temporary", reason: "x" }]);
  }
});

test("reads a reply of 100000 bytes, and refuses a longer one by its length", () => {
  const longest = feed(createSocketmapReplyDecoder(), recordReplies(), [`100000:OK ${"a".repeat(99_997)},`]);
  expect(longest.events).toEqual([{ kind: "ok", text: "a".repeat(99_997) }]);
  expect(feed(createSocketmapReplyDecoder(), recordReplies(), ["100001:"]).error).toBe("ERR_NETSTRING_TOO_LARGE");
});
