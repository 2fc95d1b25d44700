/** Observes how long the replies from memory took, once per read and map instead of once per reply. */
import type { LookupTally } from "../model/tally.ts";

/** The clock of a meter. */
export interface MeterClock {
  /** The time, which may stand still while one read is taken. */
  nowMs(): number;
  /** The time now, even while the clock stands still. */
  readMs(): number;
}

/** The replies of one connection that were made since the last observation. */
export class MemoryMeter {
  readonly #clock: MeterClock;
  #tally: LookupTally | undefined;
  #replies = 0;

  constructor(clock: MeterClock) {
    this.#clock = clock;
  }

  /** Counts one reply. */
  count(tally: LookupTally): void {
    if (tally !== this.#tally) {
      this.observe(this.#clock.nowMs());
      this.#tally = tally;
    }
    this.#replies++;
  }

  /** Observes the replies counted since the last call: they all took from `startedAtMs` until now. */
  observe(startedAtMs: number): void {
    if (this.#replies === 0) return;
    this.#tally?.duration.observe((this.#clock.readMs() - startedAtMs) / 1000, this.#replies);
    this.#replies = 0;
  }
}
