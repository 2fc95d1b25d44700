/** The explanation of a lookup as a person reads it. */
import type { ExplainedAsk, ExplainedReply, Explanation } from "../lookup/explain.ts";
import type { Verdict } from "../lookup/verdict.ts";
import { createPaint, type Paint, type Style } from "./terminal.ts";

const colours: Readonly<Record<Verdict["code"], Style>> = { 250: "green", 451: "yellow", 553: "red" };
// A list that no protocol carries would bury everything else; --json has it whole.
const shownOwners = 20;

/**
 * Writes it: the outcome, the keys in order with what they found (`*` = in the answer), the verdict of each restriction. Of a
 * reply that Postfix gets no answer by, it says over which protocol and why.
 */
export function formatExplanation(explanation: Explanation, isColoured: boolean): string {
  const paint = createPaint(isColoured);
  const { address, map, key, asks, cause, replies } = explanation;
  const lines = [
    field("address", address),
    ...(key === null || key === address ? [] : [field("key", key)]),
    field("map", `${map} (${sourcesOf(explanation)})`),
    field("owners", ownersOf(explanation, paint)),
    ...(cause === undefined ? [] : [field("cause", cause)]),
    ...replies.flatMap((reply) => (isUnsent(reply) ? [field("reply", formatUnsent(reply, paint))] : [])),
    "",
    ...(asks.length === 0
      ? []
      : [
          `Keys for ${sourcesOf(explanation)}, in order (* = its owners are in the answer):`,
          ...table(asks, paint),
          "",
        ]),
    ...verdictsOf(explanation, paint),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function sourcesOf({ source, sources, combine }: Explanation): string {
  return sources === undefined ? `source ${source}` : `sources ${source}, ${combine}`;
}

function field(name: string, value: string): string {
  return `${`${name}:`.padEnd(9)}${value}`;
}

function ownersOf({ outcome, owners, reason }: Explanation, paint: Paint): string {
  if (outcome === "ok") return owners.join(", ");
  if (owners.length > 0) return shorten(owners);
  const why = reason === undefined ? "" : ` (${reason})`;
  return outcome === "notfound" ? `none${why}` : `${paint("yellow", "no answer")}${why}`;
}

/** Whether there are owners and this protocol does not carry them. */
function isUnsent({ result, listBytes }: ExplainedReply): boolean {
  return result !== "ok" && listBytes !== undefined;
}

function formatUnsent({ protocol, reason, listBytes, maxListBytes }: ExplainedReply, paint: Paint): string {
  const size = `${listBytes} bytes, the limit is ${maxListBytes}`;
  return `${paint("yellow", "no answer")} over ${protocol} (${reason}: ${size})`;
}

function verdictsOf({ login, verdicts, replies }: Explanation, paint: Paint): string[] {
  if (verdicts === undefined) return [];
  const whom = login === null ? "client not logged in" : `logged in as ${login}`;
  // One list serves every protocol unless one of them tells Postfix something else.
  const isShared = replies.every((reply) => reply.verdicts === undefined);
  const lists = replies.map((reply, i) => ({ protocol: reply.protocol, of: i === 0 ? verdicts : reply.verdicts }));
  return lists.flatMap(({ protocol, of }) => {
    if (of === undefined) return [];
    const over = isShared ? "" : ` over ${protocol}`;
    return [`Postfix${over}, ${whom}:`, ...of.map((verdict) => formatVerdict(verdict, paint)), ""];
  });
}

function formatVerdict({ restriction, code, text }: Verdict, paint: Paint): string {
  return `  ${restriction.padEnd(45)} ${paint(colours[code], String(code))} ${text}`;
}

function table(asks: readonly ExplainedAsk[], paint: Paint): string[] {
  const keyWidth = Math.max(...asks.map(({ key }) => key.length));
  const sourceWidth = Math.max(...asks.map(({ source = "" }) => source.length));
  return asks.map((ask) => {
    const { role, key, won, source } = ask;
    const found = foundBy(ask);
    const asked = source === undefined ? "" : `${source.padEnd(sourceWidth)}  `;
    return `${won ? "*" : " "} ${role.padEnd(8)} ${key.padEnd(keyWidth)}  ${asked}${won ? paint("bold", found) : found}`;
  });
}

function foundBy({ state, owners }: ExplainedAsk): string {
  switch (state) {
    case "failed":
      return "no answer";
    case "not_asked":
      return "not asked";
    case "answered":
      return owners.length === 0 ? "-" : shorten(owners);
  }
}

function shorten(owners: readonly string[]): string {
  const more = owners.length - shownOwners;
  const shown = owners.slice(0, shownOwners).join(", ");
  return more > 0 ? `${shown} … and ${more} more` : shown;
}
