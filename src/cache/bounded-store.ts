/**
 * One LRU store of answers, bounded by number and by bytes, in which long owner lists that are equal are kept once.
 *
 * A catch-all with 3,000 owners is one list, however many senders are made up for its domain.
 */
import { LRUCache } from "lru-cache";
import type { Answer, Found } from "../model/reply.ts";

/**
 * One cached answer. Times are on the monotonic clock, in whole milliseconds: a number with a fraction is an object of its
 * own for V8, and there are as many entries as mailboxes.
 */
export interface Entry {
  readonly answer: Answer;
  /** When the source said it, or when it was last known to be unchanged. */
  storedAtMs: number;
  /** From when on it is only served if the source fails. */
  expiresAtMs: number;
  /** When it was last moved to the front of its store. */
  usedAtMs: number;
  /** When the source said it, for the last time. */
  askedAtMs: number;
  /** Since when the source was seen to say this and nothing else. */
  sinceMs: number;
  /** Whether the source said it before a listing that found nothing changed, and after: then listings can speak for it. */
  isSettled: boolean;
}

/** A long list, and how many entries have it. */
interface Shared {
  readonly answer: Found;
  holders: number;
}

// An entry in use is moved to the front of its store once in a while only: the move touches the entries around it, which lie
// anywhere in memory, and to the second the order of eviction does not matter.
const orderMs = 1_000;
// What an entry costs beside its key and its list: the objects, and its places in the store.
const entryBytes = 256;
// Room for an entry with an address and a list of ordinary length, so that the number decides wherever answers are ordinary.
const bytesPerEntry = 1_024;
// A small store must hold the longest list that a reply can carry (100 kB, and once more as frame) a few times.
const minBytes = 1_048_576;
// A list of a few logins costs less than the note that it is shared.
const sharedLength = 128;

/** Answers by folded key. */
export class BoundedStore {
  readonly #entries: LRUCache<string, Entry>;
  readonly #shared = new Map<string, Shared>();
  readonly #maxBytes: number;
  #bytes = 0;

  /**
   * @param maxEntries at least one is kept
   * @param onGone called for each key that left; `isEvicted` when it made way for others
   */
  constructor(maxEntries: number, onGone: (key: string, isEvicted: boolean) => void) {
    const max = Math.max(1, maxEntries);
    this.#maxBytes = Math.max(minBytes, max * bytesPerEntry);
    this.#entries = new LRUCache<string, Entry>({
      max,
      dispose: ({ answer }, key, reason) => {
        this.#bytes -= ownBytes(key, answer) + this.#release(answer);
        if (reason !== "set") onGone(key, reason === "evict");
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What the entries take, about: keys, lists and their frames, and what each costs by itself. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reads an entry that is about to be used: it is then evicted after those that are not. */
  get(key: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.peek(key);
    if (entry !== undefined && nowMs - entry.usedAtMs >= orderMs) {
      entry.usedAtMs = Math.floor(nowMs);
      this.#entries.get(key);
    }
    return entry;
  }

  /** Reads an entry without counting it as used. */
  peek(key: string): Entry | undefined {
    return this.#entries.peek(key);
  }

  /** Keeps an entry, and evicts those used least recently where that is too much. */
  set(key: string, entry: Entry): void {
    const { answer } = entry;
    // First, so that an entry which is replaced does not take the list with it that the new one has too.
    const sharedBytes = this.#share(answer);
    const kept = answer.kind === "ok" ? (this.#shared.get(answer.owners.text)?.answer ?? answer) : answer;
    const isSame = kept === answer || (kept as Found).derived !== (answer as Found).derived;
    this.#bytes += ownBytes(key, answer) + sharedBytes;
    this.#entries.set(key, isSame ? entry : { ...entry, answer: kept });
    while (this.#bytes > this.#maxBytes && this.#entries.size > 1) this.#entries.pop();
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  /** Lists everything, most recently used first. */
  entries(): Generator<[key: string, entry: Entry]> {
    return this.#entries.entries();
  }

  /** @returns the bytes that one more holder of its list takes */
  #share(answer: Answer): number {
    if (!isLong(answer)) return 0;
    const { text } = answer.owners;
    const shared = this.#shared.get(text);
    if (shared === undefined) {
      this.#shared.set(text, { answer, holders: 1 });
      return listBytes(text);
    }
    shared.holders++;
    return 0;
  }

  /** @returns the bytes that are free when one holder of its list has gone */
  #release(answer: Answer): number {
    if (!isLong(answer)) return 0;
    const { text } = answer.owners;
    const shared = this.#shared.get(text) as Shared;
    shared.holders--;
    if (shared.holders > 0) return 0;
    this.#shared.delete(text);
    return listBytes(text);
  }
}

function isLong(answer: Answer): answer is Found {
  return answer.kind === "ok" && answer.owners.text.length >= sharedLength;
}

/** What an entry takes by itself; a list that may be shared is counted once for all that have it. */
function ownBytes(key: string, answer: Answer): number {
  const isShort = answer.kind === "ok" && answer.owners.text.length < sharedLength;
  const list = isShort ? listBytes(answer.owners.text) : 0;
  return entryBytes + key.length + list;
}

/** A list, and once more as the frame that is kept with it. */
function listBytes(text: string): number {
  return 2 * text.length;
}
