/**
 * tcp_table: the line `get <key>` is answered `200 <text>`, `400 <text>` or `500 <text>`, %XX-escaped both ways
 * (tcp_table(5)).
 *
 * Bytes ⇅ Query and Reply. Knows neither sockets nor time nor what an address is.
 */
import { ProtocolError } from "../model/errors.ts";
import { FrameDecoder, type PayloadReader } from "./frame-decoder.ts";
import { LineScanner } from "./line.ts";
import type { Protocol, QuerySink } from "./protocol.ts";
import { replyEncoder } from "./reply-encoder.ts";
import { decodeText, hasPercent, percentDecode, percentEncode, toByteString } from "./text.ts";

/** Longest reply that Postfix reads, in bytes with its line feed (tcp_table(5) REPLY FORMAT). */
export const maxReplyLineBytes = 4096;

const verb = "get ";
const carriageReturn = 0x0d;

/** The protocol that Postfix calls `tcp:`. It carries no map name, and cannot tell one failure from another. */
export const tcpTable = {
  name: "tcp_table",
  createDecoder(maxQueryBytes: number): FrameDecoder<QuerySink> {
    // The longest line: `get `, a key in which every byte is escaped, CR LF.
    const maxLineBytes = verb.length + 3 * maxQueryBytes + 2;
    return new FrameDecoder(new LineScanner(maxLineBytes, verb), queryReader(maxQueryBytes));
  },
  ...replyEncoder({
    // To Postfix a 500 is no error but "no such key". So a failure must never be one: restrictions would let mail pass.
    notFound: `500 ${percentEncode("not found")}\n`,
    // The list shares the line with `200 ` and the line feed.
    maxListBytes: maxReplyLineBytes - 5,
    spell: (text) => percentEncode(toByteString(text)),
    formatOk: (list) => `200 ${list}\n`,
    formatFailure: (_kind, reason) => `400 ${percentEncode(reason)}\n`,
  }),
} as const satisfies Protocol;

function queryReader(maxQueryBytes: number): PayloadReader<QuerySink> {
  return (bytes, start, end, sink) => {
    const keyStart = start + verb.length;
    // People who type a query send CR LF. A CR that belongs to the key arrives escaped.
    const keyEnd = bytes[end - 1] === carriageReturn ? end - 1 : end;
    if (!hasPercent(bytes, keyStart, keyEnd)) {
      refuseLongKey(keyEnd - keyStart, maxQueryBytes);
      return sink.query({ map: undefined, key: decodeText(bytes, keyStart, keyEnd) ?? "" });
    }
    const key = percentDecode(bytes, keyStart, keyEnd);
    if (key === undefined) return sink.notAQuery();
    refuseLongKey(key.length, maxQueryBytes);
    return sink.query({ map: undefined, key: decodeText(key, 0, key.length) ?? "" });
  };
}

function refuseLongKey(keyBytes: number, maxQueryBytes: number): void {
  if (keyBytes > maxQueryBytes) throw new ProtocolError("ERR_QUERY_TOO_LARGE", "key too long");
}
