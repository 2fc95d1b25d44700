/** Counts which login used which sender, how often and when last. */
import { foldCase } from "../model/fold-case.ts";
import type { Use } from "./messages.ts";

/** One login with one sender. */
export interface Pair {
  /** As Postfix has them; of several spellings, the one that begins with small letters, in whatever order the log has them. */
  login: string;
  sender: string;
  /** Messages that were sent. */
  sent: number;
  /** Attempts that the map refused then. */
  refused: number;
  /** Attempts that `warn_if_reject` logged; they were sent. */
  warned: number;
  /** As the log has it. */
  last: string;
  lastMs: number;
}

// Some 200 bytes each. A spammer with a stolen password makes up more senders than all of a site's people have.
const maxPairs = 500_000;

/** All pairs of a log, in bounded memory. */
export class Pairs {
  readonly #pairs = new Map<string, Pair>();
  readonly #maxPairs: number;
  /** Messages with the null sender, which nobody is ever asked about. */
  nullSenders = 0;
  /** Uses that belong to no pair that is kept, since there are too many pairs. */
  dropped = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;

  constructor(limit = maxPairs) {
    this.#maxPairs = limit;
  }

  add({ login, sender, kind, line }: Use): void {
    this.firstMs = Math.min(this.firstMs, line.timeMs);
    this.lastMs = Math.max(this.lastMs, line.timeMs);
    if (sender === "") {
      this.nullSenders += 1;
      return;
    }
    const pair = this.#pairOf(fromBytes(login), fromBytes(sender), line.stamp);
    if (pair === undefined) {
      this.dropped += 1;
      return;
    }
    pair[kind] += 1;
    if (line.timeMs < pair.lastMs) return;
    pair.lastMs = line.timeMs;
    pair.last = line.stamp;
  }

  values(): Pair[] {
    return [...this.#pairs.values()];
  }

  #pairOf(login: string, sender: string, last: string): Pair | undefined {
    const key = `${foldCase(login)}\0${foldCase(sender)}`;
    const known = this.#pairs.get(key);
    if (known !== undefined) {
      // Small letters come after capital ones.
      if (login > known.login) known.login = login;
      if (sender > known.sender) known.sender = sender;
      return known;
    }
    if (this.#pairs.size >= this.#maxPairs) return undefined;
    const pair = { login, sender, sent: 0, refused: 0, warned: 0, last, lastMs: Number.NEGATIVE_INFINITY };
    this.#pairs.set(key, pair);
    return pair;
  }
}

/** Lines are read byte by byte; what is beyond ASCII in them is UTF-8 (SMTPUTF8). */
function fromBytes(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, "latin1").toString("utf8") : text;
}
