/** Writes the generated documents, the example configuration and the completions: `npm run docs`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./docs/generated-files.ts";

const top = join(import.meta.dirname, "..");

for (const { path, text } of generatedFiles()) {
  const file = join(top, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
