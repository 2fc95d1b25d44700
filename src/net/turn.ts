/**
 * One turn of the event loop: reads first, then writes.
 *
 * All that arrives in a turn is answered from memory before anything is written; the replies then leave in one write per
 * connection. A turn also has one time, read once, so that a hit costs no clock.
 */
import { performance } from "node:perf_hooks";
import type { Clock } from "../model/clock.ts";

/** Something with replies to write at the end of the turn. */
export interface TurnMember {
  /** @param startedAtMs when the turn began, on the monotonic clock */
  endTurn(startedAtMs: number): void;
}

/** The turns of the process; also its monotonic clock. */
export class Turn implements Clock {
  #isUnderWay = false;
  #startedAtMs = 0;
  #members: TurnMember[] = [];

  /** The time of the turn under way, else the time now. */
  nowMs(): number {
    return this.#isUnderWay ? this.#startedAtMs : performance.now();
  }

  /** The time now, even within a turn: for how long a turn took. */
  readMs(): number {
    return performance.now();
  }

  /** Has the member called once when the reads of this turn are done. Call once per turn and member. */
  join(member: TurnMember): void {
    if (!this.#isUnderWay) {
      this.#isUnderWay = true;
      this.#startedAtMs = performance.now();
      // The check phase follows the poll phase of the same turn: no delay but the other reads.
      setImmediate(this.#end);
    }
    this.#members.push(member);
  }

  #end = (): void => {
    const members = this.#members;
    this.#members = [];
    this.#isUnderWay = false;
    for (const member of members) member.endTurn(this.#startedAtMs);
  };
}
