/**
 * What a source listed last, one fingerprint for each key: enough to tell which keys appeared, changed or went.
 *
 * Some 90 bytes a key.
 */
import { hash, Shards } from "./shards.ts";

/** What became of a key from one listing to the next. */
export type ChangeKind = "added" | "changed" | "removed";

// Room for the fingerprints of so many keys to begin with.
const firstRoom = 1024;

/** The fingerprints of one source. */
export class Fingerprints {
  readonly #shards = new Shards<Map<string, number>>(() => new Map());
  /** By the number of the key; 0 = not listed. */
  #listed = new Uint32Array(firstRoom);
  /** The same of the listing under way. */
  #coming = new Uint32Array(firstRoom);
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
    return number !== undefined && this.#listed[number] !== 0;
  }

  /** Begins a listing; one that was begun before is forgotten. */
  begin(): void {
    this.#coming.fill(0);
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
      if (number >= this.#coming.length) this.#grow();
      shard.set(key, number);
    }
    const sum = ((this.#coming[number] as number) + hash(text, this.#seed)) >>> 0;
    this.#coming[number] = sum === 0 ? 1 : sum;
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
        if (this.#listed[number] === 0) {
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
    const before = this.#listed[number] as number;
    const now = this.#coming[number] as number;
    this.#listed[number] = now;
    if (before === now) return undefined;
    if (before === 0) return "added";
    return now === 0 ? "removed" : "changed";
  }

  /** Gives every key of the last listing, some at a time. */
  *keys(): Generator<readonly string[]> {
    for (const shard of this.#shards) {
      yield [...shard].filter(([, number]) => this.#listed[number] !== 0).map(([key]) => key);
    }
  }

  #grow(): void {
    const length = this.#coming.length * 2;
    const listed = new Uint32Array(length);
    const coming = new Uint32Array(length);
    listed.set(this.#listed);
    coming.set(this.#coming);
    this.#listed = listed;
    this.#coming = coming;
  }
}
