/** The client's half of socketmap, as dict_sockmap.c (Postfix) has it. */
import { Buffer } from "node:buffer";
import { FrameDecoder } from "./frame-decoder.ts";
import { formatNetstring, NetstringScanner } from "./netstring.ts";
import type { ReplySink, ServerReply } from "./protocol.ts";
import { maxReplyBytes } from "./socketmap.ts";
import { toByteString } from "./text.ts";

/**
 * Makes the query for a key in a map, ready to send.
 *
 * @param map must hold no space: the server takes what is before the first one for the map
 */
export function formatSocketmapQuery(map: string, key: string): Buffer {
  return Buffer.from(formatNetstring(toByteString(`${map} ${key}`)), "latin1");
}

/**
 * Makes a decoder of replies; one per connection.
 *
 * Its `push` and `resume` throw ProtocolError for a reply that is no netstring or has more than 100000 bytes.
 */
export function createSocketmapReplyDecoder(): FrameDecoder<ReplySink> {
  return new FrameDecoder(new NetstringScanner(maxReplyBytes), (bytes, start, end, sink) =>
    sink.reply(parseSocketmapReply(bytes.toString("utf8", start, end))),
  );
}

/**
 * Reads the payload of a reply: `OK a,b`, `NOTFOUND `, `TEMP reason`, `TIMEOUT reason`, `PERM reason`.
 *
 * As in Postfix, `OK` without a space is "not found", and a status that it does not know a temporary failure.
 */
export function parseSocketmapReply(payload: string): ServerReply {
  const space = payload.indexOf(" ");
  const status = space === -1 ? payload : payload.slice(0, space);
  const text = space === -1 ? "" : payload.slice(space + 1);
  switch (status) {
    case "OK":
      return space === -1 ? { kind: "notFound" } : { kind: "ok", text };
    case "NOTFOUND":
      return { kind: "notFound" };
    case "TEMP":
      return { kind: "temporary", reason: text };
    case "TIMEOUT":
      return { kind: "timeout", reason: text };
    case "PERM":
      return { kind: "permanent", reason: text };
    default:
      return { kind: "temporary", reason: `unknown reply: ${payload}` };
  }
}
