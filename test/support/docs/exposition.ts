/** Reads the Prometheus text format 0.0.4, strictly: what this takes, Prometheus takes. */

/** One metric with everything that was said of it. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** `name{a="b",c="d"}` with labels in alphabetical order → value. */
  readonly samples: ReadonlyMap<string, number>;
}

// What a histogram's samples are called beside the family's own name (exposition_formats.md, "Histograms and summaries").
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** @throws when a line, or the order of lines, is not what the format says */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let current = "";
  let help = "";
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (word === "HELP") {
      help = rest;
      current = name;
    } else if (word === "TYPE") {
      if (name !== current) throw new Error(`TYPE without its HELP: ${line}`);
      if (families.has(name)) throw new Error(`a second time: ${name}`);
      if (!(rest in suffixes)) throw new Error(`no such type: ${line}`);
      families.set(name, { type: rest, help, samples: new Map() });
    } else {
      const family = families.get(current);
      if (family === undefined) throw new Error(`sample without a family: ${line}`);
      const [series, value] = parseSample(line, current, family.type);
      if (family.samples.has(series)) throw new Error(`a second time: ${series}`);
      family.samples.set(series, value);
    }
  }
  return families;
}

function parseSample(line: string, family: string, type: string): [series: string, value: number] {
  const [, name = "", body, number = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (!suffixes[type]?.some((suffix) => name === family + suffix)) throw new Error(`not of ${family}: ${line}`);
  const labels: string[] = [];
  let left = body ?? "";
  while (left !== "") {
    const [taken, label] = /^([a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*")(?:,|$)/.exec(left) ?? [];
    if (taken === undefined || label === undefined) throw new Error(`bad labels: ${line}`);
    labels.push(label);
    left = left.slice(taken.length);
  }
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  // Go's ParseFloat, by which Prometheus reads values, takes NaN in any case; prom-client writes Nan.
  if (number === "" || (Number.isNaN(value) && !/^nan$/i.test(number))) throw new Error(`bad value: ${line}`);
  return [labels.length === 0 ? name : `${name}{${labels.sort().join(",")}}`, value];
}
