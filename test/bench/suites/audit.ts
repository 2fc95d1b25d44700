/** How fast `loginmapd audit` reads a log, beside grep, which only looks for the lines. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot, writeConfig } from "../../support/servers/daemon.ts";
import { type Pace, patient } from "../pace.ts";
import { findPlaces, loginmapdConfig } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup, Sample } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { addressOf } from "../workload.ts";

const lines = 1_000_002;
// As many logins as a site of some size has; each sends as itself, so that what is measured is the reading.
const logins = 3000;
const linesPerMessage = 6;

/** Lines per second of a log of a million lines, with what the process takes at most. */
export async function measureAudit(stage: Stage, usual: Pace): Promise<Lineup[]> {
  const pace = patient(usual);
  const log = join(stage.folder, "audit.log");
  await writeLog(log);
  const configFile = join(stage.folder, "audit.yaml");
  await writeConfig(configFile, loginmapdConfig(stage.mariadb, await findPlaces(stage.folder, "audit"), {}));
  const audit = [process.execPath, join(projectRoot, "dist/main.js"), "audit", "-c", configFile, "--json", log];
  const contestants: Contestant[] = [
    { name: "loginmapd audit", measure: () => run(audit) },
    { name: "grep -c sasl_username=", measure: () => run(["grep", "-c", "sasl_username=", log]) },
  ];
  return [{ suite: "audit", title: "audit, lines of a log", entries: await inTurns(contestants, pace.repetitions) }];
}

/** Every message has the lines that Postfix 3.7 writes about it. */
async function writeLog(file: string): Promise<void> {
  const output = createWriteStream(file);
  for (let i = 0; i < lines / linesPerMessage; i += 1) {
    const at = `Nov 28 ${[i / 3600 / 24, i / 60, i].map((n) => String(Math.floor(n) % 24).padStart(2, "0")).join(":")} mx1 postfix/`;
    const id = `4jc6${i.toString(36).toUpperCase().padStart(11, "0")}`;
    const address = addressOf("mailbox", i % logins);
    const message = [
      `${at}submission/smtpd[16067]: connect from unknown[203.0.113.9]`,
      `${at}submission/smtpd[16067]: ${id}: client=unknown[203.0.113.9], sasl_method=PLAIN, sasl_username=${address}`,
      `${at}cleanup[16070]: ${id}: message-id=<${id}@mx.example.com>`,
      `${at}qmgr[16062]: ${id}: from=<${address}>, size=284, nrcpt=1 (queue active)`,
      `${at}smtp[16071]: ${id}: to=<r@y.example>, relay=mx.y.example[203.0.113.77]:25, delay=0.5, status=sent (250 2.0.0 Ok)`,
      `${at}qmgr[16062]: ${id}: removed`,
    ];
    if (!output.write(`${message.join("\n")}\n`)) await once(output, "drain");
  }
  output.end();
  await once(output, "finish");
}

async function run([command = "", ...args]: readonly string[]): Promise<Sample> {
  const began = performance.now();
  // A pipe: into /dev/null, grep would end at the first line that it finds.
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.resume();
  let rssBytes = 0;
  const sampling = setInterval(async () => {
    rssBytes = Math.max(rssBytes, await peakOf(child.pid));
  }, 20);
  const [code] = await once(child, "exit");
  clearInterval(sampling);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}`);
  const seconds = (performance.now() - began) / 1000;
  return { linesPerSecond: lines / seconds, ...(rssBytes > 0 && { rssBytes }) };
}

/** The most memory that a process has had so far; 0 when it has ended. */
async function peakOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
