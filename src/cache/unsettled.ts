/**
 * Which answers the source gave once and not again since: listings cannot speak for them yet.
 *
 * Without this note, whoever asks for them once more would have to look at every entry after every listing to find the few.
 */

// More than are asked for between two listings, unless memory is being filled.
const maxKeys = 4096;

/** Keys of such answers: 4096 at most. */
export class Unsettled {
  readonly #keys = new Set<string>();
  #overflows = 0;

  /** How many times there were more: what was noted until then is forgotten, so any key may be one. */
  get overflows(): number {
    return this.#overflows;
  }

  note(key: string): void {
    if (this.#keys.size >= maxKeys) {
      this.#keys.clear();
      this.#overflows++;
    }
    this.#keys.add(key);
  }

  /** Takes what was noted since it was last taken. */
  take(): readonly string[] {
    const keys = [...this.#keys];
    this.#keys.clear();
    return keys;
  }
}
