/** What the program knows of its own package. */
import { readFileSync } from "node:fs";

/** Reads the version from package.json, which lies beside `src/` and `dist/`. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
