/** The README, cut into the blocks that its readers copy. */
import { readFileSync } from "node:fs";

/** One fenced block. */
export interface Block {
  /** What follows the opening fence: `sh`, `console`, `yaml` or nothing. */
  readonly language: string;
  readonly text: string;
}

/** A command and what it prints. */
export interface Transcript {
  readonly command: string;
  readonly output: string;
}

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");

/** The blocks of one section, or of the whole file but for some sections. */
export function readmeBlocks(which: { readonly of: string } | { readonly without: readonly string[] }): Block[] {
  const sections = readme.split(/^## /m).map((text) => ({ title: text.slice(0, text.indexOf("\n")), text }));
  const chosen = sections.filter(({ title }) => ("of" in which ? title === which.of : !which.without.includes(title)));
  return chosen.flatMap(({ text }) =>
    [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", block = ""]) => ({ language, text: block })),
  );
}

/** The commands of a `console` block, which stand behind a `$`, and their output. */
export function transcriptsOf(block: Block): Transcript[] {
  return block.text
    .split(/^\$ /m)
    .slice(1)
    .map((part): Transcript => {
      const [command = "", ...output] = part.split("\n");
      return { command, output: output.join("\n").trimEnd() };
    });
}
