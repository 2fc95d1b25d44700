/**
 * Where a listener and what it does for its clients meet: net/ carries bytes and keeps order, a service says what they mean.
 *
 * Bytes to send are byte strings: one character per byte (latin1), ready for the socket.
 */
import type { ProtocolError } from "./errors.ts";

/** What a listener does for its clients: answers lookups, say. One object per listener. */
export interface Service {
  /** The protocol that it speaks, for log lines; from a closed set, never from the wire. */
  readonly protocol: string;
  /** Begins to serve one connection. */
  open(peer: Peer): Conversation;
}

/** The service's side of one connection. Calls into it and out of it are synchronous; it holds a bounded amount. */
export interface Conversation {
  /**
   * Takes `chunk[0, length)`, which the caller may overwrite after the call. Replies go to the peer, which says with each one
   * whether to go on; told not to, the conversation keeps what is left until `resume`, and gets no more before.
   *
   * @throws {ProtocolError} when the position in the stream is lost; the connection then sends `refuse` and closes
   */
  push(chunk: Uint8Array, length: number): void;
  /** Goes on with what was kept. May be told to stop again. @throws {ProtocolError} as `push` */
  resume(): void;
  /** Whether a frame has begun whose end the client has still to send: such a client must not take its time. */
  readonly isMidFrame: boolean;
  /** Whether something has begun that a drain should let end, though no reply is owed at the moment: a message, say. */
  readonly isBusy: boolean;
  /** What the client is told last, after it broke the protocol; empty for nothing. Called at most once. */
  refuse(error: ProtocolError): string;
  /** Everything that one read brought, or one `resume`, has been taken; it began at `startedAtMs`. For measuring. */
  taken(startedAtMs: number): void;
  /** The connection is gone: nothing more can be said. Called once. */
  close(): void;
}

/** The client's side of one connection, as its service sees it. */
export interface Peer {
  /** Names the connection in the log: `c12`. */
  readonly id: string;
  /**
   * Sends a reply, after those that are owed before it.
   *
   * @returns whether the conversation may take another frame now
   */
  reply(bytes: string): boolean;
  /**
   * Owes a reply that comes later; those after it wait for it.
   *
   * @param deadlineMs on the monotonic clock
   * @param expire called once when the deadline has passed and the debt is still open, to settle it
   */
  owe(deadlineMs: number, expire: () => void): Debt;
  /** Whether the conversation may take another frame now. */
  readonly isReading: boolean;
  /** Takes no more, since the client has said that it is done; closes when what is owed has left. */
  finish(): void;
}

/** A reply that is owed. */
export interface Debt {
  /** Whether a reply is still wanted: it was not settled before, and the client is there. */
  readonly isOpen: boolean;
  /** Pays it; does nothing unless it is open. */
  settle(bytes: string): void;
}
