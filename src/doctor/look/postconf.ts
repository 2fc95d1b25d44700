/** Runs Postfix's own postconf(1), which knows defaults, overrides and continued lines better than any reader of ours. */
import { spawnSync } from "node:child_process";
import type { PostconfOutput } from "../postfix.ts";

/** postconf is not there, or could not read the configuration. */
export class PostconfError extends Error {}

/**
 * Reads the configuration of Postfix.
 *
 * @param directory the configuration directory; `undefined` = that of the system
 * @throws {PostconfError}
 */
export function readPostconf(directory: string | undefined): PostconfOutput {
  const run = (...options: string[]) => {
    const args = [...(directory === undefined ? [] : ["-c", directory]), ...options];
    const { status, stdout, stderr, error } = spawnSync("postconf", args, {
      encoding: "utf8",
      timeout: timeoutMs,
      maxBuffer: maxOutputBytes,
      env: environment(),
    });
    if (error !== undefined) throw new PostconfError(reasonOf(error));
    if (status !== 0) throw new PostconfError(stderr.trim() || `postconf ended with exit code ${status}`);
    return { stdout, warnings: stderr.split("\n").filter((line) => line !== "") };
  };
  // Every run complains of the same.
  const { stdout: parameters, warnings } = run();
  const [defaults, services, overrides] = [run("-d").stdout, run("-M").stdout, run("-P").stdout];
  return { parameters, defaults, services, overrides, warnings };
}

/** The environment for Postfix's own commands: only the PATH of root has them. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C" };
}

// It reads two files: some milliseconds, and a second when it ends with `fatal`.
const timeoutMs = 30_000;
const maxOutputBytes = 16 * 1024 * 1024;

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === "ENOENT"
    ? "postconf is not installed here: run this on the machine of Postfix"
    : `postconf: ${error.message}`;
}
