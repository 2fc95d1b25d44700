/** Puts the figures of a full run into docs/performance.md, between its marks, and the plots beside it. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/servers/daemon.ts";
import { run } from "../support/servers/processes.ts";
import { drawLatency } from "./plot.ts";
import { drawStart } from "./plot-start.ts";
import { tableOf } from "./report.ts";
import type { Lineup } from "./statistics.ts";
import { summaryOf } from "./summary.ts";
import { toMarkdown } from "./table.ts";
import { judge, tableOfVerdicts } from "./targets.ts";

const written = "written by `npm run bench -- --docs`";

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

/** Writes the summary, the tables and the plots. */
export async function writeDocs(
  lineups: readonly Lineup[],
  command: string,
  machine: readonly string[],
): Promise<void> {
  const path = join(projectRoot, "docs/performance.md");
  const figures = [
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}:`,
    "",
    ...machine.map((fact) => `- ${fact}`),
    "",
    ...[tableOfVerdicts(judge(lineups)), ...lineups.map(tableOf)].flatMap((table) => [toMarkdown(table), ""]),
  ];
  const summary = summaryOf(lineups).map((sentence) => `- ${sentence}`);
  const text = between(await readFile(path, "utf8"), "summary", `${summary.join("\n")}\n`);
  await writeFile(path, between(text, "figures", `\n${figures.join("\n")}`));
  const load = lineups.filter(({ suite }) => suite === "load");
  if (load.length > 0) await writePlot("latency", await drawLatency(load));
  const start = lineups.find(({ suite }) => suite === "start");
  if (start !== undefined) await writePlot("start", await drawStart(start));
}

function writePlot(name: string, svg: string): Promise<void> {
  return writeFile(join(projectRoot, `docs/performance-${name}.svg`), `${svg}\n`);
}

/** Puts a block between the marks of its name. */
function between(text: string, name: string, block: string): string {
  const [begin, end] = [`<!-- ${name}: ${written} -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/performance.md has no marks for the ${name}`);
  return text.slice(0, from + begin.length) + block + text.slice(to);
}
