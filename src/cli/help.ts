/** The text of `--help`, from the table of options.ts. */
import type { CommandSpec, OptionSpec, PositionalSpec } from "./command-spec.ts";
import { commands, commonExits, findCommand, globalOptions, programSummary } from "./options.ts";

// Terminals of 80 columns, less one so that none of them wraps by itself.
const width = 79;

/** Writes the help of a command, or of the whole program when none is named or the name is unknown. */
export function formatHelp(name?: string): string {
  const command = name === undefined ? undefined : findCommand(name);
  return command === undefined ? formatProgramHelp() : formatCommandHelp(command);
}

/** Writes how a command is called: `loginmapd query MAP KEY [options]`. */
export function formatUsage({ name, positionals }: CommandSpec): string {
  return ["loginmapd", name, ...positionals.map(formatPositional), "[options]"].join(" ");
}

/** Writes an option as it is typed: `-c, --config FILE`. */
function formatOption({ name, short, value }: OptionSpec): string {
  const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

function formatPositional({ name, isRepeatable, isOptional }: PositionalSpec): string {
  const shown = isRepeatable ? `${name}...` : name;
  return isOptional ? `[${shown}]` : shown;
}

function formatProgramHelp(): string {
  return sections([
    "Usage: loginmapd COMMAND [options]",
    programSummary,
    list(
      "Commands:",
      commands.map(({ name, summary }): Row => [name, summary]),
    ),
    list("Options:", globalOptions.map(optionRow)),
    "loginmapd COMMAND --help tells more of a command; loginmapd(8) and\nloginmapd.yaml(5) tell everything.",
  ]);
}

function formatCommandHelp(command: CommandSpec): string {
  const { description, positionals, options, exits, examples } = command;
  return sections([
    `Usage: ${formatUsage(command)}`,
    ...description.map((paragraph) => wrap(paragraph, width).join("\n")),
    list(
      "Arguments:",
      positionals.map((spec): Row => [formatPositional(spec), spec.help]),
    ),
    list("Options:", [...options, ...globalOptions].map(optionRow)),
    list(
      "Exit codes:",
      [...commonExits, ...exits].toSorted(([a], [b]) => a - b).map(([code, text]): Row => [`${code}`, text]),
    ),
    list(
      "Examples:",
      examples.map((line): Row => [line, ""]),
    ),
  ]);
}

type Row = readonly [term: string, text: string];

function optionRow(option: OptionSpec): Row {
  const repeat = option.isRepeatable ? " Can be given several times." : "";
  // Options without a short form are set in line with the others.
  return [option.short === undefined ? `    ${formatOption(option)}` : formatOption(option), `${option.help}${repeat}`];
}

function list(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const column = Math.min(36, Math.max(...rows.map(([term]) => term.length)) + 4);
  const lines = rows.flatMap(([term, text]) => {
    const [first = "", ...rest] = wrap(text, width - column);
    const fits = term.length + 3 <= column;
    const head = fits
      ? [`  ${term}`.padEnd(column) + first]
      : [`  ${term}`, ...(first === "" ? [] : [" ".repeat(column) + first])];
    return [...head, ...rest.map((line) => " ".repeat(column) + line)].map((line) => line.trimEnd());
  });
  return [title, ...lines].join("\n");
}

/** Breaks text into lines of at most `columns` characters, between words. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function sections(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
