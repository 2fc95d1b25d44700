/** `loginmapd import`: Postfix table files → our configuration. */

import { formatProblem } from "../model/errors.ts";
import { toYaml } from "../source/postfix-cf/to-yaml.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import type { CommandLine } from "./command.ts";

/** Prints the YAML; what differs or is unknown is a comment in it and a line on stderr. */
export async function importFiles({ positionals }: CommandLine): Promise<ExitCode> {
  const { yaml, warnings } = toYaml(positionals);
  process.stdout.write(yaml);
  for (const warning of warnings) process.stderr.write(`loginmapd: ${formatProblem(warning)}\n`);
  return exitCode.ok;
}
