/** Medians of interleaved repetitions: what a noisy machine leaves of a measurement. */
/** What may be measured of a contestant in one repetition. */
export type Figure =
  /** Lookups answered per second. */
  | "perSecond"
  /** Lines of a log read per second. */
  | "linesPerSecond"
  | "p50Us"
  | "p99Us"
  | "p999Us"
  /** CPU time of the server per lookup. */
  | "cpuUs"
  /** Resident memory of the server. */
  | "rssBytes"
  /** Statements that the database ran per lookup. */
  | "statements"
  /** How long something took. */
  | "ms"
  /** CPU time of the server for one piece of work. */
  | "cpuMs"
  /** CPU time of the database for it. */
  | "databaseCpuMs"
  /** The longest that the server's event loop was late by. */
  | "loopDelayMs"
  /** Share of lookups that asked the source. */
  | "waitingShare";

/** One repetition. */
export type Sample = Readonly<Partial<Record<Figure, number>>>;

/** One contestant in one setting, measured in turns with the others. */
export interface Entry {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** Contestants in one setting. */
export interface Lineup {
  /** As `--only` selects it. */
  readonly suite: string;
  /** Unique in a run, such as `hits, socketmap unix, 16 connections`. */
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** The middle of the values; the mean of the middle two when their number is even. NaN when there are none. */
export function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  const upper = ascending[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (ascending[middle - 1] ?? Number.NaN)) / 2 : upper;
}

/** A median and the quartiles beside it: half of the values lie between them. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The spread of values; NaN when there are none. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** The value below which a share of the values lie, by linear interpolation between the two beside it. */
function quantile(values: readonly number[], share: number): number {
  const ascending = [...values].sort((a, b) => a - b);
  const place = share * (ascending.length - 1);
  const [below, above] = [ascending[Math.floor(place)] ?? Number.NaN, ascending[Math.ceil(place)] ?? Number.NaN];
  return below + (above - below) * (place - Math.floor(place));
}

/** The spread of one figure; NaN when it was not measured. */
export function spreadOfFigure(entry: Entry, figure: Figure): Spread {
  return spreadOf(entry.samples.map((sample) => sample[figure] ?? Number.NaN));
}

/** The median of one figure; NaN when it was not measured. */
export function medianOf(entry: Entry, figure: Figure): number {
  return median(entry.samples.map((sample) => sample[figure] ?? Number.NaN));
}

/**
 * The spread of the ratios of a figure, each taken between two runs that followed each other: what slows the machine down
 * for a while slows both, and leaves their ratio alone.
 *
 * @returns NaN when the two were not measured equally often, or never
 */
export function spreadOfRatio(entry: Entry, reference: Entry, figure: Figure): Spread {
  if (entry.samples.length !== reference.samples.length) return spreadOf([]);
  return spreadOf(
    entry.samples.map((sample, i) => (sample[figure] ?? Number.NaN) / (reference.samples[i]?.[figure] ?? Number.NaN)),
  );
}

/** Something that is measured in turns with others. */
export interface Contestant {
  readonly name: string;
  measure(repetition: number): Promise<Sample>;
}

/** Measures contestants in turns, A B C, B C A, C A B, …, so that none is always first. */
export async function interleave(contestants: readonly Contestant[], repetitions: number): Promise<Entry[]> {
  const samples: Sample[][] = contestants.map(() => []);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const place = (turn + repetition) % contestants.length;
      samples[place]?.push(await (contestants[place] as Contestant).measure(repetition));
    }
  }
  return contestants.map(({ name }, place) => ({ name, samples: samples[place] as Sample[] }));
}
