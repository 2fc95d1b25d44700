/** What must hold for a decoder, whatever the bytes and however they come. Shared by the properties and the fuzzer. */
import assert from "node:assert/strict";
import { socketmap } from "../../../src/protocol/socketmap.ts";
import { createSocketmapReplyDecoder } from "../../../src/protocol/socketmap-client.ts";
import { tcpTable } from "../../../src/protocol/tcp-table.ts";
import { createTcpTableReplyDecoder } from "../../../src/protocol/tcp-table-client.ts";
import { feed, type GoOn, type Outcome, recordReplies, recordSocketmap, recordTcpTable } from "./feeding.ts";
import { type Reference, referenceSocketmap, referenceTcpTable } from "./reference-decoders.ts";

/** One way in which a stream may come, and under which limit. */
export interface Delivery {
  /** The stream in pieces, one character per byte. */
  readonly chunks: readonly string[];
  readonly maxQueryBytes: number;
  /** Whether the sink goes on after an event. */
  readonly goOn: GoOn;
}

/**
 * Checks a socketmap decoder against the reference, and the client's decoder against itself.
 *
 * @returns the events and the error, for a fuzzer to tell streams apart
 */
export function checkSocketmap({ chunks, maxQueryBytes, goOn }: Delivery): Reference<unknown> {
  const expected = referenceSocketmap(chunks.join(""), maxQueryBytes);
  const outcome = feed(socketmap.createDecoder(maxQueryBytes), recordSocketmap(goOn), chunks);
  agree(outcome, expected, `${maxQueryBytes}`.length + 1 + maxQueryBytes + 1);
  const whole = feed(createSocketmapReplyDecoder(), recordReplies(), [chunks.join("")]);
  agree(feed(createSocketmapReplyDecoder(), recordReplies(goOn), chunks), whole, "100000:,".length + 100_000);
  return expected;
}

/** As `checkSocketmap`, for tcp_table. */
export function checkTcpTable({ chunks, maxQueryBytes, goOn }: Delivery): Reference<unknown> {
  const expected = referenceTcpTable(chunks.join(""), maxQueryBytes);
  const outcome = feed(tcpTable.createDecoder(maxQueryBytes), recordTcpTable(goOn), chunks);
  agree(outcome, expected, "get ".length + 3 * maxQueryBytes + "\r\n".length);
  const whole = feed(createTcpTableReplyDecoder(), recordReplies(), [chunks.join("")]);
  agree(feed(createTcpTableReplyDecoder(), recordReplies(goOn), chunks), whole, 4096);
  return expected;
}

function agree(outcome: Outcome<unknown>, expected: Reference<unknown>, mostBytes: number): void {
  assert.deepEqual(outcome.events, expected.events);
  assert.equal(outcome.error, expected.error);
  if (expected.error === undefined) assert.equal(outcome.isOpen, expected.isOpen);
  assert.ok(
    outcome.mostHeldBytes <= mostBytes,
    `held ${outcome.mostHeldBytes} bytes, at most ${mostBytes} are allowed`,
  );
}
