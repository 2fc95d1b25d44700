/** Observes how long the replies from memory took, once per read and map instead of once per reply. */
import type { LookupTally } from "../model/tally.ts";
import type { Turn } from "./turn.ts";

/** The replies of one connection that were made since the last observation. */
export class MemoryMeter {
  readonly #turn: Turn;
  #tally: LookupTally | undefined;
  #replies = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Counts one reply. */
  count(tally: LookupTally): void {
    if (tally !== this.#tally) {
      this.observe(this.#turn.nowMs());
      this.#tally = tally;
    }
    this.#replies++;
  }

  /** Observes the replies counted since the last call: they all took from `startedAtMs` until now. */
  observe(startedAtMs: number): void {
    if (this.#replies === 0) return;
    this.#tally?.duration.observe((this.#turn.readMs() - startedAtMs) / 1000, this.#replies);
    this.#replies = 0;
  }
}
