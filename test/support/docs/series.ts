/** The series of /metrics as a set to check queries against: alert rules and dashboards rot when a name changes. */
import { Metrics } from "../../../src/telemetry/exposition.ts";

/** Metric name → label name → values seen. A histogram stands under its `_bucket`, `_sum` and `_count` names. */
export type SeriesCatalogue = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** The text of /metrics of a daemon in which everything has one name: `senders`, `mail` and a listener on port 9000. */
export function exampleMetrics(): Promise<string> {
  const metrics = new Metrics({ version: "1.0.0", node: "v22.0.0" });
  metrics.lookup("senders", "socketmap");
  metrics.cache("senders");
  metrics.source("mail");
  metrics.listener("inet:127.0.0.1:9000");
  metrics.messages("inet:127.0.0.1:9002");
  metrics.watchCache("senders", () => ({ positive: 1, negative: 2, bytes: 3 }));
  metrics.watchFollowing("mail", () => ({
    signal: { signal: undefined, advice: "" },
    listed: 3,
    ageMs: 1,
    durationMs: 1,
    intervalMs: 1000,
    reason: "",
  }));
  metrics.watchSource("mail", () => ({ isUp: true, reason: "", hosts: [] }));
  return metrics.text();
}

/** Reads the text format 0.0.4 of Prometheus. */
export function readSeries(text: string): SeriesCatalogue {
  const series = new Map<string, Map<string, Set<string>>>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", labels = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === "") throw new Error(`not a sample: ${line}`);
    const known = series.get(name) ?? new Map<string, Set<string>>();
    series.set(name, known);
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
  }
  return series;
}

/** One selector of a PromQL expression. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/**
 * Finds the selectors of metrics of this daemon, its process and Prometheus' own `up` and `ALERTS`.
 *
 * A regular expression and no parser: promtool parses the expressions in the same tests.
 */
export function selectorsOf(expression: string): Selector[] {
  const found = expression.matchAll(/\b((?:loginmapd|process|nodejs)_\w+|up|ALERTS)\b(?:\{([^}]*)\})?/g);
  return Array.from(found, ([, metric = "", matchers = ""]) => ({
    metric,
    matchers: Array.from(
      matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g),
      ([, label = "", operator = "", value = ""]) => {
        return { label, operator, value };
      },
    ),
  }));
}

// Added by Prometheus when it scrapes.
const scrapeLabels = ["job", "instance"];
const ownOfPrometheus = ["up", "ALERTS"];

/**
 * Says what a selector asks for that does not exist: the metric, a label, or a value of a label.
 *
 * @param free values are not checked where the label is one of these: names of a site's configuration
 */
export function missingIn(
  catalogue: SeriesCatalogue,
  { metric, matchers }: Selector,
  free: readonly string[],
): string[] {
  if (ownOfPrometheus.includes(metric)) return [];
  const labels = catalogue.get(metric);
  if (labels === undefined) return [`no metric ${metric}`];
  return matchers.flatMap(({ label, operator, value }) => {
    if (scrapeLabels.includes(label)) return [];
    const values = labels.get(label);
    if (values === undefined) return [`${metric} has no label ${label}`];
    if (free.includes(label)) return [];
    const words = operator.includes("~") ? value.split("|") : [value];
    return words.filter((word) => !values.has(word)).map((word) => `${metric} never has ${label}="${word}"`);
  });
}
