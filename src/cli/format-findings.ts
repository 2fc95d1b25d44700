/** The doctor's findings as a person reads them. */

import type { Change, Finding, Severity } from "../doctor/finding.ts";
import type { Scope } from "../doctor/scope.ts";
import { wrap } from "./help.ts";
import { createPaint, type Paint, type Style } from "./terminal.ts";

const width = 100;

const colours = { critical: "red", error: "red", warning: "yellow", notice: "cyan" } as const satisfies Record<
  Severity,
  Style
>;

/**
 * Writes them: severity, service and what does not fit; what comes of it; the lines to change, unbroken for copying. A line
 * that cures several findings is written with the first.
 */
export function formatFindings(findings: readonly Finding[], isColoured: boolean): string {
  const paint = createPaint(isColoured);
  const written = new Set<string>();
  return findings.map((finding) => `${formatFinding(finding, paint, written)}\n`).join("");
}

/** Writes the last line, broken to the width: what silence is worth. */
export function formatScope({ lookedAt, notLookedAt }: Scope): string {
  const not = notLookedAt.length === 0 ? "" : ` Not looked at: ${notLookedAt.join("; ")}.`;
  return `${wrap(`Looked at: ${lookedAt.join("; ")}.${not}`, width).join("\n")}\n`;
}

function formatFinding(
  { severity, services, title, consequence, changes }: Finding,
  paint: Paint,
  written: Set<string>,
): string {
  const about = services.length === 0 ? "" : `${services.join(", ")}: `;
  const indent = " ".repeat(10);
  const word = severity.toUpperCase();
  const label = paint([colours[severity], "bold"], word);
  const [first = "", ...rest] = wrap(`${about}${title}`, width - indent.length);
  const lines = [
    `${label}${" ".repeat(indent.length - word.length)}${first}`,
    ...[...rest, ...wrap(consequence, width - indent.length)].map((line) => indent + line),
    ...changes.map((change) => `${indent}${formatChange(change, paint, written)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function formatChange({ where, line }: Change, paint: Paint, written: Set<string>): string {
  const isWritten = written.has(`${where}: ${line}`);
  written.add(`${where}: ${line}`);
  const [, option = "", name = line] = /^(-o )?(?:\{ )?(\w+)/.exec(line) ?? [];
  return isWritten ? `${where}: ${option}${name} as above` : `${where}: ${paint("bold", line)}`;
}
