/** Puts the figures of a full run into docs/performance.md, between its two marks, and the plot beside it. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/servers/daemon.ts";
import { run } from "../support/servers/processes.ts";
import { drawLatency } from "./plot.ts";
import { tableOf } from "./report.ts";
import type { Lineup } from "./statistics.ts";
import { toMarkdown } from "./table.ts";
import { judge, tableOfVerdicts } from "./targets.ts";

const begin = "<!-- figures: written by `npm run bench -- --docs` -->";
const end = "<!-- end of figures -->";

/** Where a run took place, one fact per line. */
export async function describeMachine(generator: string): Promise<string[]> {
  const processors = cpus();
  const version = async (program: string, args: readonly string[]) =>
    (await run(program, args)).stdout.split("\n")[0]?.trim() ?? "";
  return [
    `${processors.length} × ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `Node ${process.versions.node}; ${await version("mariadbd", ["--no-defaults", "--version"])}; Postfix ${await version("postconf", ["-dh", "mail_version"])}`,
    `Load generator in ${generator}; the servers and it share the processors`,
  ];
}

/** Writes the figures and the plot. */
export async function writeDocs(
  lineups: readonly Lineup[],
  command: string,
  machine: readonly string[],
): Promise<void> {
  const path = join(projectRoot, "docs/performance.md");
  const text = await readFile(path, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error("docs/performance.md has no marks for the figures");
  const load = lineups.filter((lineup) => lineup.suite === "load");
  if (load.length > 0)
    await writeFile(join(projectRoot, "docs/performance-latency.svg"), `${await drawLatency(load)}\n`);
  const block = [
    begin,
    "",
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}:`,
    "",
    ...machine.map((fact) => `- ${fact}`),
    "",
    ...[tableOfVerdicts(judge(lineups)), ...lineups.map(tableOf)].flatMap((table) => [toMarkdown(table), ""]),
  ].join("\n");
  await writeFile(path, text.slice(0, from) + block + text.slice(to));
}
