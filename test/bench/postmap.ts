/** Postfix's own client: `postmap -q -`, which asks key after key over one connection. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addressOf } from "./workload.ts";

/** Clients that ask at the same time, each its own keys. */
export interface PostmapJob {
  /** `config_directory` of the private Postfix. */
  readonly etc: string;
  /** Such as `proxy:mysql:/path/table.cf`. */
  readonly table: string;
  readonly clients: number;
  readonly keysPerClient: number;
  /** Number of the first mailbox that is asked. */
  readonly first: number;
  /** For the key files and outputs. */
  readonly folder: string;
}

const maxTries = 5;

/**
 * Runs the clients and tells how many lookups per second they had answered together.
 *
 * Their start is not counted: what it takes to start as many clients for one key each is measured just before.
 *
 * @throws when an answer is wrong or missing
 */
export async function postmapPerSecond(job: PostmapJob): Promise<number> {
  for (let tries = 1; ; tries++) {
    const startMs = await askAll({ ...job, keysPerClient: 1 });
    const allMs = await askAll(job);
    // Where the start alone took as long, something else held up the machine, and the difference says nothing.
    if (allMs < 1.5 * startMs && tries < maxTries) continue;
    return (job.clients * (job.keysPerClient - 1) * 1000) / Math.max(allMs - startMs, 1);
  }
}

/** Runs the clients, and gives the milliseconds from the start of the first to the end of the last. */
async function askAll(job: PostmapJob): Promise<number> {
  const runs = await Promise.all(Array.from({ length: job.clients }, (_, client) => prepare(job, client)));
  const began = performance.now();
  await Promise.all(runs.map((run) => ask(job, run)));
  const ms = performance.now() - began;
  for (const run of runs) {
    const answers = await readFile(run.output, "latin1");
    if (answers !== run.expected) throw new Error(`postmap ${job.table} gave a wrong answer`);
  }
  return ms;
}

interface Run {
  readonly keys: string;
  readonly output: string;
  readonly expected: string;
}

async function prepare(job: PostmapJob, client: number): Promise<Run> {
  const first = job.first + client * job.keysPerClient;
  const addresses = Array.from({ length: job.keysPerClient }, (_, i) => addressOf("mailbox", first + i));
  const keys = join(job.folder, `keys-${client}`);
  await writeFile(keys, `${addresses.join("\n")}\n`);
  const expected = addresses.map((address) => `${address}\t${address}\n`).join("");
  return { keys, output: join(job.folder, `answers-${client}`), expected };
}

// Files for both ends: nothing of this process stands between postmap and its table.
async function ask(job: PostmapJob, { keys, output }: Run): Promise<void> {
  const [input, answers] = [openSync(keys, "r"), openSync(output, "w")];
  const child = spawn("postmap", ["-c", job.etc, "-q", "-", job.table], {
    stdio: [input, answers, "pipe"],
    // Debian keeps it in /usr/sbin, which is not on the PATH of everybody.
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
  });
  closeSync(input);
  closeSync(answers);
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const [code] = await once(child, "close");
  // Exit code 1 would also say that the last key was not found; the answers are compared anyway.
  if (code !== 0 || complaint !== "") throw new Error(`postmap ${job.table}: exit code ${code}: ${complaint}`);
}
