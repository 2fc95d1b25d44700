/** The built daemon as an administrator runs it: `node dist/main.js …`. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { makeDirectory } from "../directories.ts";
import { waitUntil, within } from "../wait.ts";
import { isListening } from "./ports.ts";
import { type ChildOptions, type Exit, type Outcome, run, startChild } from "./processes.ts";

/** The directory that holds package.json. */
export const projectRoot = fileURLToPath(new URL("../../..", import.meta.url));

const mainFile = join(projectRoot, "dist/main.js");

/** A configuration: an object that becomes YAML, or YAML as it is. */
export type DaemonConfig = string | Readonly<Record<string, unknown>>;

/** How to start the daemon. */
export interface DaemonOptions {
  /** Written to a file and given by `-c`. Left out for `--demo` and `--postfix-cf`. */
  readonly config?: DaemonConfig;
  /** What follows `serve`. */
  readonly args?: readonly string[];
  readonly env?: ChildOptions["env"];
  readonly cwd?: string;
  /** A program with its arguments that becomes the daemon, such as `prlimit --nofile=64`. */
  readonly prefix?: readonly string[];
  /** Ports and unix socket paths that must accept connections before the start counts as done. */
  readonly listening: readonly (number | string)[];
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** A running daemon. */
export interface Daemon {
  readonly pid: number;
  readonly configFile: string | undefined;
  readonly exited: Promise<Exit>;
  /** Standard error so far, as it is. */
  log(): string;
  /** The lines of the log that are JSON. */
  logLines(): LogLine[];
  stdout(): string;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and fails unless the daemon ends with exit code 0 in time. */
  stop(deadlineMs?: number): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Resident memory in bytes (/proc). */
  residentBytes(): Promise<number>;
}

/** Runs a command of loginmapd to its end. */
export function loginmapd(args: readonly string[], options: ChildOptions = {}, deadlineMs = 30_000): Promise<Outcome> {
  requireBuild();
  return run(process.execPath, [mainFile, ...args], options, deadlineMs);
}

/** Starts `loginmapd serve` and waits until it listens everywhere. A daemon that ends instead fails with its log. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  requireBuild();
  const directory = await makeDirectory("daemon");
  const configFile = options.config === undefined ? undefined : join(directory.path, "loginmapd.yaml");
  if (configFile !== undefined) await writeConfig(configFile, options.config as DaemonConfig);
  const args = [mainFile, "serve", ...(configFile === undefined ? [] : ["-c", configFile]), ...(options.args ?? [])];
  const [command, ...rest] = [...(options.prefix ?? []), process.execPath, ...args] as [string, ...string[]];
  const child = startChild(command, rest, {
    cwd: options.cwd ?? directory.path,
    ...(options.env && { env: options.env }),
  });
  const kill = async () => {
    child.signalGroup("SIGKILL");
    await child.exited;
    await directory.remove();
  };
  try {
    await Promise.race([
      waitUntil(`loginmapd to listen at ${options.listening.join(", ")}`, async () =>
        (await Promise.all(options.listening.map(isListening))).every(Boolean),
      ),
      child.exited.then((exit) => Promise.reject(new Error(`loginmapd ended with ${JSON.stringify(exit)}`))),
    ]);
  } catch (error) {
    const log = child.stderr();
    await kill();
    throw new Error(`loginmapd did not start:\n${log}`, { cause: error });
  }
  return {
    pid: child.pid,
    configFile,
    exited: child.exited,
    log: child.stderr,
    logLines: () => parseLog(child.stderr()),
    stdout: child.stdout,
    signal: child.signal,
    async stop(deadlineMs = 60_000) {
      child.signal("SIGTERM");
      try {
        const exit = await within("loginmapd to end after SIGTERM", child.exited, deadlineMs);
        if (exit.code !== 0) throw new Error(`loginmapd ended with ${JSON.stringify(exit)}:\n${child.stderr()}`);
      } finally {
        await kill();
      }
    },
    kill,
    residentBytes: () => residentBytes(child.pid),
  };
}

/** Writes a configuration file, for its owner alone since it may hold passwords. */
export async function writeConfig(path: string, config: DaemonConfig): Promise<void> {
  await writeFile(path, typeof config === "string" ? config : stringify(config), { mode: 0o600 });
}

function requireBuild(): void {
  if (!existsSync(mainFile)) throw new Error("dist/main.js is missing: npm run build");
}

function parseLog(text: string): LogLine[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LogLine);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (match === null) throw new Error(`process ${pid} has no resident memory: it has ended`);
  return Number(match[1]) * 1024;
}
