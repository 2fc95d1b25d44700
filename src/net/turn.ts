/**
 * The clock of the network side, and what is left to do at the end of a turn of the event loop.
 *
 * What a read brings is answered and written at once, at one time, read once. Replies that lookups bring come in bunches,
 * since lookups share statements: those of one connection leave in one write when the bunch is complete.
 */
import { performance } from "node:perf_hooks";
import type { Clock } from "../model/clock.ts";

/** Something with replies to write. */
export interface TurnMember {
  /** @param nowMs the time, on the monotonic clock */
  writeOut(nowMs: number): void;
}

// A turn of fewer reads than this is not worth collecting for.
const manyMembers = 8;
// While replies are written at once, one read in so many waits for the end of its turn, to see how many others there are.
const sampledReads = 32;

/** The turns of the process; also its monotonic clock. */
export class Turn implements Clock {
  #isStopped = false;
  #stoppedAtMs = 0;
  #members = new Set<TurnMember>();
  #isCollecting = false;
  #readsUntilSample = sampledReads;

  /** The time at which the clock was stopped, else the time now. */
  nowMs(): number {
    return this.#isStopped ? this.#stoppedAtMs : performance.now();
  }

  /** The time now, even while the clock is stopped: for how long something took. */
  readMs(): number {
    return performance.now();
  }

  /** Stops the clock, so that all that is done until `resumeClock` costs one reading of it. @returns the time */
  stopClock(): number {
    this.#stoppedAtMs = performance.now();
    this.#isStopped = true;
    return this.#stoppedAtMs;
  }

  resumeClock(): void {
    this.#isStopped = false;
  }

  /** Has what a read brought written: at once, or where many clients ask at a time, when all of them have been read. */
  afterRead(member: TurnMember, nowMs: number): void {
    if (this.#isCollecting || --this.#readsUntilSample === 0) this.join(member);
    else member.writeOut(nowMs);
  }

  /** Has the member called once at the end of this turn, however often it joins. */
  join(member: TurnMember): void {
    // The check phase follows the poll phase of the same turn: no delay but what else was read.
    if (this.#members.size === 0) setImmediate(this.#end);
    this.#members.add(member);
  }

  #end = (): void => {
    const members = this.#members;
    this.#members = new Set();
    this.#isCollecting = members.size >= manyMembers;
    this.#readsUntilSample = sampledReads;
    const nowMs = performance.now();
    for (const member of members) member.writeOut(nowMs);
  };
}
