/**
 * `npm run bench`: measures loginmapd beside its references in one run, in turns, and prints medians and ratios.
 *
 * Needs what the tests need (`bash test/all.sh` installs it) and a build; with a C compiler also the C limit is measured.
 */
import { writeFile } from "node:fs/promises";
import { describeMachine, writeDocs } from "./docs.ts";
import { type BenchOptions, parseOptions, type SuiteName, usage } from "./options.ts";
import { full, type Pace, quick } from "./pace.ts";
import { tableOf } from "./report.ts";
import { type Stage, setStage } from "./stage.ts";
import type { Lineup } from "./statistics.ts";
import { measureAnswers, measureChurn, measureHits } from "./suites/answers-from-memory.ts";
import { measureAudit } from "./suites/audit.ts";
import { measureFollowing } from "./suites/follow.ts";
import { measureMemory } from "./suites/memory.ts";
import { measureMilter } from "./suites/milter.ts";
import { measureMisses } from "./suites/misses.ts";
import { measureLdapMisses } from "./suites/misses-ldap.ts";
import { measurePgsqlMisses } from "./suites/misses-pgsql.ts";
import { measureLatencyUnderLoad } from "./suites/open-loop.ts";
import { measureStart } from "./suites/start.ts";
import { toText } from "./table.ts";
import { judge, tableOfVerdicts } from "./targets.ts";
import { disturbances } from "./undisturbed.ts";

/** Measures; gives what it has all at once, or each as soon as it has it. */
type Suite = (stage: Stage, pace: Pace) => Promise<readonly Lineup[]> | AsyncIterable<Lineup>;

const suites: Readonly<Record<SuiteName, Suite>> = {
  hits: measureHits,
  answers: measureAnswers,
  churn: measureChurn,
  load: measureLatencyUnderLoad,
  misses: measureMisses,
  "misses-pgsql": measurePgsqlMisses,
  "misses-ldap": measureLdapMisses,
  milter: measureMilter,
  memory: measureMemory,
  follow: measureFollowing,
  start: measureStart,
  audit: measureAudit,
};

// Enough that no measurement of misses asks a key twice.
const mailboxes = 200_000;

async function bench(options: BenchOptions): Promise<void> {
  const standard = options.isQuick ? quick : full;
  const pace = { ...standard, repetitions: options.repetitions ?? standard.repetitions };
  const stage = await setStage({ mailboxes, isNodeGenerator: options.isNodeGenerator });
  process.once("SIGINT", () => void stage.close().finally(() => process.exit(130)));
  const lineups: Lineup[] = [];
  try {
    const machine = await describeMachine(stage.generator.language);
    console.log(`${machine.join("\n")}\n`);
    for (const name of options.suites) {
      for await (const lineup of await suites[name](stage, pace)) {
        console.log(`${toText(tableOf(lineup))}\n`);
        lineups.push(lineup);
      }
    }
    console.log(toText(tableOfVerdicts(judge(lineups))));
    const { measured, repeated } = disturbances;
    machine.push(
      `${repeated} of ${measured} measurements were repeated, since the hypervisor took more than 3 % of the time`,
    );
    console.log(`\n${machine.at(-1)}`);
    const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`.trim();
    if (options.jsonFile !== undefined) {
      await writeFile(options.jsonFile, `${JSON.stringify({ command, machine, pace, lineups }, null, 2)}\n`);
    }
    if (options.writesDocs) await writeDocs(lineups, command, machine);
  } finally {
    await stage.close();
  }
}

let options: BenchOptions | "help";
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exit(64);
}
if (options === "help") console.log(usage);
else await bench(options);
