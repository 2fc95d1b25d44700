/**
 * What a source listed last, one fingerprint for each key: enough to tell which keys appeared, changed or went.
 *
 * At most 100 bytes a key of common length (some 25 characters), besides at most 128 kB for the parts themselves. The figures of a
 * key lie in pieces of fixed length, so that nothing is copied when a source grows, and nothing is kept for keys that may come.
 */
import { KeyNumbers } from "./key-numbers.ts";
import { hash } from "./shards.ts";

/** What became of a key from one listing to the next. */
export type ChangeKind = "added" | "changed" | "removed";

// Fingerprints in a piece: 16 kB each, little enough to be made or cleared unnoticed.
const pieceBits = 12;
const pieceLength = 2 ** pieceBits;

/** The fingerprints of one source. */
export class Fingerprints {
  readonly #keys: KeyNumbers;
  /** By the number of the key; 0 = not listed. */
  readonly #listed = new Column();
  /** The same of the listing under way. */
  readonly #coming = new Column();
  readonly #seed: number;

  /** @param seed makes fingerprints that nobody can foresee */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#keys = new KeyNumbers(seed);
  }

  /** How many keys there are: those of the last listing, and of the one under way. */
  get size(): number {
    return this.#keys.size;
  }

  /** Whether a key was in the last listing that was completed. */
  has(key: string): boolean {
    const number = this.#keys.find(key);
    return number !== undefined && this.#listed.at(number) !== 0;
  }

  /** Begins a listing; one that was begun before is forgotten. */
  begin(): void {
    this.#coming.clear();
    this.#keys.rewind();
  }

  /**
   * Takes a line of the listing. Lines of a key may stand apart and in any order: their sum counts.
   *
   * @param key folded
   * @param kind what the line says the key is
   * @param owner whom it says the key belongs to; empty for nobody
   */
  add(key: string, kind: string, owner: string): void {
    const number = this.#keys.name(key);
    const sum = (this.#coming.at(number) + hash(owner, hash(kind, this.#seed))) >>> 0;
    this.#coming.set(number, sum === 0 ? 1 : sum);
  }

  /**
   * Ends the listing: what it said is what was listed last. Gives the keys that are not as before, some at a time, so that the
   * caller can let others work in between; until the last one is taken, part of the keys is as before.
   */
  *finish(): Generator<readonly (readonly [key: string, kind: ChangeKind])[]> {
    for (const [from, to] of this.#keys.ranges()) {
      const changes: [string, ChangeKind][] = [];
      for (let number = from; number < to; number++) {
        const key = this.#keys.keyAt(number);
        if (key === undefined) continue;
        const change = this.#settle(number);
        if (this.#listed.at(number) === 0) this.#keys.delete(number);
        if (change !== undefined) changes.push([key, change]);
      }
      yield changes;
    }
  }

  /** Makes what is coming what is listed. @returns what became of the key */
  #settle(number: number): ChangeKind | undefined {
    const before = this.#listed.at(number);
    const now = this.#coming.at(number);
    if (before === now) return undefined;
    this.#listed.set(number, now);
    if (before === 0) return "added";
    return now === 0 ? "removed" : "changed";
  }

  /** Gives every key of the last listing, some at a time. */
  *keys(): Generator<readonly string[]> {
    for (const [from, to] of this.#keys.ranges()) {
      const keys: string[] = [];
      for (let number = from; number < to; number++) {
        const key = this.#listed.at(number) === 0 ? undefined : this.#keys.keyAt(number);
        if (key !== undefined) keys.push(key);
      }
      yield keys;
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
