/**
 * When a source is listed next: at its interval, and soon after a signal.
 *
 * `auto`: a fiftieth of the time is spent on listings. After a signal more may be, since it says that something changed; but a signal
 * of a whole server comes for other databases too, and one that was for nothing is waited for longer the next time.
 */

// Of `auto`.
const listingShare = 50;
const minMs = 1000;
const maxMs = 5 * 60_000;
// After a signal: a fifth of the time at most, and no more than ten listings a second.
const hintedShare = 4;
const minHintedMs = 100;
// A signal may come before its commit can be seen, and a listing be made in between.
const secondLookMs = 1000;
// A listing that found nothing doubles the time to the next that a signal asks for, so often.
const maxDoublings = 5;
// A machine that was busy once must not have its source left alone for long: the quickest of the last listings counts.
const remembered = 5;
const enough = 3;
const firstRetryMs = 1000;
const maxRetryMs = 30_000;

/** The schedule of one source. */
export class ListingSchedule {
  readonly #interval: number | "auto";
  readonly #nowMs: () => number;
  /** Of the last listings. */
  #durationsMs: readonly number[] = [];
  #endedAtMs: number;
  #isHinted = false;
  /** When to list once more after a signal, or when that was asked for. */
  #secondLookAtMs = Number.POSITIVE_INFINITY;
  #wasHinted = false;
  /** Listings in a row that a signal asked for and that found nothing. */
  #fruitless = 0;
  #retryMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(interval: number | "auto", nowMs: () => number) {
    this.#interval = interval;
    this.#nowMs = nowMs;
    this.#endedAtMs = nowMs();
  }

  /** How long the source is left alone without a signal, in milliseconds. */
  get intervalMs(): number {
    if (this.#interval !== "auto") return this.#interval;
    // A first listing that met a cold database says little of the next.
    const share = this.#durationsMs.length < enough ? hintedShare : listingShare;
    return Math.min(maxMs, Math.max(minMs, share * this.#costMs));
  }

  /** What a listing takes, the machine being as idle as it was of late. */
  get #costMs(): number {
    return this.#durationsMs.length === 0 ? 0 : Math.min(...this.#durationsMs);
  }

  /** Notes a signal. */
  hint(): void {
    this.#isHinted = true;
    this.#secondLookAtMs = this.#nowMs() + secondLookMs;
    this.#arm();
  }

  /** Asks for one more listing, as soon as the source may be listed again, unless one is due soon anyway. */
  again(): void {
    if (this.#secondLookAtMs === Number.POSITIVE_INFINITY) this.#secondLookAtMs = this.#nowMs();
    this.#arm();
  }

  /** Notes a listing that is complete. */
  listed(durationMs: number, hasChanged: boolean): void {
    this.#durationsMs = [durationMs, ...this.#durationsMs.slice(0, remembered - 1)];
    this.#endedAtMs = this.#nowMs();
    this.#retryMs = 0;
    if (hasChanged) this.#fruitless = 0;
    else if (this.#wasHinted) this.#fruitless++;
  }

  /** Notes a listing that failed. */
  failed(): void {
    this.#endedAtMs = this.#nowMs();
    this.#retryMs = Math.min(maxRetryMs, Math.max(firstRetryMs, 2 * this.#retryMs));
  }

  /** Waits until the next listing is due; not at all once the schedule is closed. */
  async due(): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#arm();
    });
    this.#wake = undefined;
    this.#wasHinted = this.#isHinted;
    this.#isHinted = false;
    if (this.#nowMs() >= this.#secondLookAtMs) this.#secondLookAtMs = Number.POSITIVE_INFINITY;
  }

  /** Lets `due` end at once, now and later, so that whoever waits or is about to can see that all is over. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake?.();
  }

  #arm(): void {
    if (this.#wake === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#wake, Math.max(0, this.#dueAtMs() - this.#nowMs())).unref();
  }

  #dueAtMs(): number {
    if (this.#retryMs > 0) return this.#endedAtMs + this.#retryMs;
    const regularAtMs = this.#endedAtMs + this.intervalMs;
    const gapMs = Math.max(minHintedMs, hintedShare * this.#costMs) * 2 ** Math.min(this.#fruitless, maxDoublings);
    const hintedAtMs = this.#isHinted ? this.#endedAtMs + gapMs : Number.POSITIVE_INFINITY;
    const secondAtMs = Math.max(this.#secondLookAtMs, this.#endedAtMs + gapMs);
    return Math.min(regularAtMs, hintedAtMs, secondAtMs);
  }
}
