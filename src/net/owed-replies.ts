/**
 * Replies of one connection on their way out: owed in the order of the queries, then unsent until the socket takes them.
 *
 * Both are bounded: by number, since each may be a lookup, and by bytes, since one lookup that is slow holds back whatever was
 * answered behind it.
 */
import type { Deadlines, Expiring } from "./deadlines.ts";

/** A reply that comes by its deadline. */
export interface LateReply extends Expiring {
  /** `undefined` until it has come. */
  readonly text: string | undefined;
}

interface OwedReply {
  text: string | undefined;
}

// Unanswered queries of one client. Postfix sends one at a time; a pipelining test tool is served, a flood waits its turn.
const maxOwed = 64;
// Those of them that somebody else has to answer. Lookups are served in the order of their arrival, so this is also how many of a
// flooding client's may stand before one of an honest client; limits.max_waiting_lookups is as many for each connection.
const maxLate = 8;
// Replies that are not written yet. Two of the longest socketmap replies; a client that does not read holds no more.
const maxUnsentBytes = 200_000;

/** The replies of one connection; few, since a connection stops reading before they are many. */
export class OwedReplies {
  readonly #queue: OwedReply[] = [];
  /** Bytes of the replies in the queue that are ready. */
  #queuedBytes = 0;
  #unsent = "";
  /** Replies that have still to come. */
  #late = 0;

  /** Whether the client has been given everything. */
  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#unsent === "";
  }

  /** Whether no further query may be taken until some have left. */
  get isFull(): boolean {
    if (this.#late >= maxLate) return true;
    return this.#queue.length >= maxOwed || this.#unsent.length + this.#queuedBytes >= maxUnsentBytes;
  }

  /** Whether `take` would give something. */
  get isReady(): boolean {
    return this.#unsent !== "" || this.#queue[0]?.text !== undefined;
  }

  /** Adds a reply that is ready. */
  add(text: string): void {
    if (this.#queue.length === 0) {
      this.#unsent += text;
      return;
    }
    this.#queue.push({ text });
    this.#queuedBytes += text.length;
  }

  /** Adds one that comes later. */
  owe(reply: LateReply): void {
    this.#queue.push(reply);
    this.#late++;
  }

  /** Gives a reply its text, which every reply gets once. */
  settle(reply: LateReply, text: string): void {
    (reply as OwedReply).text = text;
    this.#late--;
    this.#queuedBytes += text.length;
  }

  /** Takes the replies that are ready and owed next, joined; no more than fill the bound, as the socket copies them. */
  take(): string {
    let text = this.#unsent;
    this.#unsent = "";
    if (this.#queue.length === 0) return text;
    let taken = 0;
    for (const reply of this.#queue) {
      if (reply.text === undefined || text.length >= maxUnsentBytes) break;
      text += reply.text;
      this.#queuedBytes -= reply.text.length;
      taken++;
    }
    this.#queue.splice(0, taken);
    return text;
  }

  /** Forgets everything, since nobody is there to be told. What has still to come is wanted no more: its text is empty. */
  abandon(deadlines: Deadlines): void {
    for (const reply of this.#queue) {
      if (reply.text === undefined) deadlines.delete(reply as LateReply);
      reply.text ??= "";
    }
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#unsent = "";
  }
}
