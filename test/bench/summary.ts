/** What the figures mean to an administrator: a few sentences with the medians of a run in them. */
import { type Figure, type Lineup, medianOf, spreadOfRatio } from "./statistics.ts";
import { formatFigure } from "./table.ts";

/** The sentences for which the line-ups hold figures, in the order of interest. */
export function summaryOf(lineups: readonly Lineup[]): string[] {
  return sentences.flatMap((sentence) => {
    const text = sentence(new Figures(lineups));
    return text.includes(missing) ? [] : [text];
  });
}

const missing = "–";

/** Figures of a run, written as in the tables. */
class Figures {
  readonly #lineups: readonly Lineup[];

  constructor(lineups: readonly Lineup[]) {
    this.#lineups = lineups;
  }

  /** A median; a dash when it was not measured. */
  median(title: string, name: string, figure: Figure, factor = 1): string {
    const entry = this.#find(title, name);
    return formatFigure(entry && medianOf(entry, figure) * factor);
  }

  /** The median of a ratio. */
  ratio(title: string, name: string, reference: string, figure: Figure): string {
    const [entry, against] = [this.#find(title, name), this.#find(title, reference)];
    return formatFigure(entry && against && spreadOfRatio(entry, against, figure).median);
  }

  #find(title: string, name: string) {
    const lineup = this.#lineups.find((candidate) => candidate.title === title);
    return lineup?.entries.find((entry) => entry.name === name);
  }
}

const hits = "hits, socketmap unix, 16 connections";
const busy = "hits at 1000 lookups/s, 64 connections";
const lone = "misses, 1 clients";
const crowd = "misses, 50 clients";
const bareNode = "bare Node";
const ours = "loginmapd";
const inTheEnd = "the daemon in the end";
const ms = 1e-3;

const sentences: readonly ((of: Figures) => string)[] = [
  (of) =>
    `**An address that was asked for before** is answered from memory, ${of.median(hits, ours, "perSecond")} times a second at most with 16 clients: ${of.ratio(hits, ours, bareNode, "perSecond")} × what a Node server does that looks nothing up.`,
  (of) =>
    `**A busy mail server** asks for a thousand a second: half of them are answered within ${of.median(busy, ours, "p50Us", ms)} ms, 99 of 100 within ${of.median(busy, ours, "p99Us", ms)} ms.`,
  (of) =>
    `Each costs ${of.median(hits, ours, "cpuUs")} µs of a processor when there are many of them, ${of.ratio(hits, ours, "C limit", "cpuUs")} × the least that any program can do it for.`,
  (of) =>
    `**A new address** takes ${of.median(lone, ours, "p50Us", ms)} ms with a question to the database on the same machine; Postfix's own \`mysql:\` answers ${of.median(lone, "mysql:, by postmap", "perSecond")} a second there, loginmapd ${of.median(lone, ours, "perSecond")}.`,
  (of) =>
    `50 clients that ask for new addresses at the same time get ${of.median(crowd, ours, "perSecond")} answers a second, with ${of.median(crowd, ours, "statements")} SELECTs for each.`,
  (of) =>
    `**A start** answers its first lookup after ${of.median("start", "loginmapd, first lookup answered", "ms")} ms (Node alone: ${of.median("start", "node --eval 0", "ms")} ms); with systemd's socket clients wait that long and none is refused.`,
  (of) =>
    `**Memory**: ${of.median("following 100,000 addresses", inTheEnd, "rssBytes", 1e-6)} MB with 100,000 addresses that are followed, ${of.median("following 1,000,000 addresses", inTheEnd, "rssBytes", 1e-6)} MB with a million.`,
  (of) =>
    `**A message through the milter** costs ${of.median("milter (messages, not lookups), 16 connections", ours, "cpuUs")} µs of a processor, ${of.ratio("milter (messages, not lookups), 16 connections", ours, bareNode, "cpuUs")} × a milter that reads nothing.`,
  (of) =>
    `**\`audit\`** reads ${of.median("audit, lines of a log", "loginmapd audit", "linesPerSecond")} lines of a log a second.`,
];
