import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  acceptReply,
  continueReply,
  createMilterDecoder,
  formatReplyCode,
  maxPacketBytes,
} from "../../../src/protocol/milter.ts";
import { everyCut, feed, recordPackets } from "../../support/wire/feeding.ts";
import { header, mail, packet, postfixOffer } from "../../support/wire/milter-wire.ts";

describe("the decoder", () => {
  test("finds the packets of a session, however it is cut", () => {
    const wire = packet("C", "h\0") + mail("a@x", "a") + header("From", "a@x") + packet("N") + packet("Q");

    for (const chunks of everyCut(wire)) {
      const { events, error, isOpen } = feed(createMilterDecoder(), recordPackets(), chunks);
      expect(events.map(([command]) => command).join("")).toBe("CDMDLNQ");
      expect(events[4]).toEqual(["L", "From\0a@x\0"]);
      expect({ error, isOpen }).toEqual({ error: undefined, isOpen: false });
    }
  });

  test.each([
    ["ERR_MILTER_LENGTH", "\0\0\0\0"],
    ["ERR_MILTER_TOO_LARGE", "\0\x10\0\x01"],
    ["ERR_MILTER_TOO_LARGE", "\xff\xff\xff\xff"],
    ["ERR_MILTER_TOO_LARGE", "GET / HTTP/1.1\r\n"],
    ["ERR_MILTER_COMMAND", "\0\0\0\x02z"],
    ["ERR_MILTER_COMMAND", "\0\x10\0\0\0"],
  ])("ends with %s as soon as the bytes show it: %j", (code, broken) => {
    for (const chunks of everyCut(postfixOffer + broken)) {
      const { events, error } = feed(createMilterDecoder(), recordPackets(), chunks);
      expect(events).toHaveLength(1);
      expect(error).toBe(code);
    }
  });

  test("lets a packet of 1 MiB through, and buffers nothing for one that is merely declared", () => {
    const longest = packet("B", "x".repeat(maxPacketBytes - 1));
    const { events } = feed(createMilterDecoder(), recordPackets(), [
      longest.slice(0, 500_000),
      longest.slice(500_000),
    ]);
    const decoder = createMilterDecoder();
    decoder.push(Buffer.from(longest, "latin1"), 20, recordPackets().sink);

    expect(events[0]?.[1]).toHaveLength(maxPacketBytes - 1);
    expect(decoder.heldBytes).toBe(256);
  });
});

describe("replies", () => {
  test("are packets", () => {
    expect(continueReply).toBe("\0\0\0\x01c");
    expect(acceptReply).toBe("\0\0\0\x01a");
  });

  test("a text of our own ends with a NUL, its % doubled", () => {
    expect(formatReplyCode("550 5.7.1 <a%b@x>: no")).toBe("\0\0\0\x18y550 5.7.1 <a%%b@x>: no\0");
  });
});
