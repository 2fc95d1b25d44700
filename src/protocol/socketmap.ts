/**
 * socketmap: `<len>:<map> <key>,` is answered `<len>:<STATUS> <text>,` (socketmap_table(5)).
 *
 * Bytes ⇅ Query and Reply. Knows neither sockets nor time nor what an address is.
 */
import type { Buffer } from "node:buffer";
import type { Failure } from "../model/reply.ts";
import { FrameDecoder, type PayloadReader } from "./frame-decoder.ts";
import { formatNetstring, NetstringScanner } from "./netstring.ts";
import type { Protocol, QuerySink } from "./protocol.ts";
import { replyEncoder } from "./reply-encoder.ts";
import { decodeText, toByteString } from "./text.ts";

/** Longest reply that Postfix reads, in bytes without the netstring's framing (socketmap_table(5) REPLY FORMAT). */
export const maxReplyBytes = 100_000;

const statuses: Readonly<Record<Failure["kind"], string>> = {
  temporary: "TEMP",
  timeout: "TIMEOUT",
  permanent: "PERM",
};

/** The protocol that Postfix calls `socketmap:`; its client tries a broken connection again unseen, so it is preferred. */
export const socketmap = {
  name: "socketmap",
  createDecoder: (maxQueryBytes: number) => new FrameDecoder(new NetstringScanner(maxQueryBytes), queryReader()),
  ...replyEncoder({
    // The space belongs to the reply: `NOTFOUND <space>`.
    notFound: formatNetstring("NOTFOUND "),
    // The list shares the payload with `OK `.
    maxListBytes: maxReplyBytes - 3,
    spell: toByteString,
    formatOk: (list) => formatNetstring(`OK ${list}`),
    formatFailure: (kind, reason) => formatNetstring(`${statuses[kind]} ${reason}`),
  }),
} as const satisfies Protocol;

const space = 0x20;

/** Makes the reader of one connection. It remembers the map's name, since a client asks one map over and over. */
function queryReader(): PayloadReader<QuerySink> {
  let lastMap = "";
  return (bytes, start, end, sink) => {
    let mapEnd = start;
    while (mapEnd < end && bytes[mapEnd] !== space) mapEnd++;
    if (mapEnd === end) return sink.notAQuery();
    if (!holds(bytes, start, mapEnd, lastMap)) lastMap = decodeText(bytes, start, mapEnd) ?? "";
    return sink.query({ map: lastMap, key: decodeText(bytes, mapEnd + 1, end) ?? "" });
  };
}

/** Tells whether `bytes[start, end)` spell `text`; never so for text beyond ASCII. */
function holds(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = start; i < end; i++) if (bytes[i] !== text.charCodeAt(i - start)) return false;
  return true;
}
