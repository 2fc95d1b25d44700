/** What a terminal shows beside text: colours, and how far a command is. */
import { styleText } from "node:util";
import type { CommandLine } from "./command.ts";

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

/** A stream that may be a terminal, such as standard error. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Tells whether escape sequences do what they are for. TERM=dumb says that they are printed as they are. */
export function isTerminal({ isTTY }: { readonly isTTY?: boolean }): boolean {
  return isTTY === true && process.env["TERM"] !== "dumb";
}

/** One line that is written over and over and leaves nothing behind. Writes nothing where there is no terminal. */
export class Progress {
  readonly #stream: TerminalStream;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** Shows a line in place of the one before, cut to the width of the terminal: a line that wraps cannot be taken back. */
  show(line: string): void {
    this.#write(line.slice(0, (this.#stream.columns || 80) - 1));
  }

  /** Takes the line away. */
  erase(): void {
    this.#write("");
  }

  #write(text: string): void {
    if (isTerminal(this.#stream)) this.#stream.write(`\r\u001B[K${text}`);
  }
}
