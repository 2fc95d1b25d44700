/** Lets lookups in between pieces of background work. */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";

// What a hit may wait at most without anybody noticing is 5 ms; what it waits for itself is a twentieth of a millisecond.
const sliceMs = 0.5;

/** Cuts background work into slices. */
export class WorkSlices {
  #startedAtMs = performance.now();

  /** To be called between two small pieces of work: waits for a turn of the event loop when the slice is used up. */
  async rest(): Promise<void> {
    if (performance.now() - this.#startedAtMs < sliceMs) return;
    await nextTurn();
    this.#startedAtMs = performance.now();
  }

  /** As `rest`, and gives the processor away for a moment too: for work that nobody waits for. */
  async restLong(): Promise<void> {
    await delay(1);
    this.#startedAtMs = performance.now();
  }
}
