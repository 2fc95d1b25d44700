/** The columns of the table of commands (options.ts): what a command, an option and an argument are made of. */

/** What can stand in a place, for completion: a file, a directory, or one of some words. */
export type Completion = "file" | "directory" | readonly string[];

/** One option. */
export interface OptionSpec {
  /** The long name, without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What stands for its value in help; an option without one is a switch. */
  readonly value?: string;
  readonly isRepeatable?: true;
  readonly help: string;
  readonly completion?: Completion;
}

/** An argument without a name. */
export interface PositionalSpec {
  readonly name: string;
  readonly isRepeatable?: true;
  /** May be left out; the command says when. */
  readonly isOptional?: true;
  readonly help: string;
  readonly completion?: Completion;
}

/** One command. */
export interface CommandSpec {
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** Paragraphs, for the manual and its own help. */
  readonly description: readonly string[];
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
  /** Exit codes with their meaning, beside those of every command. */
  readonly exits: readonly (readonly [code: number, meaning: string])[];
  readonly examples: readonly string[];
}
