/** A data directory that is made once per machine and copied for each server. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives the folder of a template, which is made where it is not there yet.
 *
 * @param recipe whatever its content depends on: the version of the program, its arguments
 */
export async function templateFolder(
  name: string,
  recipe: string,
  make: (folder: string) => Promise<unknown>,
): Promise<string> {
  const id = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const template = join(tmpdir(), `loginmapd-test-${name}-${id}`);
  if (existsSync(template)) return template;
  const folder = await mkdtemp(`${template}-`);
  await make(folder);
  // Two workers may get here at once: the first rename wins, and a template is never seen half made.
  await rename(folder, template).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    await rm(folder, { recursive: true, force: true });
  });
  return template;
}
