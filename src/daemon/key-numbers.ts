/**
 * Numbers keys from 0 on, and finds them either way: what is known of each key can then lie in columns of plain numbers, which take
 * little room and which V8 does not look through.
 *
 * A listing mostly names its keys in the order of the one before. A key is first looked for behind the one that was named last, where
 * memory is read in order: a look into the index takes a microsecond where there are many, for it meets a cache of the processor
 * nowhere.
 */
import { hash, Shards } from "./shards.ts";

// Keys in a piece: 32 kB each, little enough to be made unnoticed.
const pieceBits = 12;
const pieceLength = 2 ** pieceBits;
const minSlots = 4;
// Some four thousand keys in each where there are a million, which go into a table of twice the room unnoticed.
const tableCount = 256;
// Of a table's slots so many may be taken: beyond, a look meets too many others.
const maxLoad = 0.75;
// Some microseconds of work.
const keysAtOnce = 256;

/** Keys and their numbers. */
export class KeyNumbers {
  /** By number; `undefined` where a key went. */
  readonly #keys: (string | undefined)[][] = [];
  readonly #tables = new Shards(tableCount, () => new Table((number) => this.keyAt(number)));
  #count = 0;
  /** Numbers of keys that went. */
  readonly #free: number[] = [];
  /** The number behind that of the key which was named last. */
  #next = 0;
  readonly #seed: number;

  /** @param seed so that nobody can foresee which keys meet in a table: whoever may write addresses could make them all meet */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#count - this.#free.length;
  }

  /** The key of a number; `undefined` where there is none any more. */
  keyAt(number: number): string | undefined {
    return this.#keys[number >>> pieceBits]?.[number % pieceLength];
  }

  /** The number of a key. */
  find(key: string): number | undefined {
    const bits = this.#bitsOf(key);
    return this.#tables.peekHash(bits)?.find(key, bits);
  }

  /** Has the next keys named as they were from the first one on. */
  rewind(): void {
    this.#next = 0;
  }

  /** Names a key. @returns its number, which is a new one for a key that is new */
  name(key: string): number {
    const number = this.keyAt(this.#next) === key ? this.#next : this.#find(key);
    this.#next = number + 1;
    return number;
  }

  #find(key: string): number {
    const bits = this.#bitsOf(key);
    const table = this.#tables.ofHash(bits);
    const known = table.find(key, bits);
    if (known !== undefined) return known;
    const number = this.#free.pop() ?? this.#count++;
    this.#set(number, key);
    table.add(number, bits);
    return number;
  }

  /** Forgets the key of a number, which may become another's. */
  delete(number: number): void {
    const key = this.keyAt(number);
    if (key === undefined) return;
    const bits = this.#bitsOf(key);
    this.#tables.peekHash(bits)?.delete(key, bits);
    this.#set(number, undefined);
    this.#free.push(number);
  }

  /** Gives the numbers that keys have or had, some at a time: from the first to before the second. */
  *ranges(): Generator<readonly [from: number, to: number]> {
    for (let from = 0; from < this.#count; from += keysAtOnce) yield [from, Math.min(this.#count, from + keysAtOnce)];
  }

  #bitsOf(key: string): number {
    return hash(key, this.#seed);
  }

  #set(number: number, key: string | undefined): void {
    const at = number >>> pieceBits;
    const piece = this.#keys[at] ?? new Array<string | undefined>(pieceLength);
    piece[number % pieceLength] = key;
    this.#keys[at] = piece;
  }
}

/**
 * A part of the index, with open addressing. A slot is a number plus one, 0 for none, and beside it the hash of its key: most keys
 * need not be looked at.
 */
class Table {
  readonly #keyAt: (number: number) => string | undefined;
  #slots = new Uint32Array(2 * minSlots);
  #mask = minSlots - 1;
  #taken = 0;

  constructor(keyAt: (number: number) => string | undefined) {
    this.#keyAt = keyAt;
  }

  find(key: string, bits: number): number | undefined {
    const slot = this.#slotOf(key, bits);
    return slot === undefined ? undefined : this.#numberIn(slot) - 1;
  }

  /** @param number of a key that is not in it */
  add(number: number, bits: number): void {
    if (this.#taken + 1 > (this.#mask + 1) * maxLoad) this.#grow();
    this.#put(number + 1, bits);
    this.#taken++;
  }

  delete(key: string, bits: number): void {
    const found = this.#slotOf(key, bits);
    if (found === undefined) return;
    this.#slots[2 * found] = 0;
    this.#taken--;
    // Those behind it may have made way for it: each is put where it now belongs.
    for (let slot = this.#after(found); this.#numberIn(slot) !== 0; slot = this.#after(slot)) {
      const number = this.#numberIn(slot);
      this.#slots[2 * slot] = 0;
      this.#put(number, this.#bitsIn(slot));
    }
  }

  #slotOf(key: string, bits: number): number | undefined {
    for (let slot = bits & this.#mask; ; slot = this.#after(slot)) {
      const number = this.#numberIn(slot);
      if (number === 0) return undefined;
      if (this.#bitsIn(slot) === bits && this.#keyAt(number - 1) === key) return slot;
    }
  }

  #put(number: number, bits: number): void {
    let slot = bits & this.#mask;
    while (this.#numberIn(slot) !== 0) slot = this.#after(slot);
    this.#slots[2 * slot] = number;
    this.#slots[2 * slot + 1] = bits;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    this.#mask = 2 * this.#mask + 1;
    for (let i = 0; i < before.length; i += 2) {
      if (before[i] !== 0) this.#put(before[i] as number, before[i + 1] as number);
    }
  }

  #after(slot: number): number {
    return (slot + 1) & this.#mask;
  }

  #numberIn(slot: number): number {
    return this.#slots[2 * slot] as number;
  }

  #bitsIn(slot: number): number {
    return this.#slots[2 * slot + 1] as number;
  }
}
