import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { FrameDecoder } from "../../../src/protocol/frame-decoder.ts";
import { formatNetstring, NetstringScanner } from "../../../src/protocol/netstring.ts";
import { netstringVectors } from "../../support/vectors.ts";
import { everyCut, feed, recordPayloads } from "../../support/wire/feeding.ts";

type TakePayload = (payload: string) => boolean;

function payloadDecoder(limit: number): FrameDecoder<TakePayload> {
  return new FrameDecoder<TakePayload>(new NetstringScanner(limit), (bytes, start, end, take) =>
    take(bytes.toString("latin1", start, end)),
  );
}

test.each(netstringVectors())("$id: $rule", ({ wire, limit, events, error, isOpen }) => {
  for (const chunks of everyCut(wire)) {
    const outcome = feed(payloadDecoder(limit), recordPayloads(), chunks);
    expect({ chunks, events: outcome.events, error: outcome.error }).toEqual({ chunks, events, error });
    if (error === undefined) expect({ chunks, isOpen: outcome.isOpen }).toEqual({ chunks, isOpen });
  }
});

test("holds the framing of the longest netstring: digits, colon and comma", () => {
  expect(new NetstringScanner(10_000).maxFrameBytes).toBe("10000:".length + 10_000 + ",".length);
  expect(new NetstringScanner(9).maxFrameBytes).toBe("9:".length + 9 + ",".length);
});

test("buffers nothing for a length that is merely declared", () => {
  const decoder = payloadDecoder(10_000);
  const { sink } = recordPayloads();
  decoder.push(Buffer.from("10000:abc"), 9, sink);
  expect(decoder.heldBytes).toBe(256);
});

test("says in printable ASCII what broke a netstring", () => {
  const messageFor = (wire: string) => {
    try {
      payloadDecoder(10).push(Buffer.from(wire), wire.length, () => true);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(messageFor("x")).toBe("netstring does not begin with a length");
  expect(messageFor("000")).toBe("netstring length has too many digits");
  expect(messageFor("11")).toBe("netstring too long");
  expect(messageFor("1:ab")).toBe("netstring does not end with a comma");
});

test("frames a byte string with its length", () => {
  expect(formatNetstring("hello")).toBe("5:hello,");
  expect(formatNetstring("")).toBe("0:,");
});
