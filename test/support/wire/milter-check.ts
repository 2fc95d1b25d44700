/** What must hold for the milter's decoder, whatever the bytes and however they come. Shared by the properties and the fuzzer. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ProtocolError } from "../../../src/model/errors.ts";
import { createMilterDecoder, maxPacketBytes } from "../../../src/protocol/milter.ts";
import { negotiate, readHeader, readMacros, readSender } from "../../../src/protocol/milter-payload.ts";
import { feed, type GoOn, recordPackets } from "./feeding.ts";
import type { Reference } from "./reference-decoders.ts";

/** A packet: its command and its data, one character per byte. */
export type PacketEvent = readonly [command: string, data: string];

/** One way in which a stream may come. */
export interface MilterDelivery {
  readonly chunks: readonly string[];
  readonly goOn: GoOn;
}

/** Finds the packets of a stream in the plainest way. */
export function referencePackets(stream: string): Reference<PacketEvent> {
  const events: PacketEvent[] = [];
  let rest = stream;
  while (rest.length >= 4) {
    const length = Buffer.from(rest.slice(0, 4), "latin1").readUInt32BE(0);
    if (length === 0) return { events, error: "ERR_MILTER_LENGTH", isOpen: false };
    if (length > maxPacketBytes) return { events, error: "ERR_MILTER_TOO_LARGE", isOpen: false };
    if (rest.length > 4 && !/^[ABCDEHKLMNOQRTU]/.test(rest.slice(4))) {
      return { events, error: "ERR_MILTER_COMMAND", isOpen: false };
    }
    if (rest.length < 4 + length) break;
    events.push([rest.charAt(4), rest.slice(5, 4 + length)]);
    rest = rest.slice(4 + length);
  }
  return { events, error: undefined, isOpen: rest !== "" };
}

/** Checks the decoder against the reference, and that what reads the packets throws nothing but ProtocolError. */
export function checkMilter({ chunks, goOn }: MilterDelivery): Reference<PacketEvent> {
  const stream = chunks.join("");
  const expected = referencePackets(stream);
  const outcome = feed(createMilterDecoder(), recordPackets(goOn), chunks);
  assert.deepEqual(outcome.events, expected.events);
  assert.equal(outcome.error, expected.error);
  if (expected.error === undefined) assert.equal(outcome.isOpen, expected.isOpen);
  assert.ok(outcome.mostHeldBytes <= Math.max(256, 2 * stream.length));
  for (const [, data] of expected.events) checkPayload(data);
  return expected;
}

/** Reads the data of a packet in every way, in the middle of other bytes. @returns what could be read */
export function checkPayload(data: string): string {
  const bytes = Buffer.from(`\xee\xee${data}a\0b\0`, "latin1");
  const [start, end] = [2, 2 + data.length];
  const attempts = {
    negotiate: () =>
      assert.match(negotiate(bytes, start, end).reply, /^\0\0\0\rO\0\0\0[\x02-\x06]\0\0\0\0[\0-\xff]{4}$/),
    macros: () => assert.equal(readMacros(bytes, start, end, ["i", "{auth_authen}"]).length, 2),
    sender: () => assert.equal(readSender(bytes, start, end).includes("\0"), false),
    header: () => {
      const field = readHeader(bytes, start, end, { isLength: () => true, named: (name) => name });
      assert.ok(field !== undefined && !field.value.includes("\0") && !field.name.includes("\0"));
    },
  };
  return Object.entries(attempts)
    .map(([name, read]) => {
      try {
        read();
        return name;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        return error.code === "ERR_MILTER_VERSION" ? "old" : "-";
      }
    })
    .join(" ");
}
