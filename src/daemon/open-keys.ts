/**
 * Keys of which it is open what the source says now: those that are still to be asked for, and those for which it failed.
 *
 * All keys of a large site may be open at once, when its database is away. So nothing here looks at all of them in one go.
 */
import { Shards } from "./shards.ts";

// A thousand keys at most in each where a million are open.
const partCount = 1536;

/** The open keys of one source. */
export class OpenKeys {
  /** How many times each is still to be asked for. */
  readonly #waiting = new Shards<Map<string, number>>(partCount, () => new Map());
  #failed = failedKeys();
  /** Those that failed before and are being taken, as far as they were not yet. */
  #leaving = failedKeys();

  /** Whether it is open what the source says of a key. */
  has(key: string): boolean {
    return (
      this.#waiting.peek(key)?.has(key) === true ||
      this.#failed.peek(key)?.has(key) === true ||
      this.#leaving.peek(key)?.has(key) === true
    );
  }

  /** Notes that a key is to be asked for, or once more; that it failed before is forgotten. */
  open(key: string): void {
    const waiting = this.#waiting.of(key);
    waiting.set(key, (waiting.get(key) ?? 0) + 1);
    this.#failed.peek(key)?.delete(key);
  }

  /** Notes that a key was asked for, once of the times that it was opened. */
  close(key: string): void {
    const waiting = this.#waiting.peek(key);
    const left = (waiting?.get(key) ?? 1) - 1;
    if (left === 0) waiting?.delete(key);
    else waiting?.set(key, left);
  }

  /** Notes that a key could not be asked for. */
  fail(key: string): void {
    this.#failed.of(key).add(key);
  }

  /**
   * Takes every key that has failed so far, to be asked for again: some hundred at a time, which are open then. What fails later is
   * left for the next time. Whoever takes some takes all, or gives up the source.
   */
  reopenFailed(): Iterable<readonly string[]> {
    this.#leaving = this.#failed;
    this.#failed = failedKeys();
    return this.#reopen(this.#leaving);
  }

  *#reopen(leaving: Shards<Set<string>>): Generator<readonly string[]> {
    for (const part of leaving) {
      const keys = [...part];
      for (const key of keys) this.open(key);
      part.clear();
      if (keys.length > 0) yield keys;
    }
  }
}

function failedKeys(): Shards<Set<string>> {
  return new Shards(partCount, () => new Set());
}
