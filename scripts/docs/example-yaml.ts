/** Writes deploy/loginmapd.example.yaml: every key with its meaning, the optional ones commented out with their defaults. */

import { wrap } from "../../src/cli/help.ts";
import type { AnyKey, Keys } from "../../src/config/key.ts";
import { schema } from "../../src/config/schema.ts";

/** Keys that the example sets; all others stand in comments. */
const active = new Set([
  "listeners.protocol",
  "listeners.endpoint",
  "maps.source",
  "maps.recipient_delimiter",
  "sources.driver",
  "sources.user",
  "sources.password_file",
  "sources.database",
  "sources.preset",
]);

const names: Readonly<Record<string, string>> = { maps: "senders", sources: "mail" };

const head = `# loginmapd.yaml(5): every key. A line "#key: value" shows a default, or an example where there is none.
# Generated from the schema by "npm run docs"; copy it and change the copy.
# "loginmapd check" names every problem at once, "loginmapd check --connect" also tries the sources.
`;

/** Gives the text of the example. */
export function exampleYaml(): string {
  const sections = Object.entries<AnyKey>(schema).map(([name, key]) => {
    switch (key.kind) {
      case "section":
        // A section in which every key is commented out counts as absent, so its name can stand.
        return [...comment(key.help, ""), `${name}:`, ...keyLines(key.keys, name, "  ")];
      case "sectionList": {
        const [first = "", ...rest] = keyLines(key.keys, name, "    ", false);
        return [...comment(key.help, ""), `${name}:`, `  - ${first.trimStart()}`, ...rest];
      }
      case "namedSections":
        return [...comment(key.help, ""), `${name}:`, `  ${names[name]}:`, ...keyLines(key.keys, name, "    ")];
      default:
        throw new Error(`${name}: only sections stand at the top of the file`);
    }
  });
  return [head, ...sections.map((lines) => `${lines.join("\n")}\n`)].join("\n");
}

function keyLines(keys: Keys, path: string, indent: string, isFirstExplained = true): string[] {
  return Object.entries(keys).flatMap(([name, key], i) => {
    const keyPath = `${path}.${name}`;
    // The first key of a list element stands on the line of its dash, with no room for a comment before it.
    const help = i === 0 && !isFirstExplained ? [] : comment(key.help, indent);
    switch (key.kind) {
      case "leaf":
      case "leafList":
      case "freeMapping":
        return [
          ...help,
          active.has(keyPath) ? `${indent}${name}: ${key.example}` : `${indent}#${name}: ${shownValue(key)}`,
        ];
      case "section":
        return [...help, `${indent}#${name}:`, ...innerLines(key.keys, indent)];
      default:
        throw new Error(`${keyPath}: lists and names stand at the top of the file`);
    }
  });
}

/** The keys of a section that is commented out as a whole: removing one # from each line brings it in. */
function innerLines(keys: Keys, indent: string): string[] {
  return Object.entries(keys).flatMap(([name, key]) => {
    if (key.kind !== "leaf") throw new Error(`${name}: sections inside a section hold values`);
    return [...comment(key.help, indent), `${indent}#  ${name}: ${shownValue(key)}`];
  });
}

/** The default, where there is one, else the example. */
function shownValue(key: Extract<AnyKey, { example: string }>): string {
  if (key.kind !== "leaf" || key.fallback === undefined) return key.example;
  return /^[a-z\d][\w.]*$/.test(key.fallback) && !/^0\d/.test(key.fallback)
    ? key.fallback
    : JSON.stringify(key.fallback);
}

function comment(text: string, indent: string): string[] {
  return wrap(text.replaceAll("`", ""), 100 - indent.length).map((line) => `${indent}# ${line}`);
}
