/** Tables for people: aligned text for the terminal, Markdown for the documentation. */

import type { Spread } from "./statistics.ts";

/** A table; the first column is text, the others are figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Writes a figure with three significant digits, or whole with thousands apart; a dash when it was not measured. */
export function formatFigure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}

/** Writes a median with the quartiles behind it, where there is more than one value. */
export function formatSpread({ median, low, high }: Spread): string {
  const middle = formatFigure(median);
  return low === high || Number.isNaN(median) ? middle : `${middle} (${formatFigure(low)}–${formatFigure(high)})`;
}

/** Aligns a table for a terminal. */
export function toText({ title, columns, rows }: Table): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join("  ")
      .trimEnd();
  return [title, line(columns), ...rows.map(line)].join("\n");
}

/** Writes a table as Markdown, its title as a bold line above. */
export function toMarkdown({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map((_, i) => (i === 0 ? "---" : "---:"));
  return [`**${title}**`, "", line(columns), line(rule), ...rows.map(line)].join("\n");
}
