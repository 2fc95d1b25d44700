/** Programs on a terminal of their own, which script(1) makes (package bsdutils, part of every Debian). */
import { type ChildOptions, type Outcome, run } from "./processes.ts";

/** What a terminal shows: standard output and standard error as they come, with `\r\n` for the ends of lines. */
export interface Shown {
  readonly code: number | null;
  readonly screen: string;
}

/** Runs a program on a terminal, 100 columns wide, that knows colours. `redirection` is the shell's, such as `2>FILE`. */
export async function runOnTerminal(
  command: readonly string[],
  { redirection = "", env = {} }: { readonly redirection?: string; readonly env?: ChildOptions["env"] } = {},
): Promise<Shown> {
  const line = `stty cols 100; exec ${command.map(quote).join(" ")} ${redirection}`;
  const options = { env: { TERM: "xterm-256color", NO_COLOR: undefined, FORCE_COLOR: undefined, ...env } };
  const { code, stdout }: Outcome = await run("script", ["-qec", line, "/dev/null"], options);
  return { code, screen: stdout };
}

/** What is left of a screen when everything that escape sequences erase or colour is taken away. */
export function readScreen(screen: string): string {
  return screen
    .replaceAll("\r\n", "\n")
    .replaceAll(/[^\n]*\r\u001B\[K/g, "")
    .replaceAll(/\u001B\[\d+m/g, "");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
