/** Writes deploy/completions/loginmapd.bash. Needs bash 4 alone, not the bash-completion package. */
import type { CommandSpec, Completion, OptionSpec } from "../../src/cli/command-spec.ts";
import { commands, globalOptions } from "../../src/cli/options.ts";

/** Gives the text of the script. */
export function bashCompletion(): string {
  const cases = commands.map(commandCase).join("\n");
  return `# Completion of loginmapd for bash. Generated from src/cli/options.ts by "npm run docs".

_loginmapd() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command="" word i
  local commands="${commands.map(({ name }) => name).join(" ")}"
  local options="${optionWords(globalOptions)}" arguments=""
  COMPREPLY=()

  # The command is the first word that is neither an option nor the value of one.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${globalOptions.filter(takesValue).flatMap(forms).join(" | ")}) ((i++)); [[ \${COMP_WORDS[i]} != "=" ]] || ((i++)) ;;
      -*) ;;
      *) command=$word; break ;;
    esac
  done

  # Bash splits --option=value at the =; what stands before it is the option.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" && $COMP_CWORD -ge 2 ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi

  case $previous in
${valueCases(globalOptions, "    ")}
  esac

  case $command in
    "") arguments=$commands ;;
${cases}
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ $arguments == FILE ]]; then
    _loginmapd_paths file "$current"
  else
    mapfile -t COMPREPLY < <(compgen -W "$arguments" -- "$current")
  fi
}

_loginmapd_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -A "$1" -- "$2")
}

complete -F _loginmapd loginmapd
`;
}

function commandCase({ name, options, positionals }: CommandSpec): string {
  const own = optionWords(options);
  const completion = positionals.at(-1)?.completion;
  const valued = options.filter(takesValue);
  const lines = [
    ...(own === "" ? [] : [`options+=" ${own}"`]),
    ...(completion === undefined ? [] : [`arguments=${completion === "file" ? "FILE" : words(completion)}`]),
    ...(valued.length === 0 ? [] : ["case $previous in", valueCases(valued, "        "), "      esac"]),
  ];
  const [first = "", ...rest] = lines;
  const body = [first, ...rest.map((line) => (line.startsWith(" ") ? line : `      ${line}`))].join("\n");
  return `    ${name})\n      ${body === "" ? ":" : body}\n      ;;`;
}

/** One case per option that takes a value: what to complete in its place, or nothing. */
function valueCases(options: readonly OptionSpec[], indent: string): string {
  return options
    .filter(takesValue)
    .map((option) => `${indent}${forms(option).join(" | ")}) ${complete(option.completion)} ;;`)
    .join("\n");
}

function complete(completion: Completion | undefined): string {
  if (completion === undefined) return "return";
  if (typeof completion === "string") return `_loginmapd_paths ${completion} "$current"; return`;
  return `mapfile -t COMPREPLY < <(compgen -W ${words(completion)} -- "$current"); return`;
}

function words(completion: Completion): string {
  return typeof completion === "string" ? completion : `"${completion.join(" ")}"`;
}

function optionWords(options: readonly OptionSpec[]): string {
  return options.flatMap(forms).join(" ");
}

function forms({ name, short }: OptionSpec): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function takesValue({ value }: OptionSpec): boolean {
  return value !== undefined;
}
