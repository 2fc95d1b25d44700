/** `loginmapd completion`: what lets a shell complete the command line. */
import { readFileSync } from "node:fs";
import { type ExitCode, exitCode, packageFile } from "../system/program.ts";
import { type CommandLine, UsageError } from "./command.ts";

// Written from the table of commands by `npm run docs`, named as bash-completion and zsh's compsys look for them.
const scripts: Readonly<Record<string, string>> = {
  bash: "deploy/completions/loginmapd.bash",
  zsh: "deploy/completions/_loginmapd",
};

/**
 * Prints the script of the shell named.
 *
 * @throws {UsageError} for a shell that has none
 */
export async function completion({ positionals: [shell = ""] }: CommandLine): Promise<ExitCode> {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined) throw new UsageError(`completion: expected bash or zsh, got "${shell}"`);
  process.stdout.write(readFileSync(packageFile(script)));
  return exitCode.ok;
}
