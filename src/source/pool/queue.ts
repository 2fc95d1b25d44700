/** The lookups of a source that wait for a connection: in order, bounded, each with its deadline. Knows no database and no time. */
import type { Cells } from "../../model/keys.ts";
import type { Member } from "../../model/under-way.ts";

/** What a source makes of a lookup, as far as the queue cares. */
export interface Batchable {
  /** Lookups of one shape can go together. */
  readonly shape: string;
  /** The questions of which it consists. */
  readonly arms: readonly unknown[];
}

/** A lookup from the moment it is asked for to the moment it is settled. */
export interface Waiting<L extends Batchable> extends Member {
  /** Bound when it is first taken, since a source learns its queries only when it is reached. */
  readonly bind: () => L;
  readonly deadlineMs: number;
  /** How often it was sent to the database; what one event broke counts once. */
  tries: number;
  /** The number of the newest session that was there when it last failed: what broke then may have broken every one of them. */
  doubtedUpTo: number;
  /** Whether somebody still waits for it. */
  isSettled: boolean;
  resolve(findings: Cells): void;
  reject(error: unknown): void;
}

/** A lookup that is about to be sent. */
export interface Taken<L extends Batchable> {
  readonly waiting: Waiting<L>;
  readonly lookup: L;
}

/** How many lookups may share one statement: as many as half a millisecond of the database is worth. */
const batchSizes = [16, 8, 4, 2, 1] as const;

/** Lookups that wait, first come first served within a shape. */
export class LookupQueue<L extends Batchable> {
  readonly #maxArms: number;
  #waiting: Waiting<L>[] = [];

  /** @param maxArms how many questions may share one statement */
  constructor(maxArms: number) {
    this.#maxArms = maxArms;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Puts a lookup at the end. */
  add(waiting: Waiting<L>): void {
    this.#waiting.push(waiting);
  }

  /** Puts lookups back to the front, after the connection that they were sent on broke. */
  putBack(waiting: readonly Waiting<L>[]): void {
    this.#waiting.unshift(...waiting);
  }

  /**
   * Takes the lookup that has waited longest, and others of its shape with it.
   *
   * As many as fit into a statement, rather than a few for each free connection: a statement costs the database and us as much
   * as several of its questions (docs/decisions/0008-full-statements.md). Sizes are powers of two, so that a source needs
   * few statement texts: of six lookups four are taken.
   *
   * @returns empty when nobody waits
   */
  take(): readonly Taken<L>[] {
    const taken: Taken<L>[] = [];
    const left: Waiting<L>[] = [];
    let limit = 1;
    let scanned = 0;
    for (const waiting of this.#waiting) {
      if (taken.length > 0 && taken.length === limit) break;
      scanned++;
      if (waiting.isSettled) continue;
      const lookup = waiting.bind();
      const [first] = taken;
      if (first === undefined) limit = this.#sizeFor(this.size, lookup.arms.length);
      if (first === undefined || first.lookup.shape === lookup.shape) taken.push({ waiting, lookup });
      else left.push(waiting);
    }
    const size = this.#sizeFor(taken.length, taken[0]?.lookup.arms.length ?? 1);
    const tooMany = taken.splice(size).map(({ waiting }) => waiting);
    this.#waiting = [...tooMany, ...left, ...this.#waiting.slice(scanned)];
    return taken;
  }

  /** Takes out every lookup whose deadline has passed, and those that nobody waits for any more. */
  takeExpired(nowMs: number): readonly Waiting<L>[] {
    const expired = this.#waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    if (expired.length > 0) this.#waiting = this.#waiting.filter(({ deadlineMs }) => deadlineMs > nowMs);
    return expired;
  }

  /** Takes out every lookup. */
  takeAll(): readonly Waiting<L>[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  #sizeFor(waiting: number, arms: number): number {
    return batchSizes.find((size) => size <= waiting && size * arms <= this.#maxArms) ?? 1;
  }
}
