/**
 * Metrics of prom-client that are read from tallies when they are scraped, instead of being counted one by one.
 *
 * The line of a lookup counts with `+= 1` in plain objects (model/tally.ts); here those become series.
 */
import {
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type Registry,
} from "prom-client";
import type { Histogram as HistogramTally } from "../model/tally.ts";

/** Label names and their values. Values come from closed sets: names of the configuration and the words of the code. */
export type Labels = Readonly<Record<string, string>>;

/** What a metric is called and what it means. */
export interface Heading {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** One series of a counter or gauge as it is now. */
export type Sample = readonly [labels: Labels, value: number];

/** Registers a counter whose series are exactly what `samples` yields at the time of the scrape. */
export function registerCounter(registry: Registry, heading: Heading, samples: () => Iterable<Sample>): void {
  const counter = new Counter({
    ...heading,
    registers: [registry],
    collect: () => {
      counter.reset();
      for (const [labels, value] of samples()) counter.inc(labels, value);
    },
  });
}

/** Registers a gauge whose series are exactly what `samples` yields at the time of the scrape. */
export function registerGauge(registry: Registry, heading: Heading, samples: () => Iterable<Sample>): void {
  const gauge = new Gauge({
    ...heading,
    registers: [registry],
    collect: () => {
      gauge.reset();
      for (const [labels, value] of samples()) gauge.set(labels, value);
    },
  });
}

/** Registers a histogram whose series are exactly what `samples` yields at the time of the scrape. */
export function registerHistogram(
  registry: Registry,
  heading: Heading,
  samples: () => Iterable<readonly [Labels, HistogramTally]>,
): void {
  new TallyHistogram(registry, heading, samples);
}

/**
 * A histogram whose buckets were counted elsewhere.
 *
 * prom-client can only observe values one at a time, so the two methods by which a registry reads a histogram are
 * replaced. `getForPromString` is the one that the text format asks (prom-client 15, registry.js); it is not in its types.
 */
class TallyHistogram extends Histogram {
  readonly #heading: Heading;
  readonly #samples: () => Iterable<readonly [Labels, HistogramTally]>;

  constructor(registry: Registry, heading: Heading, samples: () => Iterable<readonly [Labels, HistogramTally]>) {
    super({ ...heading, registers: [registry] });
    this.#heading = heading;
    this.#samples = samples;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help } = this.#heading;
    const values = [...this.#samples()].flatMap(([labels, tally]) => histogramSeries(name, labels, tally));
    // prom-client declares `type` as a numeric enum that it does not export at run time; what it writes is the word.
    return { name, help, type: "histogram", aggregator: "sum", values } as never;
  }

  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get();
  }
}

// Prometheus buckets are cumulative: each counts everything up to its bound; `+Inf` counts everything.
function histogramSeries(name: string, labels: Labels, tally: HistogramTally): MetricValueWithName<string>[] {
  let total = 0;
  const series: MetricValueWithName<string>[] = [];
  for (const [bucket, count] of tally.counts.entries()) {
    total += count;
    const le = tally.bounds[bucket] ?? "+Inf";
    series.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: total });
  }
  series.push({ metricName: `${name}_sum`, labels, value: tally.sum });
  series.push({ metricName: `${name}_count`, labels, value: total });
  return series;
}

/** Makes a sample of each count, its word being one more label. */
export function* each(counts: Readonly<Record<string, number>>, label: string, labels: Labels): Iterable<Sample> {
  for (const [word, count] of Object.entries(counts)) yield [{ ...labels, [label]: word }, count];
}
