/** Where time comes from, within a process and between two. */

/** A clock of one process; tests pass one that they move by hand. */
export interface Clock {
  /** Milliseconds on a clock that never goes back and that no clock step moves: for deadlines, ages and TTLs. */
  nowMs(): number;
}

/** A point in time, on clocks that a process and the next one share. */
export interface Moment {
  /** The time of day: a clock that can be set back. */
  readonly wallMs: number;
  /** Since the machine started, suspended time included: a clock that nobody sets. */
  readonly uptimeMs: number;
  /** Another after each start of the machine; empty where that is not known. */
  readonly bootId: string;
}

/**
 * Says how much time has passed at least: the most that any clock knows of, since one that was set back would make what is
 * old fresh again.
 *
 * @returns `undefined` when the time of day went back and no other clock tells by how much
 */
export function elapsedMs(then: Moment, now: Moment): number | undefined {
  const byWallMs = now.wallMs - then.wallMs;
  const isBootKnown = then.bootId !== "" && now.bootId !== "";
  if (isBootKnown && then.bootId === now.bootId && now.uptimeMs >= then.uptimeMs) {
    return Math.max(byWallMs, now.uptimeMs - then.uptimeMs);
  }
  if (byWallMs < 0) return undefined;
  // The machine has started since then.
  return isBootKnown ? Math.max(byWallMs, now.uptimeMs) : byWallMs;
}
