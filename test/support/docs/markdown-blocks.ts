/** The fenced blocks of a document, which its readers copy. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../servers/daemon.ts";

/** One fenced block. */
export interface MarkdownBlock {
  /** From the top of the project. */
  readonly document: string;
  /** Where it begins. */
  readonly line: number;
  /** The heading above it. */
  readonly heading: string;
  /** What follows the opening fence, such as `sh`; empty when nothing does. */
  readonly language: string;
  readonly text: string;
}

/** Reads the blocks of a document, given by its path from the top of the project. */
export function readBlocks(document: string): MarkdownBlock[] {
  const text = readFileSync(join(projectRoot, document), "utf8");
  const fences = text.matchAll(/^( *)```(\S*)\n(.*?)^\1```$/gms);
  return Array.from(fences, ({ index, 1: indent = "", 2: language = "", 3: body = "" }) => {
    const before = text.slice(0, index);
    return {
      document,
      line: before.split("\n").length,
      heading:
        before
          .match(/^#+ .+$/gm)
          ?.at(-1)
          ?.replace(/^#+ /, "") ?? "",
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    };
  });
}

/** Lines that Markdown takes for code because they are indented, outside of lists and fences. */
export function indentedCode(document: string): string[] {
  const text = readFileSync(join(projectRoot, document), "utf8").replaceAll(/^( *)```\S*\n.*?^\1```$/gms, "");
  return text
    .split(/\n{2,}/)
    .filter((paragraph, i, all) => /^ {4}/.test(paragraph) && !/^ *([-*]|\d+\.) /m.test(all[i - 1] ?? ""));
}
