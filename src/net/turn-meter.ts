/** Observes how long the replies from memory took, once per turn and map instead of once per reply. */
import type { LookupTally } from "../model/tally.ts";
import type { Turn } from "./turn.ts";

/** The replies of one connection that were made in the turn under way. */
export class TurnMeter {
  readonly #turn: Turn;
  #tally: LookupTally | undefined;
  #replies = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Counts one reply of the turn under way. */
  count(tally: LookupTally): void {
    if (tally !== this.#tally) {
      this.observe(this.#turn.nowMs());
      this.#tally = tally;
    }
    this.#replies++;
  }

  /** Observes the replies counted since the last call: they all took from the start of the turn until now. */
  observe(startedAtMs: number): void {
    if (this.#replies === 0) return;
    this.#tally?.duration.observe((this.#turn.readMs() - startedAtMs) / 1000, this.#replies);
    this.#replies = 0;
  }
}
