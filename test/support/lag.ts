/**
 * How late this machine is: how long after its time a timer runs, at the worst so far.
 *
 * What a busy machine adds to a bound cannot be known beforehand, but it can be observed in the run that is judged. A process that
 * waits for the processor adds as much to whatever it does; several take part in one answer.
 */

const intervalMs = 20;
// The test, the daemon, the database and the client each wait their turn, some more than once.
const turns = 10;

/** Watches the machine from its making until `stop`. */
export class Lag {
  #worstMs = 0;
  #expectedAtMs = performance.now() + intervalMs;
  readonly #timer = setInterval(() => {
    const nowMs = performance.now();
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#expectedAtMs);
    this.#expectedAtMs = nowMs + intervalMs;
  }, intervalMs).unref();

  /** What to allow on top of a bound that holds on an idle machine. */
  get allowanceMs(): number {
    return turns * Math.max(0, this.#worstMs, performance.now() - this.#expectedAtMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
