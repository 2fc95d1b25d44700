/** The C programs of the benchmark, compiled when there is a compiler. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasProgram, run } from "../support/servers/processes.ts";

/** Paths of the compiled programs. */
export interface CPrograms {
  /** The load generator (`load.c`). */
  readonly load: string;
  /** The C limit (`limit.c`). */
  readonly limit: string;
}

/**
 * Compiles them into a folder.
 *
 * @returns `undefined` when there is no `cc`: the generator is then the one in TypeScript, and there is no C limit
 * @throws when a compiler is there and the compilation fails
 */
export async function compilePrograms(folder: string): Promise<CPrograms | undefined> {
  if (!hasProgram("cc")) return undefined;
  const [load, limit] = await Promise.all([compile("load", folder), compile("limit", folder)]);
  return { load, limit };
}

async function compile(name: string, folder: string): Promise<string> {
  const program = join(folder, name);
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const outcome = await run("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source, "-lm"]);
  if (outcome.code !== 0) throw new Error(`${name}.c does not compile:\n${outcome.stderr}`);
  return program;
}
