/** A map that forgets: it keeps the keys that were set last, and never more than it was told. */

/**
 * Two generations: when the young one is full, it becomes the old one, and what the old one held is forgotten. So a key is
 * kept for at least half of `size` further keys, and forgetting costs nothing. (A Map that gives up its oldest key at each
 * step passes over all that it gave up before.)
 */
export class Recent<V> {
  readonly #half: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @param size how many keys are kept at most */
  constructor(size: number) {
    this.#half = Math.max(1, Math.floor(size / 2));
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: V): void {
    this.#old.delete(key);
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
