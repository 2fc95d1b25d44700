/** Lets lookups in between pieces of background work. */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";

// What a hit may wait at most without anybody noticing is 5 ms; what it waits for itself is a twentieth of a millisecond.
const sliceMs = 0.5;
// With a pause after each slice of a tenth of a millisecond, the processor is free for nine tenths of the time.
const shortSliceMs = 0.1;
const pauseMs = 1;

/** Cuts background work into slices. */
export class WorkSlices {
  #startedAtMs = performance.now();
  /** The turn for which somebody waits. */
  #turn: Promise<void> | undefined;

  /**
   * To be called between two small pieces of work: waits for a turn of the event loop when the slice is used up. Several who work at
   * once share the slice and the turn: each does one piece at least before the next.
   */
  async rest(): Promise<void> {
    if (this.#spentMs >= sliceMs) await this.#nextTurn();
  }

  /** As `rest`, sooner and for a moment in which the processor is free: for work that is so long that nobody waits for it. */
  async restLonger(): Promise<void> {
    if (this.#spentMs >= shortSliceMs) await this.pause();
  }

  /** Gives the processor away for a moment: between pieces that are a slice each. */
  async pause(): Promise<void> {
    await delay(pauseMs);
    this.#startedAtMs = performance.now();
  }

  #nextTurn(): Promise<void> {
    this.#turn ??= nextTurn().then(() => {
      this.#startedAtMs = performance.now();
      this.#turn = undefined;
    });
    return this.#turn;
  }

  get #spentMs(): number {
    return performance.now() - this.#startedAtMs;
  }
}
