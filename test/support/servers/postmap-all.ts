/** Asks Postfix for many keys of a table at once, whatever it warns of. */
import type { PostfixHome } from "./postfix.ts";
import { run } from "./processes.ts";

/**
 * `postmap -q - TABLE`: the keys that were found, with their values.
 *
 * Warnings (a name that is set twice, an empty cell) are Postfix's own; an error is thrown.
 */
export async function postmapAll(
  postfix: PostfixHome,
  table: string,
  keys: readonly string[],
): Promise<Record<string, string>> {
  const input = `${keys.join("\n")}\n`;
  const { stdout, stderr } = await run("postmap", ["-c", postfix.etc, "-q", "-", table], { input });
  const failed = stderr.split("\n").find((line) => line !== "" && !line.startsWith("postmap: warning:"));
  if (failed !== undefined) throw new Error(failed);
  const lines = stdout.split("\n").filter((line) => line !== "");
  // No key has a tab; a value may.
  return Object.fromEntries(lines.map((line) => [line.split("\t", 1)[0], line.slice(line.indexOf("\t") + 1)]));
}
