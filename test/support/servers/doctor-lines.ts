/** The lines that the doctor prints, written where it says, as an administrator would. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { backdate } from "./postfix.ts";
import { run } from "./processes.ts";

/** One of them, as `doctor --json` gives it. */
export interface DoctorLine {
  readonly where: string;
  readonly line: string;
}

/**
 * Writes those for main.cf and master.cf in a directory of Postfix, and gives back those for other programs.
 *
 * `postconf -P` takes no value with a blank in it (3.7), so master.cf is edited as by hand.
 *
 * @throws when postconf does not take a line as it stands
 */
export async function writePostfixLines(etc: string, lines: readonly DoctorLine[]): Promise<DoctorLine[]> {
  const others: DoctorLine[] = [];
  for (const change of lines) {
    const { where, line } = change;
    const [, name, type] = /^master\.cf, (\S+) (\S+)$/.exec(where) ?? [];
    if (where === "main.cf") await setParameter(etc, line);
    else if (name !== undefined && type !== undefined) await setOverride(join(etc, "master.cf"), name, type, line);
    else others.push(change);
  }
  await backdate(join(etc, "main.cf"), join(etc, "master.cf"));
  return others;
}

async function setParameter(etc: string, line: string): Promise<void> {
  const { code, stderr } = await run("postconf", ["-c", etc, "-e", line]);
  if (code !== 0 || stderr !== "") throw new Error(`postconf -e '${line}': ${stderr}`);
}

/** Puts the override in place of one of the same name, or behind those that the service has. */
async function setOverride(file: string, name: string, type: string, line: string): Promise<void> {
  const [, parameter] = /^-o (?:\{ )?(\w+)/.exec(line) ?? [];
  const entries = (await readFile(file, "utf8")).split(/\n(?=[^\s#])/);
  const edited = entries.map((entry) => {
    const [first = "", ...rest] = entry.split("\n");
    if (!first.startsWith(`${name} `) || first.split(/\s+/)[1] !== type) return entry;
    const kept = rest.filter((text) => !new RegExp(`^\\s+-o (?:\\{ )?${parameter}\\b`).test(text));
    return [first, ...kept.filter((text) => text.trim() !== ""), `  ${line}`, ""].join("\n");
  });
  await writeFile(file, edited.join("\n"));
}

/** Writes a listener into loginmapd.yaml, in place of one with the same endpoint. */
export async function writeListener(config: string, line: string): Promise<void> {
  const document = parse(await readFile(config, "utf8"));
  const [listener] = parse(line);
  const others = document.listeners.filter((one: { endpoint: string }) => one.endpoint !== listener.endpoint);
  await writeFile(config, stringify({ ...document, listeners: [listener, ...others] }));
}
