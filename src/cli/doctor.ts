/** `loginmapd doctor`: says what of Postfix's configuration does not fit ours. */

import { examine } from "../doctor/examine.ts";
import { observe } from "../doctor/look/observe.ts";
import { PostconfError, readPostconf } from "../doctor/look/postconf.ts";
import type { Observations } from "../doctor/observations.ts";
import { parsePostfix } from "../doctor/postfix.ts";
import { type ExitCode, exitCode } from "../system/exit-code.ts";
import type { CommandLine } from "./command.ts";
import { formatFindings } from "./format-findings.ts";
import { loadSettings, stringOf } from "./load-settings.ts";
import { isColoured } from "./terminal.ts";

/** Prints the findings, worst first, for people or as JSON. Exit 0 without any, 1 with some, 69 without postconf. */
export async function doctor(line: CommandLine): Promise<ExitCode> {
  const { settings } = loadSettings(line);
  try {
    const { warnings, ...output } = readPostconf(stringOf(line.options["postfix-config"]));
    for (const warning of warnings) process.stderr.write(`loginmapd: ${warning}\n`);
    const postfix = parsePostfix(output);
    const observations = await observe(postfix, settings);
    const findings = examine({ postfix, settings, observations });
    const unseen = unseenIn(observations);
    for (const what of unseen) process.stderr.write(`loginmapd: could not look at ${what}; root can\n`);
    process.stdout.write(
      line.options["json"] === true
        ? `${JSON.stringify({ findings, unseen }, null, 2)}\n`
        : formatFindings(findings, isColoured(line, process.stdout)),
    );
    return findings.length === 0 ? exitCode.ok : exitCode.findings;
  } catch (error) {
    if (!(error instanceof PostconfError)) throw error;
    process.stderr.write(`loginmapd: ${error.message}\n`);
    return exitCode.unavailable;
  }
}

/** What the account that runs the doctor may not see, so that silence about it means nothing. */
function unseenIn({ files, tables, sasl }: Observations): string[] {
  const hidden = [...files].filter(([, { kind }]) => kind === "hidden").map(([path]) => path);
  const unknown = [...tables, ...sasl].filter(([, { kind }]) => kind === "unknown").map(([place]) => place);
  return [...hidden, ...unknown];
}
