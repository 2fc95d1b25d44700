/**
 * Which answers the source gave once and not again since: listings cannot speak for them yet.
 *
 * Without this note, whoever asks for them once more would have to look at every entry after every listing to find the few.
 */

// More than are asked for between two listings, unless memory is being filled.
const maxKeys = 4096;

/** Keys of such answers, as long as there are not too many. */
export class Unsettled {
  #keys = new Set<string>();
  #overflows = 0;

  /** How many times there were too many: those that were noted until then are any of all. */
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
