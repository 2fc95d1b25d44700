/** The client's half of tcp_table, as dict_tcp.c (Postfix) has it. */
import { Buffer } from "node:buffer";
import { FrameDecoder } from "./frame-decoder.ts";
import { LineScanner } from "./line.ts";
import type { ReplySink, ServerReply } from "./protocol.ts";
import { maxReplyLineBytes } from "./tcp-table.ts";
import { percentDecode, percentEncode, toByteString } from "./text.ts";

/** Makes the query for a key, ready to send. The protocol carries no map name: the server's listener has one. */
export function formatTcpTableQuery(key: string): Buffer {
  return Buffer.from(`get ${percentEncode(toByteString(key))}\n`, "latin1");
}

/**
 * Makes a decoder of replies; one per connection.
 *
 * Its `push` and `resume` throw ProtocolError for a reply of more than 4096 bytes, line feed included.
 */
export function createTcpTableReplyDecoder(): FrameDecoder<ReplySink> {
  return new FrameDecoder(new LineScanner(maxReplyLineBytes, ""), (bytes, start, end, sink) =>
    sink.reply(parseTcpTableReply(bytes.subarray(start, end))),
  );
}

/**
 * Reads a reply line without its line feed: `200 a,b`, `500 text`, `400 text`, the text %XX-escaped.
 *
 * As in Postfix, a line that is none of these, or has a `%` that escapes nothing, is a temporary failure.
 */
export function parseTcpTableReply(line: Buffer): ServerReply {
  const statusEnd = Math.min(4, line.length);
  const text = percentDecode(line, statusEnd, line.length)?.toString("utf8");
  if (text === undefined) return malformed;
  switch (line.toString("latin1", 0, statusEnd)) {
    case "200 ":
      return { kind: "ok", text };
    case "500 ":
      return { kind: "notFound" };
    case "400 ":
      return { kind: "temporary", reason: text };
    default:
      return malformed;
  }
}

const malformed: ServerReply = { kind: "temporary", reason: "malformed reply" };
