/** The doctor's findings as a person reads them. */

import type { Finding, Severity } from "../doctor/finding.ts";
import { wrap } from "./help.ts";
import { createPaint, type Paint, type Style } from "./terminal.ts";

const width = 100;

const colours = { critical: "red", error: "red", warning: "yellow", notice: "cyan" } as const satisfies Record<
  Severity,
  Style
>;

/** Writes them: severity, service and what does not fit; what comes of it; the lines to change, unbroken for copying. */
export function formatFindings(findings: readonly Finding[], isColoured: boolean): string {
  const paint = createPaint(isColoured);
  return findings.map((finding) => formatFinding(finding, paint)).join("\n");
}

function formatFinding({ severity, services, title, consequence, changes }: Finding, paint: Paint): string {
  const about = services.length === 0 ? "" : `${services.join(", ")}: `;
  const indent = " ".repeat(10);
  const word = severity.toUpperCase();
  const label = paint([colours[severity], "bold"], word);
  const [first = "", ...rest] = wrap(`${about}${title}`, width - indent.length);
  const lines = [
    `${label}${" ".repeat(indent.length - word.length)}${first}`,
    ...[...rest, ...wrap(consequence, width - indent.length)].map((line) => indent + line),
    ...changes.map(({ where, line }) => `${indent}${where}: ${paint("bold", line)}`),
  ];
  return `${lines.join("\n")}\n`;
}
