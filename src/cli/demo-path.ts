/** Where the demo database lies. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Finds a place that can be written: `data/` of the checkout, or for an installed program one below the temporary files. */
export function demoDatabasePath(): string {
  const directory = fileURLToPath(new URL("../../data/", import.meta.url));
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return join(directory, "demo.sqlite");
  } catch {
    const own = join(tmpdir(), `loginmapd-demo-${userInfo().uid}`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return join(own, "demo.sqlite");
  }
}
