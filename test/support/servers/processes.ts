/** Child processes of tests: watched from the first byte to the exit, and gone when the test is. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { within } from "../wait.ts";

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that ran to its end. */
export interface Outcome extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** What a child gets beside its arguments. */
export interface ChildOptions {
  readonly cwd?: string;
  /** Added to the environment of the tests; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
}

/** A running program in a process group of its own. */
export interface Child {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<Exit>;
  readonly isRunning: () => boolean;
  /** Signals the program alone. */
  signal(signal: NodeJS.Signals): void;
  /** Signals the program and everything it started. */
  signalGroup(signal: NodeJS.Signals): void;
}

// A shell that outlives a killed test runner just long enough to kill the group of its child: the pipe on its standard
// input closes when the runner dies, however it dies. "done" is what an orderly end sends.
const reaperScript = `read word; [ "$word" = done ] || kill -KILL -- "-$1" 2>/dev/null`;

/** Starts a program. It does not survive this process, nor does what it starts. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawnGroup(command, args, options);
  const pid = child.pid;
  if (pid === undefined)
    throw new Error(`cannot start ${command}: is its package installed? (test/all.sh installs it)`);
  const reaper = spawn("/bin/sh", ["-c", reaperScript, "reaper", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  reaper.on("error", () => {});
  reaper.stdin.on("error", () => {});
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();

  const stdout = collect(child, "stdout");
  const stderr = collect(child, "stderr");
  let exit: Exit | undefined;
  const closed = once(child, "close");
  const exited = once(child, "exit").then(async ([code, signal]): Promise<Exit> => {
    exit = { code, signal };
    reaper.stdin.end("done\n");
    // The rest of its output; but a grandchild that kept the pipe open does not keep us.
    await within("the end of its output", closed, 500).catch(() => {});
    return exit;
  });
  return {
    pid,
    stdout,
    stderr,
    exited,
    isRunning: () => exit === undefined,
    signal: (signal) => void child.kill(signal),
    signalGroup: (signal) => killGroup(pid, signal),
  };
}

/** Ends a child and its group: SIGTERM, then SIGKILL for what is left at the deadline. */
export async function stopChild(child: Child, deadlineMs = 60_000): Promise<Exit> {
  child.signal("SIGCONT");
  child.signal("SIGTERM");
  try {
    return await within(`process ${child.pid} to end`, child.exited, deadlineMs);
  } finally {
    child.signalGroup("SIGKILL");
  }
}

/** Runs a program to its end. One that is still running at the deadline is killed, and the call fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
  deadlineMs = 30_000,
): Promise<Outcome> {
  const child = startChild(command, args, options);
  try {
    const exit = await within(`${command} ${args.join(" ")} to end`, child.exited, deadlineMs);
    return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
  } finally {
    child.signalGroup("SIGKILL");
  }
}

/** Tells whether a program is on the PATH (or in the directories where Debian keeps those for root). */
export function hasProgram(name: string): boolean {
  return pathWithSystemPrograms()
    .split(delimiter)
    .some((directory) => existsSync(join(directory, name)));
}

function pathWithSystemPrograms(): string {
  const { PATH = "" } = process.env;
  return `${PATH}:/usr/sbin:/sbin`;
}

function spawnGroup(command: string, args: readonly string[], options: ChildOptions): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: pathWithSystemPrograms(), ...options.env };
  const child = spawn(command, args, {
    cwd: options.cwd,
    env,
    detached: true,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.on("error", () => {});
  if (options.input !== undefined) {
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
  }
  return child;
}

function collect(child: ChildProcess, stream: "stdout" | "stderr"): () => string {
  const chunks: Buffer[] = [];
  child[stream]?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
