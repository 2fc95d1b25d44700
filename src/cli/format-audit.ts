/** The report of an audit as a person reads it. */
import type { Pairs } from "../audit/pairs.ts";
import type { Judgement, Refusal } from "./audit-judge.ts";
import { createPaint, type Paint } from "./terminal.ts";

/** Everything that an audit found. */
export interface AuditReport extends Judgement {
  readonly map: string;
  /** In the order in which they were read. */
  readonly files: readonly string[];
  readonly lines: number;
  readonly postfixLines: number;
  /** Lines about a sender of a login that can be read in several ways, since their text is the client's. */
  readonly ambiguous: number;
  readonly pairs: Pairs;
}

/** Writes who would be refused, most messages first, each with the line that would allow it, and then the totals. */
export function formatAudit(report: AuditReport, isColoured: boolean): string {
  const paint = createPaint(isColoured);
  return [...report.refusals.map((refusal) => `${formatRefusal(refusal, paint)}\n`), ...totals(report)]
    .map((line) => `${line}\n`)
    .join("");
}

function formatRefusal({ pair, reason, allow }: Refusal, paint: Paint): string {
  const { login, sender, sent, refused, warned, last } = pair;
  const counts = [
    count(sent, "message"),
    ...(refused > 0 ? [`${refused} refused by the map`] : []),
    ...(warned > 0 ? [`${warned} warned of`] : []),
  ];
  const lines = [
    `${paint("bold", printable(login))} as ${paint(["red", "bold"], printable(sender))}: ${counts.join(", ")}, last ${last}`,
    `    ${printable(reason)}`,
  ];
  if (allow !== undefined) lines.push(`    ${allow.kind}: ${printable(allow.line)}`);
  return lines.join("\n");
}

function totals(report: AuditReport): string[] {
  const { pairs, refusals, unclear, ambiguous, files, lines, postfixLines } = report;
  const all = pairs.values();
  const sum = (list: readonly { readonly sent: number }[]) => list.reduce((total, { sent }) => total + sent, 0);
  const logins = new Set(all.map(({ login }) => login.toLowerCase())).size;
  const refused = refusals.map(({ pair }) => pair);
  return [
    `${count(sum(all), "message")} of ${count(logins, "login")} in ${count(lines, "line")} of ${count(files.length, "file")}${span(pairs)}.`,
    refused.length === 0
      ? "None would be refused."
      : `${count(sum(refused), "message")} of ${count(new Set(refused.map(({ login }) => login)).size, "login")} would be refused: ${count(refused.length, "pair")} of login and sender.`,
    ...(postfixLines === 0 ? ["There is no line of Postfix's smtpd or qmgr in them: is it the right log?"] : []),
    ...(pairs.nullSenders > 0
      ? [`${count(pairs.nullSenders, "message")} had the null sender, which Postfix never asks the map for.`]
      : []),
    ...(unclear.length > 0
      ? [`${count(sum(unclear), "message")}: the log has ? in place of letters of the sender, so nobody can tell.`]
      : []),
    ...(ambiguous > 0
      ? [`${count(ambiguous, "line")} can be read in several ways, since a client chose the text: left out.`]
      : []),
    ...(pairs.dropped > 0
      ? [`${count(pairs.dropped, "message")} of further pairs: there are too many different senders to judge them all.`]
      : []),
  ];
}

function span({ firstMs, lastMs }: Pairs): string {
  if (!Number.isFinite(firstMs)) return "";
  const day = (ms: number) => new Date(ms).toLocaleDateString("sv-SE");
  return `, ${day(firstMs)} to ${day(lastMs)}`;
}

function count(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}

/** Text of a client, without what a terminal would obey. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
}
