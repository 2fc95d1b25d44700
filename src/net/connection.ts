/**
 * One client: its bytes in, the replies out in the order in which they were asked for.
 *
 * Knows transport only: what the bytes mean is for the service behind it. What a read brought and can be answered at once
 * leaves in one write, without a promise or a timer. Whatever the client does, the connection holds a bounded amount: reading
 * stops while too many replies are owed or unsent, and goes on when they have left.
 */
import type { Socket } from "node:net";
import { ProtocolError } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Conversation, Debt, Peer, Service } from "../model/service.ts";
import type { LimitSettings } from "../model/settings.ts";
import type { ListenerTally, ProtocolErrorKind } from "../model/tally.ts";
import { errorKinds } from "../model/tally.ts";
import { nowhere } from "../model/under-way.ts";
import type { Deadlines } from "./deadlines.ts";
import { type LateReply, OwedReplies } from "./owed-replies.ts";
import { openReplyWriter, type ReplyWriter } from "./reply-writer.ts";
import type { Turn, TurnMember } from "./turn.ts";

/** What a connection needs from its listener. */
export interface ConnectionParts {
  readonly service: Service;
  readonly limits: () => LimitSettings;
  readonly tally: ListenerTally;
  readonly turn: Turn;
  readonly deadlines: Deadlines;
  readonly log: Log;
}

// A client that takes no byte for that long is gone. Postfix itself gives up after 100 s.
const writeTimeoutMs = 30_000;
// A frame that began must end: Postfix writes it with one system call.
const frameTimeoutMs = 30_000;
// Between the parts of a message the mail server itself waits for its client: Postfix 300 s (smtpd_timeout).
const busyTimeoutMs = 330_000;
// After the last reply the peer has that long to read it and close, so that no reset overtakes the reply.
const lingerMs = 2_000;

/** The server's side of one connection. */
export class Connection implements Peer, TurnMember {
  readonly id: string;
  readonly #socket: Socket;
  readonly #writer: ReplyWriter;
  readonly #parts: ConnectionParts;
  readonly #conversation: Conversation;
  readonly #owed = new OwedReplies();
  /** The client has asked something. */
  #hasAsked = false;
  /** Reading stopped because the client owes us reading, or we owe it replies. */
  #isHeld = false;
  /** What has begun may end, then no more is taken. */
  #isDraining = false;
  /** Whether a draining connection still waits for the first query of its client. */
  #isAwaited = true;
  /** No more queries are taken; the connection ends when the last reply has left. */
  #isEnding = false;
  #isEnded = false;
  /** The client writes no more. */
  #hasHungUp = false;
  #isClosed = false;
  /**
   * Since when the present state must not last for ever: idle, mid-frame, blocked, or lingering. The beginning of a frame and the
   * writing of a reply are progress. Bytes in the middle of a frame are none, or a client that drips would never be late.
   */
  #lastProgressMs: number;

  constructor(id: number, socket: Socket, parts: ConnectionParts) {
    this.id = `c${id}`;
    this.#socket = socket;
    this.#parts = parts;
    this.#lastProgressMs = parts.turn.nowMs();
    this.#writer = openReplyWriter(socket, this.#onDrain);
    this.#conversation = parts.service.open(this);
    socket.on("end", this.#onEnd);
  }

  /** Takes bytes that the client sent. */
  onBytes(chunk: Uint8Array, length: number): void {
    // What comes after a broken frame is read and thrown away: unread bytes would turn our last reply into a reset.
    if (this.#isEnding) return;
    const { turn } = this.#parts;
    const nowMs = turn.stopClock();
    if (!this.#conversation.isMidFrame) this.#lastProgressMs = nowMs;
    try {
      this.#conversation.push(chunk, length);
    } catch (error) {
      this.#breakOff(error);
    } finally {
      turn.resumeClock();
    }
    turn.afterRead(this, nowMs);
  }

  /** Sends a reply in its turn; see `Peer.reply`. */
  reply(bytes: string): boolean {
    this.#noteAsked();
    this.#owed.add(bytes);
    return this.isReading;
  }

  /** Owes a reply; see `Peer.owe`. */
  owe(deadlineMs: number, expire: () => void): Debt {
    this.#noteAsked();
    const debt = new OwedLater(deadlineMs, expire, this.#pay);
    this.#owed.owe(debt);
    this.#parts.deadlines.add(debt);
    return debt;
  }

  /** Whether more may be taken now; see `Peer.isReading`. Stops reading from the socket if not. */
  get isReading(): boolean {
    if (this.#isEnding) return false;
    if (!this.#writer.isBlocked && !this.#owed.isFull) return true;
    this.#hold();
    return false;
  }

  /** Writes the replies that are ready, and reads on if reading had stopped. */
  writeOut(nowMs: number): void {
    this.#conversation.taken(nowMs);
    if (this.#isEnded) return;
    // What the socket has not taken yet is bounded too: nothing is put on top of it.
    const text = this.#writer.isBlocked ? "" : this.#owed.take();
    if (text !== "") {
      this.#writer.write(text);
      this.#lastProgressMs = nowMs;
    }
    this.#readOn(nowMs);
    if (this.#isDraining) this.#finishIfDone();
    if (this.#isEnding && this.#owed.isEmpty) this.#end();
    else if (!this.#writer.isBlocked && this.#owed.isReady) this.#parts.turn.join(this);
  }

  /**
   * Finishes, but not before a client that has connected and not asked yet has asked once: Postfix connects in order to ask,
   * and its query may be on the way; nor before what has begun has ended (`Conversation.isBusy`). The caller ends the first wait
   * with `endWait`, and the second one with `destroy`.
   */
  drain(): void {
    this.#isDraining = true;
    this.#finishIfDone();
  }

  /** Waits no longer for a first query. */
  endWait(): void {
    this.#isAwaited = false;
    if (this.#isDraining) this.#finishIfDone();
  }

  /** Answers what is in flight, then closes: when nothing more is expected of the client. */
  finish(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#parts.turn.join(this);
  }

  /** Closes at once. */
  destroy(): void {
    if (!this.#isClosed) this.#conversation.close();
    this.#isClosed = true;
    this.#isEnding = true;
    this.#isEnded = true;
    this.#owed.abandon(this.#parts.deadlines);
    this.#socket.destroy();
  }

  /** Whether it takes no more queries and will close. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Since when the client has asked nothing, or begun a frame and not ended it; `undefined` while we owe it something. */
  get idleSinceMs(): number | undefined {
    const isWaiting = this.#writer.isBlocked || !this.#owed.isEmpty || this.#conversation.isBusy;
    return this.#isEnding || isWaiting ? undefined : this.#lastProgressMs;
  }

  /** Ends what has lasted too long. Called about once a second. */
  checkDeadlines(nowMs: number): void {
    const waitedMs = nowMs - this.#lastProgressMs;
    if (this.#isEnded) {
      if (waitedMs >= lingerMs) this.destroy();
    } else if (this.#writer.isBlocked) {
      if (waitedMs >= writeTimeoutMs) this.#giveUp("write_timeout");
    } else if (!this.#owed.isEmpty) {
      // It waits for us, not we for it; the replies have their own deadlines.
    } else if (this.#conversation.isMidFrame) {
      if (waitedMs >= frameTimeoutMs)
        this.#breakOff(new ProtocolError("ERR_FRAME_TIMEOUT", "a frame began and did not end"));
    } else if (waitedMs >= this.#longestSilenceMs()) {
      this.finish();
    }
  }

  #longestSilenceMs(): number {
    const { idleTimeoutMs } = this.#parts.limits();
    if (idleTimeoutMs === 0) return Number.POSITIVE_INFINITY;
    return this.#conversation.isBusy ? Math.max(idleTimeoutMs, busyTimeoutMs) : idleTimeoutMs;
  }

  #noteAsked(): void {
    this.#hasAsked = true;
    if (this.#isDraining) this.#finishIfDone();
  }

  #finishIfDone(): void {
    if ((this.#hasAsked || !this.#isAwaited) && !this.#conversation.isBusy) this.finish();
  }

  #pay = (debt: OwedLater, bytes: string): void => {
    this.#parts.deadlines.delete(debt);
    this.#owed.settle(debt, bytes);
    this.#parts.turn.join(this);
  };

  /** Stops reading until `#readOn` finds nothing in the way. */
  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#socket.pause();
  }

  /** Takes up reading where it was held, if nothing holds it any more. */
  #readOn(nowMs: number): void {
    if (this.#writer.isBlocked) this.#hold();
    if (!this.#isHeld || this.#isEnding) return;
    if (this.#writer.isBlocked || this.#owed.isFull) return;
    this.#isHeld = false;
    this.#parts.turn.join(this);
    try {
      this.#conversation.resume();
    } catch (error) {
      this.#breakOff(error);
    }
    this.#conversation.taken(nowMs);
    if (!this.#isHeld) this.#socket.resume();
  }

  #onEnd = (): void => {
    this.#hasHungUp = true;
    this.finish();
  };

  #onDrain = (): void => {
    this.#lastProgressMs = this.#parts.turn.nowMs();
    this.#parts.turn.join(this);
  };

  /** Tells the client what it did wrong, in its turn, and closes. */
  #breakOff(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    const { tally, log, service } = this.#parts;
    tally.errors[errorKinds[error.code]]++;
    const fields = { connection: this.id, protocol: service.protocol, code: error.code };
    log.warn(fields, "client broke the protocol");
    this.#owed.add(this.#conversation.refuse(error));
    if (this.#isHeld) this.#socket.resume();
    this.finish();
  }

  /** Ends a connection whose client does not take its replies. */
  #giveUp(kind: ProtocolErrorKind): void {
    this.#parts.tally.errors[kind]++;
    this.#parts.log.warn({ connection: this.id, kind }, "client does not read its replies");
    this.destroy();
  }

  #end(): void {
    this.#isEnded = true;
    this.#lastProgressMs = this.#parts.turn.nowMs();
    // With nothing left to read and all written, close(2) loses nothing: the kernel still delivers. It saves every client that
    // hangs up first, as Postfix does, a shutdown(2) with a request and a callback of its own.
    if (this.#hasHungUp && !this.#writer.isBlocked && this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.end();
  }
}

/** A reply that the service will bring. */
class OwedLater implements Debt, LateReply {
  place = nowhere;
  text: string | undefined = undefined;
  readonly deadlineMs: number;
  readonly expire: () => void;
  readonly #pay: (debt: OwedLater, bytes: string) => void;

  constructor(deadlineMs: number, expire: () => void, pay: (debt: OwedLater, bytes: string) => void) {
    this.deadlineMs = deadlineMs;
    this.expire = expire;
    this.#pay = pay;
  }

  get isOpen(): boolean {
    return this.text === undefined;
  }

  settle(bytes: string): void {
    if (this.isOpen) this.#pay(this, bytes);
  }
}
