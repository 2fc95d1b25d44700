/** What the program knows of its own package: where it lies, and what of it is read at run time. */
import { existsSync, readFileSync } from "node:fs";

const root = packageRoot();

/** The URL of a file of the package: `sql/…`, `package.json`; the same from `src/` as from the bundle in `dist/`. */
export function packageFile(path: string): URL {
  return new URL(path, root);
}

/** Reads the version from package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string };
  return version;
}

// The bundler decides in which file this line ends up, so the package is looked for upwards. It ends at the root of the file
// system, whose parent is itself: nothing of ours works without a package, so the first read says what is missing.
function packageRoot(): URL {
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL("package.json", folder)) && folder.pathname !== "/") folder = new URL("..", folder);
  return folder;
}
