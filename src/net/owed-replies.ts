/** Replies that a connection owes, in the order of the queries. */
import type { Deadlines, Expiring } from "./deadlines.ts";

/** A reply that is ready, or one that a lookup will bring by its deadline. */
export type OwedReply = { readonly text: string } | ({ readonly text: string | undefined } & Expiring);

/** The queue of one connection; short, since a connection stops reading before it owes many. */
export class OwedReplies {
  readonly #queue: OwedReply[] = [];

  get length(): number {
    return this.#queue.length;
  }

  push(reply: OwedReply): void {
    this.#queue.push(reply);
  }

  /** Takes the replies that are ready and owed next, joined. */
  takeReady(): string {
    let ready = 0;
    let text = "";
    for (const reply of this.#queue) {
      if (reply.text === undefined) break;
      text += reply.text;
      ready++;
    }
    this.#queue.splice(0, ready);
    return text;
  }

  /** Forgets everything, since nobody is there to be told. */
  abandon(deadlines: Deadlines): void {
    for (const reply of this.#queue) if ("expire" in reply) deadlines.delete(reply);
    this.#queue.length = 0;
  }
}
