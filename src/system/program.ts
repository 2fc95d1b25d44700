/** What the program is to the system: its version, and what its commands end with. */
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

/** Exit codes of every command, after sysexits(3); `query` adds postmap's 1 for "not found" and 75 for "try again", `doctor` and `audit` 1 for findings. */
export const exitCode = {
  ok: 0,
  notFound: 1,
  findings: 1,
  usage: 64,
  unavailable: 69,
  internal: 70,
  temporary: 75,
  configuration: 78,
} as const;

/** One of them. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
