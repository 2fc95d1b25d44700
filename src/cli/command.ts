/** What a command is given, and how it says that it was called wrongly. */
import type { ExitCode } from "../system/program.ts";

/** Options of a command by their long names, and its arguments. */
export interface CommandLine {
  readonly options: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** Runs one command. What it throws becomes a message and an exit code (run.ts). */
export type Command = (line: CommandLine) => Promise<ExitCode>;

/** The command line is wrong; the message says how (exit 64). */
export class UsageError extends Error {}
