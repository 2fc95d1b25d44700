/**
 * Many keys in many small parts: a map of a million keys stops everybody for 100 ms when it grows, one of a thousand for nothing that
 * counts; and a part is little enough to be worked through in one go.
 */

/** Parts among which keys are dealt by their hash; a part is made when its first key comes. */
export class Shards<T> {
  readonly #parts: (T | undefined)[];
  readonly #make: () => T;

  constructor(count: number, make: () => T) {
    this.#parts = Array.from({ length: count }, () => undefined);
    this.#make = make;
  }

  /** The part of a key, made if need be. */
  of(key: string): T {
    return this.ofHash(hash(key, 0));
  }

  /** The part of a key; `undefined` where none was made: it has no such key. */
  peek(key: string): T | undefined {
    return this.peekHash(hash(key, 0));
  }

  /** As `of`, by a hash of the key: always of the same seed. */
  ofHash(bits: number): T {
    const number = this.#numberOf(bits);
    const part = this.#parts[number] ?? this.#make();
    this.#parts[number] = part;
    return part;
  }

  /** As `peek`, by a hash of the key. */
  peekHash(bits: number): T | undefined {
    return this.#parts[this.#numberOf(bits)];
  }

  /** Every part that was made. */
  *[Symbol.iterator](): Generator<T> {
    for (const part of this.#parts) if (part !== undefined) yield part;
  }

  // The first part gets twice as many keys as the last. A part doubles its room when it is full: parts of one size would all do so at
  // once, and be half empty together.
  #numberOf(bits: number): number {
    return Math.floor(this.#parts.length * (2 ** (bits / 2 ** 32) - 1));
  }
}

/** 32 bits of a text: FNV-1a with a last mix, since its low bits are weak. One change in four thousand million goes unseen. */
export function hash(text: string, seed: number): number {
  let bits = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
