/** What the milter would say of a message, as a person reads it. */
import type { ExplainedClaim, MessageExplanation } from "../lookup/explain-message.ts";
import { createPaint, type Paint, type Style } from "./terminal.ts";

const colours: Readonly<Record<MessageExplanation["result"], Style>> = {
  accept: "green",
  temp: "yellow",
  reject: "red",
};
const outcomes: Readonly<Record<ExplainedClaim["outcome"], string>> = {
  owned: "owned",
  not_owned: "not owned",
  lookup_failed: "no answer",
  not_needed: "need not be owned (resent)",
};
// A committee or a list that everybody may write to would bury the rest; --json has it whole.
const shownOwners = 5;

/** Writes it: each claim with its place and owners, then the verdict. */
export function formatMessage(explanation: MessageExplanation, isColoured: boolean): string {
  const paint = createPaint(isColoured);
  const { map, login, claims, result, reason, reply } = explanation;
  const width = Math.max(0, ...claims.map((claim) => placeOf(claim).length));
  const lines = [
    `login:   ${login}`,
    `map:     ${map}`,
    "",
    ...(claims.length === 0 ? ["The message claims no address that can be told."] : ["Claims:"]),
    ...claims.map((claim) => `  ${placeOf(claim).padEnd(width)}  ${formatClaim(claim, paint)}`),
    "",
    `verdict: ${paint(colours[result], reply ?? "accepted")} (${reason})`,
  ];
  return `${lines.join("\n")}\n`;
}

function placeOf({ header, lines }: ExplainedClaim): string {
  return lines.length === 0 ? header : `${header} (line ${lines.join(", ")})`;
}

function formatClaim({ address, outcome, owners, cause }: ExplainedClaim, paint: Paint): string {
  const isFine = outcome === "owned" || outcome === "not_needed";
  const more = owners.length - shownOwners;
  const named = owners.slice(0, shownOwners).join(", ") + (more > 0 ? ` … and ${more} more` : "");
  const who = cause ?? (named === "" ? "nobody owns it" : `owners: ${named}`);
  return `${address}  ${isFine ? outcomes[outcome] : paint("red", outcomes[outcome])} (${who})`;
}
