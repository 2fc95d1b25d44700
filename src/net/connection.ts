/**
 * One client: its queries in, the replies out in the same order.
 *
 * Knows bytes, queries and replies, no mail. A query that memory answers costs no promise and no timer; the replies to what
 * one read brought leave in one write. Whatever the client does, the connection holds a bounded amount: reading stops while
 * too many replies are owed or unsent, and goes on when they have left.
 */
import type { Socket } from "node:net";
import { lookupTimedOut, notAQuery, unknownMap } from "../lookup/failure.ts";
import type { LookupMap, MapRegistry } from "../lookup/map-registry.ts";
import { ProtocolError } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Query } from "../model/query.ts";
import type { Reply } from "../model/reply.ts";
import type { LimitSettings } from "../model/settings.ts";
import type { ListenerTally, LookupTally, ProtocolErrorKind } from "../model/tally.ts";
import type { Decoder, Protocol, QuerySink } from "../protocol/protocol.ts";
import type { Deadlines } from "./deadlines.ts";
import { errorKinds } from "./error-kinds.ts";
import { logFailure, logLookup } from "./lookup-log.ts";
import { MemoryMeter } from "./memory-meter.ts";
import { type LookupReply, OwedReplies } from "./owed-replies.ts";
import { openReplyWriter, type ReplyWriter } from "./reply-writer.ts";
import type { Turn, TurnMember } from "./turn.ts";

/** What a connection needs from its listener. */
export interface ConnectionParts {
  readonly protocol: Protocol;
  readonly maps: MapRegistry;
  /** The map of a protocol that carries no map names; a reload may change it. */
  readonly defaultMap: () => string | undefined;
  readonly limits: () => LimitSettings;
  readonly tally: ListenerTally;
  /** Counts replies to maps that do not exist. */
  readonly unknownMapTally: LookupTally;
  readonly turn: Turn;
  readonly deadlines: Deadlines;
  readonly log: Log;
}

// A client that takes no byte for that long is gone. Postfix itself gives up after 100 s.
const writeTimeoutMs = 30_000;
// A frame that began must end: Postfix writes it with one system call.
const frameTimeoutMs = 30_000;
// After the last reply the peer has that long to read it and close, so that no reset overtakes the reply.
const lingerMs = 2_000;

/** The server's side of one connection. */
export class Connection implements QuerySink, TurnMember {
  readonly #id: number;
  readonly #socket: Socket;
  readonly #writer: ReplyWriter;
  readonly #parts: ConnectionParts;
  readonly #decoder: Decoder;
  readonly #owed = new OwedReplies();
  #queries = 0;
  /** Reading stopped because the client owes us reading, or we owe it replies. */
  #isHeld = false;
  /** No more queries are taken; the connection ends when the last reply has left. */
  #isEnding = false;
  /** The first query is also the last one. */
  #isLastCall = false;
  #isEnded = false;
  /**
   * Since when the present state must not last for ever: idle, mid-frame, blocked, or lingering. The beginning of a frame and the
   * writing of a reply are progress. Bytes in the middle of a frame are none, or a client that drips would never be late.
   */
  #lastProgressMs: number;
  readonly #meter: MemoryMeter;

  constructor(id: number, socket: Socket, parts: ConnectionParts) {
    this.#id = id;
    this.#socket = socket;
    this.#parts = parts;
    this.#decoder = parts.protocol.createDecoder(parts.limits().maxQueryBytes);
    this.#lastProgressMs = parts.turn.nowMs();
    this.#meter = new MemoryMeter(parts.turn);
    this.#writer = openReplyWriter(socket, this.#onDrain);
    socket.on("end", () => this.finish());
  }

  /** Takes bytes that the client sent. */
  onBytes(chunk: Uint8Array, length: number): void {
    // What comes after a broken frame is read and thrown away: unread bytes would turn our last reply into a reset.
    if (this.#isEnding) return;
    const { turn } = this.#parts;
    const nowMs = turn.stopClock();
    if (!this.#decoder.isMidFrame) this.#lastProgressMs = nowMs;
    try {
      this.#decoder.push(chunk, length, this);
    } catch (error) {
      this.#breakOff(error);
    } finally {
      turn.resumeClock();
    }
    turn.afterRead(this, nowMs);
  }

  /** Answers one query, now or later. Called by the decoder. */
  query(query: Query): boolean {
    this.#queries++;
    if (this.#isLastCall) this.finish();
    const map = this.#findMap(query);
    if (map === undefined) {
      this.#parts.tally.errors.unknown_map++;
      return this.#answerNow(unknownMap, this.#parts.unknownMapTally);
    }
    const tally = map.tallies[this.#parts.protocol.index];
    const startedAtMs = this.#parts.turn.nowMs();
    const reply = map.lookup(query.key, startedAtMs + this.#parts.limits().lookupTimeoutMs);
    if (this.#parts.log.isDebugEnabled()) logLookup(this.#parts.log, this.#currentQueryId(), query, reply);
    if (!(reply instanceof Promise)) return this.#answerNow(reply, tally, map.name);
    this.#answerLater(reply, map, tally, startedAtMs);
    return this.#isReading();
  }

  /** Answers a frame that holds no query. Called by the decoder. */
  notAQuery(): boolean {
    this.#queries++;
    this.#parts.tally.errors.not_a_query++;
    return this.#answerNow(notAQuery, this.#parts.unknownMapTally);
  }

  /** Writes the replies that are ready, and reads on if reading had stopped. */
  writeOut(nowMs: number): void {
    this.#meter.observe(nowMs);
    if (this.#isEnded) return;
    // What the socket has not taken yet is bounded too: nothing is put on top of it.
    const text = this.#writer.isBlocked ? "" : this.#owed.take();
    if (text !== "") {
      this.#writer.write(text);
      this.#lastProgressMs = nowMs;
    }
    this.#readOn(nowMs);
    if (this.#isEnding && this.#owed.isEmpty) this.#end();
    else if (!this.#writer.isBlocked && this.#owed.isReady) this.#parts.turn.join(this);
  }

  /**
   * Finishes, but not before a client that has connected and not asked yet has asked once: Postfix connects in order to ask,
   * and its query may be on the way. The caller ends the wait with `finish`.
   */
  finishAfterFirstQuery(): void {
    if (this.#queries > 0) this.finish();
    else this.#isLastCall = true;
  }

  /** Answers what is in flight, then closes: for the drain of the daemon, and when the client has sent its last byte. */
  finish(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#parts.turn.join(this);
  }

  /** Closes at once. */
  destroy(): void {
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
    return this.#isEnding || this.#writer.isBlocked || !this.#owed.isEmpty ? undefined : this.#lastProgressMs;
  }

  /** Ends what has lasted too long. Called about once a second. */
  checkDeadlines(nowMs: number): void {
    const waitedMs = nowMs - this.#lastProgressMs;
    if (this.#isEnded) {
      if (waitedMs >= lingerMs) this.destroy();
    } else if (this.#writer.isBlocked) {
      if (waitedMs >= writeTimeoutMs) this.#giveUp("write_timeout");
    } else if (!this.#owed.isEmpty) {
      // It waits for us, not we for it; the lookups have their own deadlines.
    } else if (this.#decoder.isMidFrame) {
      if (waitedMs >= frameTimeoutMs)
        this.#breakOff(new ProtocolError("ERR_FRAME_TIMEOUT", "a frame began and did not end"));
    } else {
      const { idleTimeoutMs } = this.#parts.limits();
      if (idleTimeoutMs > 0 && waitedMs >= idleTimeoutMs) this.finish();
    }
  }

  #findMap(query: Query): LookupMap | undefined {
    const name = query.map ?? this.#parts.defaultMap();
    return name === undefined ? undefined : this.#parts.maps.find(name);
  }

  /** @returns whether the decoder may go on */
  #answerNow(reply: Reply, tally: LookupTally, map?: string): boolean {
    const encoded = this.#parts.protocol.encode(reply, this.#currentQueryId);
    tally.results[encoded.result]++;
    this.#meter.count(tally);
    if (encoded.failure !== undefined) logFailure(this.#parts.log, this.#currentQueryId(), map, encoded.failure);
    this.#owed.add(encoded.text);
    return this.#isReading();
  }

  #answerLater(reply: Promise<Reply>, map: LookupMap, tally: LookupTally, startedAtMs: number): void {
    const { protocol, turn, deadlines, limits, log } = this.#parts;
    const queryId = this.#currentQueryId();
    const owed: LookupReply = {
      text: undefined,
      deadlineMs: startedAtMs + limits().lookupTimeoutMs,
      expire: () => settle(lookupTimedOut),
    };
    const settle = (settled: Reply): void => {
      // The client was told already that time is up, or is gone.
      if (owed.text !== undefined || this.#isEnded) return;
      deadlines.delete(owed);
      const encoded = protocol.encode(settled, () => queryId);
      this.#owed.settle(owed, encoded.text);
      tally.results[encoded.result]++;
      tally.duration.observe((turn.nowMs() - startedAtMs) / 1000);
      if (encoded.failure !== undefined) logFailure(log, queryId, map.name, encoded.failure);
      this.#parts.turn.join(this);
    };
    this.#owed.owe(owed);
    deadlines.add(owed);
    // LookupMap.lookup never rejects.
    void reply.then(settle);
  }

  /** Whether more queries may be taken now. */
  #isReading(): boolean {
    if (this.#isEnding) return false;
    if (!this.#writer.isBlocked && !this.#owed.isFull) return true;
    this.#hold();
    return false;
  }

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
      this.#decoder.resume(this);
    } catch (error) {
      this.#breakOff(error);
    }
    this.#meter.observe(nowMs);
    if (!this.#isHeld) this.#socket.resume();
  }

  #onDrain = (): void => {
    this.#lastProgressMs = this.#parts.turn.nowMs();
    this.#parts.turn.join(this);
  };

  /** Tells the client what it did wrong, in its turn, and closes. */
  #breakOff(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    const { tally, log, protocol, unknownMapTally } = this.#parts;
    tally.errors[errorKinds[error.code]]++;
    log.warn({ connection: `c${this.#id}`, protocol: protocol.name, code: error.code }, "client broke the protocol");
    this.#queries++;
    this.#answerNow({ kind: "permanent", reason: error.message }, unknownMapTally);
    if (this.#isHeld) this.#socket.resume();
    this.finish();
  }

  /** Ends a connection whose client does not take its replies. */
  #giveUp(kind: ProtocolErrorKind): void {
    this.#parts.tally.errors[kind]++;
    this.#parts.log.warn({ connection: `c${this.#id}`, kind }, "client does not read its replies");
    this.destroy();
  }

  #end(): void {
    this.#isEnded = true;
    this.#lastProgressMs = this.#parts.turn.nowMs();
    this.#socket.end();
  }

  /** The id of the query answered last, as the client's reason and the log line have it. */
  #currentQueryId = (): string => `c${this.#id}.q${this.#queries}`;
}
