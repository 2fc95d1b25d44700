/** `loginmapd doctor`: says what does not fit between Postfix's and Dovecot's configuration and ours. */

import { examine } from "../doctor/examine.ts";
import { observe } from "../doctor/look/observe.ts";
import { PostconfError, readPostconf } from "../doctor/look/postconf.ts";
import { parsePostfix } from "../doctor/postfix.ts";
import { scopeOf } from "../doctor/scope.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import type { CommandLine } from "./command.ts";
import { formatFindings, formatScope } from "./format-findings.ts";
import { loadSettings, stringOf } from "./load-settings.ts";
import { isColoured } from "./terminal.ts";

/** Prints the findings, worst first, for people or as JSON. Exit 0 without any, 1 with some, 69 without postconf. */
export async function doctor(line: CommandLine): Promise<ExitCode> {
  const { settings } = loadSettings(line);
  const directory = stringOf(line.options["postfix-config"]);
  try {
    const output = readPostconf(directory);
    for (const warning of output.warnings) process.stderr.write(`loginmapd: ${warning}\n`);
    const postfix = parsePostfix(output);
    const patient = { postfix, settings, observations: await observe(postfix, settings, directory) };
    const [findings, scope] = [examine(patient), scopeOf(patient)];
    process.stdout.write(
      line.options["json"] === true
        ? `${JSON.stringify({ findings, ...scope }, null, 2)}\n`
        : formatFindings(findings, isColoured(line, process.stdout)) + formatScope(scope),
    );
    return findings.length === 0 ? exitCode.ok : exitCode.findings;
  } catch (error) {
    if (!(error instanceof PostconfError)) throw error;
    process.stderr.write(`loginmapd: ${error.message}\n`);
    return exitCode.unavailable;
  }
}
