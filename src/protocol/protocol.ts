/**
 * The interface that socketmap and tcp_table both implement: bytes ⇅ Query / Reply.
 *
 * Pure: knows neither sockets nor time nor mail. service/lookup.ts knows only this.
 */
import type { OwnerList } from "../model/owner-list.ts";
import type { ProtocolName, Query } from "../model/query.ts";
import type { EncodedReply, ListFit, Reply } from "../model/reply.ts";

/** Takes what a decoder found, in the order of the bytes. */
export interface QuerySink {
  /**
   * One intact query.
   *
   * @returns whether to go on: `false` makes the decoder keep the rest of the chunk until `resume`
   */
  query(query: Query): boolean;
  /**
   * An intact frame that holds no query, answered `permanent`; the stream goes on.
   *
   * @returns as `query`
   */
  notAQuery(): boolean;
}

/** Cuts the byte stream of one connection into queries, however it was chunked. */
export interface Decoder {
  /**
   * Takes `chunk[0, length)`, which the caller may overwrite after the call: what is kept is copied.
   *
   * Holds at most one partial frame (bounded by `maxQueryBytes` and its framing), plus the rest of a chunk after the sink
   * said stop; the caller must not push more before `resume`.
   *
   * @throws {ProtocolError} when the framing is broken or a limit is passed: the position is lost, close the connection
   */
  push(chunk: Uint8Array, length: number, sink: QuerySink): void;
  /** Goes on with what was kept when the sink said stop. The sink may stop it again. */
  resume(sink: QuerySink): void;
  /** Whether a frame has begun and not ended. */
  readonly isMidFrame: boolean;
}

/** One wire protocol; a stateless object. */
export interface Protocol {
  readonly name: ProtocolName;
  /** @param maxQueryBytes longest query that is accepted, in bytes after decoding, map name included */
  createDecoder(maxQueryBytes: number): Decoder;
  /**
   * Gives every reply its bytes. Keeps those of a `Found` in it, so a cached answer is encoded once.
   *
   * An owner list over the protocol's limit becomes a temporary failure, never a shortened list.
   *
   * @param queryId appended to the reason of a failure in brackets, so that the log line can be found
   */
  encode(reply: Reply, queryId: () => string): EncodedReply;
  /** Tells how long an owner list is in this protocol and whether `encode` sends it, for the explanation of a lookup. */
  measure(owners: OwnerList): ListFit;
}

/** A server's reply, told apart as Postfix's own clients do. */
export type ServerReply =
  /** The owners as sent, joined with `,`. Empty when the server sent nothing: Postfix takes that for a broken server. */
  | { readonly kind: "ok"; readonly text: string }
  | { readonly kind: "notFound" }
  /** Replies that neither protocol knows are `temporary`, since Postfix tries again then. */
  | { readonly kind: "temporary" | "timeout" | "permanent"; readonly reason: string };

/** Takes the replies of a server, in order. */
export interface ReplySink {
  /** @returns whether to go on; see `QuerySink.query` */
  reply(reply: ServerReply): boolean;
}
