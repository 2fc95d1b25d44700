/**
 * Latencies in fixed memory: log-linear buckets as in HdrHistogram, each at most 0.4 % away from what it stands for.
 */

// One tick is 10 ns, so 32 bits reach 42 s: longer than any lookup may take (the generator gives up after 10 s).
const ticksPerMs = 100_000;
const maxTicks = 2 ** 32 - 1;
// 128 buckets per power of two: half a bucket is 1/256 of the value.
const bucketBits = 7;
const bucketsPerOctave = 1 << bucketBits;
const exactTicks = bucketsPerOctave * 2;

/** Counts durations and tells their percentiles. */
export class LatencyHistogram {
  readonly #counts = new Float64Array((32 - bucketBits + 1) * bucketsPerOctave);
  #count = 0;
  #maxMs = 0;

  /** Observations so far. */
  get count(): number {
    return this.#count;
  }

  /** The longest duration, as it was recorded; 0 when there is none. */
  get maxMs(): number {
    return this.#maxMs;
  }

  /** Adds one duration; below 0 counts as 0, beyond 42 s as 42 s (`maxMs` stays exact). */
  record(ms: number): void {
    const ticks = Math.min(Math.max(Math.round(ms * ticksPerMs), 0), maxTicks);
    const bucket = bucketOf(ticks);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /**
   * The duration in ms that a share `quantile` (0 to 1) of all observations does not exceed.
   *
   * @returns the middle of its bucket, never more than `maxMs`; 0 when there are no observations
   */
  quantileMs(quantile: number): number {
    const rank = Math.max(1, Math.ceil(quantile * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(middleOf(bucket) / ticksPerMs, this.#maxMs);
    }
    return 0;
  }
}

function bucketOf(ticks: number): number {
  if (ticks < exactTicks) return ticks;
  const shift = 32 - Math.clz32(ticks) - bucketBits - 1;
  return shift * bucketsPerOctave + (ticks >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < exactTicks) return bucket;
  const shift = Math.floor(bucket / bucketsPerOctave) - 1;
  const width = 2 ** shift;
  return (bucket - shift * bucketsPerOctave) * width + width / 2;
}
