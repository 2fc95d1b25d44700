/**
 * Where answers are kept: three LRU stores, so that what strangers can make up never pushes out what the database bounds.
 *
 * - `exact`: owners found for the address itself. Bounded by the rows of the database.
 * - `derived`: owners found without the extension, by `@domain` or by a grant. A sender can make up any number of those.
 * - `negative`: addresses that nobody owns. Likewise.
 */
import { LRUCache } from "lru-cache";
import type { Answer } from "../model/reply.ts";
import { KeyIndex } from "./key-index.ts";

/**
 * One cached answer. Times are on the monotonic clock, in whole milliseconds: a number with a fraction is an object of its
 * own for V8, and there are as many entries as mailboxes.
 */
export interface Entry {
  readonly answer: Answer;
  /** When the source said it. */
  readonly storedAtMs: number;
  /** From when on it is only served if the source fails. */
  readonly expiresAtMs: number;
  /** When it was last moved to the front of its store. */
  usedAtMs: number;
}

/** What an entry is, in the words of the metrics. */
export type EntryKind = "positive" | "negative";

/** Bounds of the stores, in entries. */
export interface StoreLimits {
  /** Of `exact`; `derived` has an eighth of it on top. */
  readonly maxEntries: number;
  readonly maxNegativeEntries: number;
  /** For the keys of an address: with which extensions it can be asked for. */
  readonly recipientDelimiter: string;
}

// Enough for every tag in use at a site (one in eight mailboxes at once), little enough not to matter beside `exact`.
const derivedShare = 8;

// An entry in use is moved to the front of its store once in a while only: the move touches the entries around it, which lie
// anywhere in memory, and to the second the order of eviction does not matter.
const orderMs = 1_000;

/** The three stores of one map, keyed by folded key. */
export class AnswerStore {
  readonly #exact: LRUCache<string, Entry>;
  readonly #derived: LRUCache<string, Entry>;
  readonly #negative: LRUCache<string, Entry>;
  readonly #index: KeyIndex;

  constructor(limits: StoreLimits, onEviction: (kind: EntryKind) => void) {
    this.#index = new KeyIndex(limits.recipientDelimiter);
    const make = (max: number, kind: EntryKind) =>
      new LRUCache<string, Entry>({
        max: Math.max(1, max),
        dispose: (_entry, key, reason) => {
          if (reason !== "set") this.#index.delete(key);
          if (reason === "evict") onEviction(kind);
        },
      });
    this.#exact = make(limits.maxEntries, "positive");
    this.#derived = make(Math.ceil(limits.maxEntries / derivedShare), "positive");
    this.#negative = make(limits.maxNegativeEntries, "negative");
  }

  /** Reads an entry that is about to be used: it is then evicted after those that are not. */
  get(key: string, nowMs: number): Entry | undefined {
    return use(this.#exact, key, nowMs) ?? use(this.#derived, key, nowMs) ?? use(this.#negative, key, nowMs);
  }

  /** Reads an entry without counting it as used. */
  peek(key: string): Entry | undefined {
    return this.#exact.peek(key) ?? this.#derived.peek(key) ?? this.#negative.peek(key);
  }

  /** Keeps an entry in the store that fits its answer, and forgets what another store held for the key. */
  set(key: string, entry: Entry): void {
    const store = this.#storeFor(entry.answer);
    for (const other of this.#all()) if (other !== store) other.delete(key);
    store.set(key, entry);
    this.#index.add(key);
  }

  /** Forgets what belongs to an address: its own entry, and those with extensions or in quotes. @returns how many went */
  deleteAddress(address: string): number {
    let deleted = 0;
    for (const key of this.#index.keysOf(address)) if (this.delete(key)) deleted++;
    return deleted;
  }

  delete(key: string): boolean {
    let isDeleted = false;
    for (const store of this.#all()) isDeleted = store.delete(key) || isDeleted;
    return isDeleted;
  }

  /** Entries of owners (exact and derived) and of non-owners. */
  sizes(): Record<EntryKind, number> {
    return { positive: this.#exact.size + this.#derived.size, negative: this.#negative.size };
  }

  /** Lists everything, most recently used first within each store. */
  *entries(): Generator<[key: string, entry: Entry]> {
    for (const store of this.#all()) yield* store.entries();
  }

  #storeFor(answer: Answer): LRUCache<string, Entry> {
    if (answer.kind === "notFound") return this.#negative;
    return answer.derived ? this.#derived : this.#exact;
  }

  #all(): readonly LRUCache<string, Entry>[] {
    return [this.#exact, this.#derived, this.#negative];
  }
}

function use(store: LRUCache<string, Entry>, key: string, nowMs: number): Entry | undefined {
  const entry = store.peek(key);
  if (entry !== undefined && nowMs - entry.usedAtMs >= orderMs) {
    entry.usedAtMs = Math.floor(nowMs);
    store.get(key);
  }
  return entry;
}
