/** Where time comes from; tests pass one they move by hand. */
export interface Clock {
  /** Milliseconds on a clock that never goes back and that no clock step moves: for deadlines, ages and TTLs. */
  nowMs(): number;
}
