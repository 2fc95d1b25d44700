/** Values of options that begin with a dash, such as a set of delimiters. */
import type { CommandSpec } from "./command-spec.ts";
import { globalOptions } from "./options.ts";

/**
 * Joins an option and its value with `=` where the value begins with a dash and is no option of the command, such as `-+` of
 * `--recipient-delimiter -+`: parseArgs takes every such word for an option.
 */
export function joinDashedValues(args: readonly string[], spec: CommandSpec | undefined): string[] {
  const specs = [...(spec?.options ?? []), ...globalOptions];
  const isOption = (word: string) =>
    specs.some(({ name, short }) => word === `-${short}` || word === `--${name}` || word.startsWith(`--${name}=`));
  const joined: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const [word = "", next] = args.slice(i, i + 2);
    const takesValue = specs.some(({ name, value }) => value !== undefined && word === `--${name}`);
    if (!takesValue || next === undefined || !/^-./.test(next) || isOption(next)) joined.push(word);
    else {
      joined.push(`${word}=${next}`);
      i += 1;
    }
  }
  return joined;
}
