/** Whether to print in colours, and how. */
import { styleText } from "node:util";
import { isTerminal } from "./progress.ts";
import type { CommandLine } from "./run.ts";

/** Names of node:util's styleText, one or several. */
export type Style = Parameters<typeof styleText>[0];

/** Gives a text its looks, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** A terminal gets colours, unless `--no-color` or $NO_COLOR (https://no-color.org, any value but the empty one) forbids it. */
export function isColoured({ options }: CommandLine, stream: { readonly isTTY?: boolean }): boolean {
  const isForbidden = options["no-color"] === true || (process.env["NO_COLOR"] ?? "") !== "";
  return isTerminal(stream) && !isForbidden;
}

/** Paints, or does not. */
export function createPaint(isColoured: boolean): Paint {
  // Whoever asks has looked at the stream.
  return isColoured ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}
