/**
 * Deadlines of the lookups under way, kept by one coarse timer instead of one timer per lookup.
 */
import type { Clock } from "../model/clock.ts";
import { type Member, Roster } from "../model/under-way.ts";

/** Something that must end by a time. */
export interface Expiring extends Member {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Called once, at most `tickMs` after the deadline. */
  expire(): void;
}

// A lookup may end that much after its deadline: a hundredth of the default 10 s is soon enough for Postfix, which waits 100 s.
const tickMs = 50;

/** The lookups that wait. The timer runs while there are some, and for one tick more: a lone lookup after another finds it there. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #waiting = new Roster<Expiring>();
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many lookups wait now. */
  get size(): number {
    return this.#waiting.size;
  }

  add(expiring: Expiring): void {
    this.#waiting.add(expiring);
    this.#timer ??= setInterval(this.#tick, tickMs);
  }

  /** Forgets one that ended in time. */
  delete(expiring: Expiring): void {
    this.#waiting.delete(expiring);
  }

  #tick = (): void => {
    const nowMs = this.#clock.nowMs();
    for (const expiring of this.#waiting) {
      if (expiring.deadlineMs > nowMs) continue;
      this.#waiting.delete(expiring);
      expiring.expire();
    }
    if (this.#waiting.size === 0) this.#stop();
  };

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
