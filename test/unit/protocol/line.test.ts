import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { FrameDecoder } from "../../../src/protocol/frame-decoder.ts";
import { LineScanner } from "../../../src/protocol/line.ts";
import { everyCut, feed, recordPayloads } from "../../support/wire/feeding.ts";

type TakePayload = (payload: string) => boolean;

function lineDecoder(maxLineBytes: number, prefix: string): FrameDecoder<TakePayload> {
  return new FrameDecoder<TakePayload>(new LineScanner(maxLineBytes, prefix), (bytes, start, end, take) =>
    take(bytes.toString("latin1", start, end)),
  );
}

test.each([
  { id: "one", limit: 8, prefix: "", wire: "abc\n", lines: ["abc"], error: undefined },
  { id: "empty lines", limit: 8, prefix: "", wire: "\n\n", lines: ["", ""], error: undefined },
  { id: "at the limit", limit: 4, prefix: "", wire: "abc\nabc\n", lines: ["abc", "abc"], error: undefined },
  { id: "over the limit", limit: 4, prefix: "", wire: "abc\nabcd\n", lines: ["abc"], error: "ERR_LINE_TOO_LONG" },
  { id: "prefix", limit: 8, prefix: "go ", wire: "go a\ngo \n", lines: ["go a", "go "], error: undefined },
  { id: "other prefix", limit: 8, prefix: "go ", wire: "go a\ngo\n", lines: ["go a"], error: "ERR_NOT_A_GET" },
  { id: "only the prefix fits", limit: 3, prefix: "go ", wire: "go \n", lines: [], error: "ERR_LINE_TOO_LONG" },
])("cuts lines at every cut of the stream: $id", ({ limit, prefix, wire, lines, error }) => {
  for (const chunks of everyCut(wire)) {
    const outcome = feed(lineDecoder(limit, prefix), recordPayloads(), chunks);
    expect({ chunks, events: outcome.events, error: outcome.error }).toEqual({ chunks, events: lines, error });
  }
});

test.each([
  ["go", "gx", "request does not begin with get"],
  ["go", "gooooooooo", "line too long"],
])("says in printable ASCII what broke a line: %j %j", (prefix, wire, message) => {
  expect(() => lineDecoder(8, prefix).push(Buffer.from(wire), wire.length, () => true)).toThrow(message);
});

test("looks at each byte once, however slowly a line arrives", () => {
  const scanner = new LineScanner(30_000, "");
  let reads = 0;
  const counting = new Proxy(Buffer.from("a"), {
    get(target, name) {
      if (name === "0") reads++;
      return Reflect.get(target, name);
    },
  });
  for (let i = 0; i < 1000; i++) scanner.scan(counting, 0, 1);
  expect(reads).toBe(1000);
});
