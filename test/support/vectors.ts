/** Reads `test/vectors/*.tsv`: wire transcripts that the unit tests replay at every cut and others send to a real server. */
import { readFileSync } from "node:fs";

/** One row: a stream of bytes and what a server must make of it. */
export interface WireVector<Event> {
  readonly id: string;
  /** The rule that the row holds, as a fact. */
  readonly rule: string;
  /** `maxQueryBytes` under which it holds (for netstring.tsv: the longest payload). */
  readonly limit: number;
  /** What the client sends, one character per byte. */
  readonly wire: string;
  /** What is found in it, in order. */
  readonly events: readonly Event[];
  /** Code of the ProtocolError that ends the stream, if one does. */
  readonly error: string | undefined;
  /** Whether a frame has begun at the end of the stream and not ended. */
  readonly isOpen: boolean;
}

/** The payload of a netstring, one character per byte. */
export type NetstringEvent = string;
/** Map and key of a query, or `null` for a frame that holds none. */
export type SocketmapEvent = readonly [map: string, key: string] | null;
/** The key of a query, or `null` for a frame that holds none. */
export type TcpTableEvent = string | null;

/** Reads the rows of netstring.tsv. */
export function netstringVectors(): WireVector<NetstringEvent>[] {
  return readVectors<NetstringEvent>("netstring.tsv");
}

/** Reads the rows of socketmap.tsv. */
export function socketmapVectors(): WireVector<SocketmapEvent>[] {
  return readVectors<SocketmapEvent>("socketmap.tsv");
}

/** Reads the rows of tcp-table.tsv. */
export function tcpTableVectors(): WireVector<TcpTableEvent>[] {
  return readVectors<TcpTableEvent>("tcp-table.tsv");
}

// Tab-separated: id, rule, limit, wire (JSON string), events (JSON array), end (`complete`, `open` or an error code).
function readVectors<Event>(file: string): WireVector<Event>[] {
  const text = readFileSync(new URL(`../vectors/${file}`, import.meta.url), "utf8");
  const rows: WireVector<Event>[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [id, rule, limit, wire, events, end, ...more] = line.split("\t");
    if (end === undefined || more.length > 0) throw new Error(`${file}: not six columns: ${line}`);
    if (rows.some((row) => row.id === id)) throw new Error(`${file}: id ${id} twice`);
    rows.push({
      id: id as string,
      rule: rule as string,
      limit: Number(limit),
      wire: JSON.parse(wire as string),
      events: JSON.parse(events as string),
      error: end.startsWith("ERR_") ? end : undefined,
      isOpen: end === "open",
    });
  }
  if (rows.length === 0) throw new Error(`${file}: no rows`);
  return rows;
}
