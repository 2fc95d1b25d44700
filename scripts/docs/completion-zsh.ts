/** Writes deploy/completions/_loginmapd, for zsh's compsys. */
import type { CommandSpec, Completion, OptionSpec, PositionalSpec } from "../../src/cli/command-spec.ts";
import { commands, globalOptions } from "../../src/cli/options.ts";

/** Gives the text of the function. */
export function zshCompletion(): string {
  return `#compdef loginmapd
# Completion of loginmapd for zsh. Generated from src/cli/options.ts by "npm run docs".

local curcontext=$curcontext state line
typeset -A opt_args

_arguments -C \\
${globalOptions.map((option) => `  ${optionSpec(option)} \\`).join("\n")}
  '1:command:->command' \\
  '*::argument:->argument'

case $state in
  command)
    local -a commands=(
${commands.map(({ name, summary }) => `      ${quote(`${name}:${escapeColons(summary)}`)}`).join("\n")}
    )
    _describe -t commands command commands
    ;;
  argument)
    curcontext=\${curcontext%:*:*}:loginmapd-$line[1]:
    case $line[1] in
${commands.map(commandCase).join("\n")}
    esac
    ;;
esac
`;
}

function commandCase({ name, options, positionals }: CommandSpec): string {
  const specs = [...options.map(optionSpec), ...globalOptions.map(optionSpec), ...positionals.map(positionalSpec)];
  return [`      ${name})`, `        _arguments \\\n          ${specs.join(" \\\n          ")}`, "        ;;"].join(
    "\n",
  );
}

function optionSpec({ name, short, value, help, isRepeatable, completion }: OptionSpec): string {
  const text = `[${help.replace(/[[\]\\]/g, "\\$&")}]${value === undefined ? "" : `:${value}:${action(completion)}`}`;
  const suffix = value === undefined ? "" : "=";
  if (short === undefined) return quote(`${isRepeatable ? "*" : ""}--${name}${suffix}${text}`);
  // A brace expansion of the shell: one spec for both forms, of which one may be given.
  return `${quote(`(-${short} --${name})`)}{-${short},--${name}${suffix}}${quote(text)}`;
}

function positionalSpec({ name, isRepeatable, completion }: PositionalSpec, i: number): string {
  // Without an action _arguments would show the name and offer no option, not even after a dash.
  const what = completion === undefined ? `_guard "^-*" ${name}` : action(completion);
  return quote(`${isRepeatable ? "*" : i + 1}:${name}:${what}`);
}

function action(completion: Completion | undefined): string {
  if (completion === undefined) return "";
  if (completion === "file") return "_files";
  return completion === "directory" ? "_files -/" : `(${completion.join(" ")})`;
}

function escapeColons(text: string): string {
  return text.replaceAll(":", "\\:");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
