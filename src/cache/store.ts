/**
 * Where answers are kept: three LRU stores, so that what strangers can make up never pushes out what the database bounds.
 *
 * - `exact`: owners found for the address itself. Bounded by the rows of the database.
 * - `derived`: owners found without the extension, by `@domain` or by a grant, or by a spelling that a collation may take for
 *   another. A sender can make up any number of those.
 * - `negative`: addresses that nobody owns. Likewise.
 */
import type { Answer } from "../model/reply.ts";
import { isSameAnswer } from "./answers.ts";
import { BoundedStore, type Entry } from "./bounded-store.ts";
import { KeyIndex } from "./key-index.ts";
import { isSettledBy } from "./rules.ts";
import { Voids } from "./voids.ts";

/** What an entry is, in the words of the metrics. */
export type EntryKind = "positive" | "negative";

/** Bounds of the stores, in entries; each has room for 1 KiB an entry on average, and no more. */
export interface StoreLimits {
  /** Of `exact`; `derived` has an eighth of it on top. */
  readonly maxEntries: number;
  readonly maxNegativeEntries: number;
  /** For the keys of an address: with which extensions it can be asked for. */
  readonly recipientDelimiter: string;
}

// Enough for every tag in use at a site (one in eight mailboxes at once), little enough not to matter beside `exact`.
const derivedShare = 8;

/** When the source said something, and what goes with that. */
export interface Said {
  /** In whole milliseconds. */
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** When the last listing began that speaks for the key; `undefined` when none does. */
  readonly listedAtMs: number | undefined;
}

/** The three stores of one map, keyed by folded key. */
export class AnswerStore {
  readonly #exact: BoundedStore;
  readonly #derived: BoundedStore;
  readonly #negative: BoundedStore;
  readonly #index: KeyIndex;
  readonly #voids = new Voids();

  constructor(limits: StoreLimits, onEviction: (kind: EntryKind) => void) {
    this.#index = new KeyIndex(limits.recipientDelimiter);
    const make = (maxEntries: number, kind: EntryKind) =>
      new BoundedStore(maxEntries, (key, isEvicted) => {
        this.#index.delete(key);
        if (isEvicted) onEviction(kind);
      });
    this.#exact = make(limits.maxEntries, "positive");
    this.#derived = make(Math.ceil(limits.maxEntries / derivedShare), "positive");
    this.#negative = make(limits.maxNegativeEntries, "negative");
  }

  /** Reads an entry that is about to be used: it is then evicted after those that are not. */
  get(key: string, nowMs: number): Entry | undefined {
    const entry = this.#exact.get(key, nowMs) ?? this.#derived.get(key, nowMs) ?? this.#negative.get(key, nowMs);
    return entry === undefined || !this.#voids.has(key, entry.storedAtMs) ? entry : this.#forget(key);
  }

  /** Reads an entry without counting it as used. */
  peek(key: string): Entry | undefined {
    const entry = this.#exact.peek(key) ?? this.#derived.peek(key) ?? this.#negative.peek(key);
    return entry === undefined || !this.#voids.has(key, entry.storedAtMs) ? entry : undefined;
  }

  /** Lets what belongs to an address expire, unless it has already; that it was seen to be so before counts no more. */
  expireAddress(address: string, nowMs: number): void {
    for (const key of this.#index.keysOf(address)) {
      const entry = this.peek(key);
      if (entry === undefined) continue;
      entry.expiresAtMs = Math.min(entry.expiresAtMs, nowMs);
      entry.sinceMs = nowMs;
      entry.isSettled = false;
    }
  }

  /** Voids what was stored for the domains until now; `*` for everything. They leave memory when they are next met, or evicted. */
  voidDomains(domains: readonly string[], nowMs: number): void {
    this.#voids.add(domains, nowMs);
  }

  /**
   * Keeps what the source said of a key. An answer that it gives again leaves the entry where and as it is, but for its times: most
   * refreshes bring nothing new, and a million entries made anew would be a million for V8 to look for among those in use.
   *
   * @returns whether the answer is settled
   */
  keep(key: string, answer: Answer, { atMs, expiresAtMs, listedAtMs }: Said): boolean {
    const known = this.peek(key);
    const before = known !== undefined && isSameAnswer(known.answer, answer) ? known : undefined;
    const sinceMs = before?.sinceMs ?? atMs;
    const isSettled = before !== undefined && isSettledBy(before, listedAtMs);
    if (before !== undefined && this.#storeFor(key, before.answer) === this.#storeFor(key, answer)) {
      before.storedAtMs = atMs;
      before.expiresAtMs = expiresAtMs;
      before.askedAtMs = atMs;
      before.isSettled = isSettled;
    } else {
      this.set(key, { answer, storedAtMs: atMs, expiresAtMs, usedAtMs: atMs, askedAtMs: atMs, sinceMs, isSettled });
    }
    return isSettled;
  }

  /** Keeps an entry in the store that fits its answer, and forgets what another store held for the key. */
  set(key: string, entry: Entry): void {
    const store = this.#storeFor(key, entry.answer);
    for (const other of this.#all()) if (other !== store) other.delete(key);
    this.#index.add(key);
    store.set(key, entry);
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

  /** Forgets every entry that the predicate picks. @returns how many went */
  deleteWhere(isPicked: (key: string, answer: Answer) => boolean): number {
    let deleted = 0;
    for (const [key, { answer }] of [...this.entries()]) if (isPicked(key, answer) && this.delete(key)) deleted++;
    return deleted;
  }

  /** Counts the entries whose time is over. Looks at every one. */
  countExpired(nowMs: number): number {
    let expired = 0;
    for (const [, { expiresAtMs }] of this.entries()) if (nowMs >= expiresAtMs) expired++;
    return expired;
  }

  /** Entries of owners (exact and derived) and of non-owners. */
  sizes(): Record<EntryKind, number> {
    return { positive: this.#exact.size + this.#derived.size, negative: this.#negative.size };
  }

  /** What all of it takes, about. */
  get bytes(): number {
    return this.#all().reduce((sum, store) => sum + store.bytes, 0);
  }

  /** Lists everything, most recently used first within each store. */
  *entries(): Generator<[key: string, entry: Entry]> {
    for (const store of this.#all()) {
      for (const [key, entry] of store.entries()) if (!this.#voids.has(key, entry.storedAtMs)) yield [key, entry];
    }
  }

  #forget(key: string): undefined {
    this.delete(key);
  }

  #storeFor(key: string, answer: Answer): BoundedStore {
    if (answer.kind === "notFound") return this.#negative;
    return answer.derived || isOneOfMany(key) ? this.#derived : this.#exact;
  }

  #all(): readonly BoundedStore[] {
    return [this.#exact, this.#derived, this.#negative];
  }
}

// Visible ASCII without quotes and backslashes: between such keys every collation tells, but for the case that is folded.
const distinct = /^[!#-[\]-~]*$/;

/**
 * Whether a key may be one of many spellings that the database takes for the same address: `àéíóu@` is `aeiou@` to a collation
 * that ignores accents, control characters count for nothing in others, and quotes are taken off.
 */
function isOneOfMany(key: string): boolean {
  return !distinct.test(key);
}
