/**
 * Lookups that wait while a writer holds the SQLite file: one of them tries again and again, for all.
 *
 * Each of thousands trying by itself would keep the event loop from everybody whom memory can answer.
 */
import type { Clock } from "../../model/clock.ts";
import { SourceError } from "../../model/errors.ts";

// While a writer commits, readers of a database without WAL wait some milliseconds. SQLite's own busy timeout would hold
// the event loop for that long.
const busyDelayMs = 5;
// When the file is free again, so long at a time is spent on those who waited; then whoever came meanwhile is served.
const sliceMs = 5;

interface Waiting {
  readonly untilMs: number;
  /** Asks again. @returns whether it is settled: not while the file is still held */
  readonly attempt: () => boolean;
  readonly fail: (error: SourceError) => void;
}

/** The lookups of one source that wait for its file, in the order in which they came. */
export class BusyQueue {
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #onTimeout: () => void;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #onEmpty: (() => void)[] = [];

  /**
   * @param maxWaiting more are refused with ERR_SOURCE_OVERLOAD
   * @param onTimeout called for each that waited too long
   */
  constructor(clock: Clock, maxWaiting: number, onTimeout: () => void) {
    this.#clock = clock;
    this.#maxWaiting = maxWaiting;
    this.#onTimeout = onTimeout;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Waits for its turn.
   *
   * @param ask gives `undefined` while the file is held
   * @throws {SourceError} ERR_SOURCE_OVERLOAD at once, ERR_SOURCE_TIMEOUT when `untilMs` has passed, or what `ask` throws
   */
  join<T>(ask: () => { readonly value: T } | undefined, untilMs: number): Promise<T> {
    if (this.#waiting.length >= this.#maxWaiting) {
      const message = `${this.#waiting.length} lookups wait for the SQLite file already`;
      return Promise.reject(new SourceError("ERR_SOURCE_OVERLOAD", message));
    }
    return new Promise((resolve, reject) => {
      const attempt = (): boolean => {
        try {
          const answer = ask();
          if (answer === undefined) return false;
          resolve(answer.value);
        } catch (error) {
          reject(error);
        }
        return true;
      };
      this.#waiting.push({ untilMs, attempt, fail: reject });
      this.#timer ??= setTimeout(this.#serve, busyDelayMs);
    });
  }

  /** Resolves when nobody waits any more. */
  drained(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
    });
  }

  #serve = (): void => {
    this.#timer = undefined;
    this.#expire();
    const untilMs = this.#clock.nowMs() + sliceMs;
    let isHeld = false;
    let served = 0;
    while (!isHeld && served < this.#waiting.length && this.#clock.nowMs() < untilMs) {
      isHeld = !(this.#waiting[served] as Waiting).attempt();
      if (!isHeld) served++;
    }
    this.#waiting.splice(0, served);
    if (this.isEmpty) for (const resolve of this.#onEmpty.splice(0)) resolve();
    else this.#timer = isHeld ? setTimeout(this.#serve, busyDelayMs) : setImmediate(this.#serve);
  };

  #expire(): void {
    const nowMs = this.#clock.nowMs();
    const late = this.#waiting.filter(({ untilMs }) => nowMs >= untilMs);
    if (late.length === 0) return;
    const rest = this.#waiting.filter(({ untilMs }) => nowMs < untilMs);
    this.#waiting.splice(0, this.#waiting.length, ...rest);
    for (const { fail } of late) {
      this.#onTimeout();
      fail(new SourceError("ERR_SOURCE_TIMEOUT", "a writer holds the SQLite file"));
    }
  }
}
