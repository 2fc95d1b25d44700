/**
 * What a source listed last, one fingerprint for each key: enough to tell which keys appeared, changed or went.
 *
 * At most 100 bytes a key of common length (some 25 characters), besides at most 128 kB for the parts themselves. The figures of a
 * key lie in pieces of fixed length, so that nothing is copied when a source grows, and nothing is kept for keys that may come.
 */
import { hash, Shards } from "./shards.ts";

/** What became of a key from one listing to the next. */
export type ChangeKind = "added" | "changed" | "removed";

// Fingerprints in a piece: 16 kB each, little enough to be made or cleared unnoticed.
const pieceBits = 12;
const pieceLength = 2 ** pieceBits;

/** The fingerprints of one source. */
export class Fingerprints {
  readonly #shards = new Shards<Map<string, number>>(() => new Map());
  /** By the number of the key; 0 = not listed. */
  readonly #listed = new Column();
  /** The same of the listing under way. */
  readonly #coming = new Column();
  #count = 0;
  /** Numbers of keys that went. */
  readonly #free: number[] = [];
  readonly #seed: number;

  /** @param seed makes fingerprints that nobody can foresee */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** How many keys there are: those of the last listing, and of the one under way. */
  get size(): number {
    return this.#count - this.#free.length;
  }

  /** Whether a key was in the last listing that was completed. */
  has(key: string): boolean {
    const number = this.#shards.peek(key)?.get(key);
    return number !== undefined && this.#listed.at(number) !== 0;
  }

  /** Begins a listing; one that was begun before is forgotten. */
  begin(): void {
    this.#coming.clear();
  }

  /**
   * Takes a line of the listing. Lines of a key may stand apart and in any order: their sum counts.
   *
   * @param key folded
   * @param text what the line says besides its key
   */
  add(key: string, text: string): void {
    const shard = this.#shards.of(key);
    let number = shard.get(key);
    if (number === undefined) {
      number = this.#free.pop() ?? this.#count++;
      shard.set(key, number);
    }
    const sum = (this.#coming.at(number) + hash(text, this.#seed)) >>> 0;
    this.#coming.set(number, sum === 0 ? 1 : sum);
  }

  /**
   * Ends the listing: what it said is what was listed last. Gives the keys that are not as before, some at a time, so that the
   * caller can let others work in between; until the last one is taken, part of the keys is as before.
   */
  *finish(): Generator<readonly (readonly [key: string, kind: ChangeKind])[]> {
    for (const shard of this.#shards) {
      const changes: [string, ChangeKind][] = [];
      for (const [key, number] of shard) {
        const change = this.#settle(number);
        if (this.#listed.at(number) === 0) {
          shard.delete(key);
          this.#free.push(number);
        }
        if (change !== undefined) changes.push([key, change]);
      }
      yield changes;
    }
  }

  /** Makes what is coming what is listed. @returns what became of the key */
  #settle(number: number): ChangeKind | undefined {
    const before = this.#listed.at(number);
    const now = this.#coming.at(number);
    this.#listed.set(number, now);
    if (before === now) return undefined;
    if (before === 0) return "added";
    return now === 0 ? "removed" : "changed";
  }

  /** Gives every key of the last listing, some at a time. */
  *keys(): Generator<readonly string[]> {
    for (const shard of this.#shards) {
      yield [...shard].filter(([, number]) => this.#listed.at(number) !== 0).map(([key]) => key);
    }
  }
}

/** A fingerprint for each number of a key; 0 where none was set. */
class Column {
  readonly #pieces: (Uint32Array | undefined)[] = [];

  at(number: number): number {
    return this.#pieces[number >>> pieceBits]?.[number % pieceLength] ?? 0;
  }

  set(number: number, fingerprint: number): void {
    const at = number >>> pieceBits;
    const piece = this.#pieces[at] ?? new Uint32Array(pieceLength);
    piece[number % pieceLength] = fingerprint;
    this.#pieces[at] = piece;
  }

  clear(): void {
    for (const piece of this.#pieces) piece?.fill(0);
  }
}
