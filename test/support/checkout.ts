/** A copy of this checkout as `git clone` makes it, so that a test can build in it while others run what is built here. */
import { cp, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory, type TestDirectory } from "./directories.ts";
import { projectRoot } from "./servers/daemon.ts";

const made = [".git", "coverage", "data", "dist", "node_modules"];

/** Copies it; `withModules` gives it the modules that are installed here. */
export async function copyCheckout(withModules: boolean): Promise<TestDirectory> {
  const directory = await makeDirectory("checkout");
  for (const name of await readdir(projectRoot)) {
    if (made.includes(name)) continue;
    await cp(join(projectRoot, name), join(directory.path, name), { recursive: true });
  }
  if (withModules) await symlink(join(projectRoot, "node_modules"), join(directory.path, "node_modules"));
  return directory;
}
