/** The explanation of a lookup as a person reads it. */
import type { ExplainedAsk, Explanation } from "../lookup/explain.ts";

/** Writes it: the outcome, the keys in order with what they found (`*` = in the answer), the verdict of each restriction. */
export function formatExplanation(explanation: Explanation): string {
  const { address, map, source, key, asks, login, verdicts } = explanation;
  const lines = [
    field("address", address),
    ...(key === null || key === address ? [] : [field("key", key)]),
    field("map", `${map} (source ${source})`),
    field("owners", ownersOf(explanation)),
    "",
    ...(asks.length === 0 ? [] : ["Keys, in order (* = its owners are in the answer):", ...table(asks), ""]),
    ...(verdicts === undefined
      ? []
      : [
          login === null ? "Postfix, client not logged in:" : `Postfix, logged in as ${login}:`,
          ...verdicts.map(({ restriction, code, text }) => `  ${restriction.padEnd(45)} ${code} ${text}`),
          "",
        ]),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function field(name: string, value: string): string {
  return `${`${name}:`.padEnd(9)}${value}`;
}

function ownersOf({ outcome, owners, reason }: Explanation): string {
  if (outcome === "ok") return owners.join(", ");
  const why = reason === undefined ? "" : ` (${reason})`;
  return outcome === "notfound" ? `none${why}` : `no answer${why}`;
}

function table(asks: readonly ExplainedAsk[]): string[] {
  const width = Math.max(...asks.map(({ key }) => key.length));
  return asks.map(({ role, key, owners, won }) => {
    const found = owners.length === 0 ? "-" : owners.join(", ");
    return `${won ? "*" : " "} ${role.padEnd(8)} ${key.padEnd(width)}  ${found}`;
  });
}
