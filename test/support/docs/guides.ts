/** The guides of docs/migration/, cut into the blocks that their readers copy. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { projectRoot } from "../servers/daemon.ts";
import type { Parameters } from "../servers/postfix.ts";

/** Where the guides lie. */
export const guidesDirectory = join(projectRoot, "docs/migration");

/** One fenced block. */
export interface GuideBlock {
  /** The heading above it, such as `4. Switch over`. */
  readonly section: string;
  /** What follows the opening fence: `sh`, `sql`, `yaml`, `console`, `ini`, or nothing for files of Postfix. */
  readonly language: string;
  /** The file that its first line names: `# /etc/postfix/master.cf, under submission and smtps`. */
  readonly file: string | undefined;
  /** The services of master.cf that its first line names. */
  readonly services: readonly string[];
  /** Without that first line. */
  readonly text: string;
}

/** One guide. */
export interface Guide {
  /** The preset it is about. */
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly GuideBlock[];
}

/** Reads every guide, in the order of their names. */
export function readGuides(): Guide[] {
  return readdirSync(guidesDirectory)
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(guidesDirectory, file), "utf8");
      return { name: basename(file, ".md"), text, blocks: blocksOf(text) };
    });
}

/** The blocks of one language (`""` for none) under the headings that match. */
export function blocksUnder({ blocks }: Guide, section: RegExp, language: string): GuideBlock[] {
  return blocks.filter((block) => section.test(block.section) && block.language === language);
}

/** The lines of main.cf under a heading, as parameters; continued lines are joined. */
export function parametersUnder(guide: Guide, section: RegExp): Record<string, string> {
  const lines = blocksUnder(guide, section, "")
    .filter(({ file = "" }) => /\/(?:main|extra)\.cf$/.test(file))
    .flatMap(({ text }) => text.replaceAll(/\n[ \t]+/g, " ").split("\n"))
    .filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => line.split(/ *= */s, 2).map((part) => part.trim()) as [string, string]),
  );
}

/** The `-o` lines of master.cf under a heading, for each service: name → parameter → value. */
export function overridesUnder(guide: Guide, section: RegExp): Map<string, Record<string, string>> {
  const overrides = new Map<string, Record<string, string>>();
  for (const { services, text } of blocksUnder(guide, section, "")) {
    const pairs = [...text.matchAll(/^ {2}-o (\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]);
    for (const service of services) overrides.set(service, { ...overrides.get(service), ...Object.fromEntries(pairs) });
  }
  return overrides;
}

/** Cuts a text into its blocks. */
export function blocksOf(text: string): GuideBlock[] {
  return text.split(/^## /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf("\n"));
    return [...part.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", block = ""]) => {
      const [, file, services = ""] = /^# ([\w./-]+)(?:, under ([\w ]+))?\n/.exec(block) ?? [];
      return {
        section,
        language,
        file,
        services: services.split(" and ").filter((name) => name !== ""),
        text: file === undefined ? block : block.slice(block.indexOf("\n") + 1),
      };
    });
  });
}

/** The lines of main.cf after step 4: what it does not mention stays. */
export function parametersAfter(guide: Guide): Parameters {
  return { ...parametersUnder(guide, /^1/), ...parametersUnder(guide, /^4/) };
}

/** The services for those who log in, as the guide names them; where it names none, those of main.cf. */
export function services(guide: Guide): string[] {
  const named = [...overridesUnder(guide, /^4/).keys()];
  return named.length > 0 ? named : ["submission"];
}

/** Takes out what asks the DNS, or tables of the stack that are not about owners. */
export function reachable(parameters: Parameters): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      value
        .replaceAll(/,? *(?:check_sender_access|reject_rhsbl_sender) [^\s,]+/g, "")
        .replaceAll(/,? *reject_unknown_(?:sender_domain|helo_hostname|recipient_domain)/g, ""),
    ]),
  );
}
