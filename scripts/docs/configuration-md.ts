/** Writes docs/configuration.md. */
import type { Preset } from "../../src/source/presets/preset.ts";
import { type DocumentedKey, documentedSections } from "./keys.ts";
import {
  durationRule,
  endpointRule,
  environmentRules,
  orderRule,
  pathRule,
  reloadRule,
  sampleYaml,
  secretRule,
  textRule,
} from "./prose.ts";

/** Gives the text of the document. */
export function configurationMarkdown(presets: readonly Preset[]): string {
  return `${[
    "# Configuration",
    '<!-- Generated from src/config/schema.ts by "npm run docs". -->',
    "One YAML file, `/etc/loginmapd/loginmapd.yaml` unless `-c FILE` or `$LOGINMAPD_CONFIG` names another. `loginmapd check` names every problem at once, with its line and what was probably meant; `loginmapd check --connect` also tries the sources. The same text as a manual page: `man loginmapd.yaml`. Every key in one file: [`deploy/loginmapd.example.yaml`](../deploy/loginmapd.example.yaml).",
    "## A whole configuration",
    `\`\`\`yaml\n${sampleYaml}\`\`\``,
    "## How values are written",
    [orderRule, durationRule, endpointRule, textRule, secretRule, pathRule].map((rule) => `- ${rule}`).join("\n"),
    "## Overrides by environment",
    environmentRules.join("\n\n"),
    "## Changing it while the daemon runs",
    reloadRule,
    ...documentedSections().flatMap(({ path, help, keys }) => [`## \`${path}\``, help, keyTable(keys)]),
    "## Presets",
    "`preset:` names a mail stack whose schema is known; its SQL lies under `sql/<preset>/`. These are the `options:` of each.",
    ...presets.flatMap(presetSection),
  ].join("\n\n")}\n`;
}

function keyTable(keys: readonly DocumentedKey[]): string {
  const rows = keys.map(({ name, type, fallback, help, notes }) =>
    row([
      `\`${name}\``,
      type,
      fallback === "required" || fallback === "none" ? fallback : code(fallback),
      [help, ...notes].join(" "),
    ]),
  );
  return [row(["key", "value", "default", "meaning"]), "|---|---|---|---|", ...rows].join("\n");
}

function presetSection({ name, title, drivers, options }: Preset): string[] {
  const heading = `### \`${name}\``;
  const text = `${title}. Driver: ${drivers.map(code).join(", ")}.`;
  if (options.length === 0) return [heading, `${text} No options.`];
  const rows = options.map((option) =>
    row([
      code(option.name),
      option.type,
      option.default === undefined ? "required" : code(JSON.stringify(option.default)),
      option.help,
    ]),
  );
  return [heading, text, [row(["option", "value", "default", "meaning"]), "|---|---|---|---|", ...rows].join("\n")];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
