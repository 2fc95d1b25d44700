// Compiles src/ to dist/, or to the directory given, and copies what the program reads at run time from beside its code.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = resolve(process.argv[2] ?? join(root, "dist"));
process.chdir(root);

rmSync(output, { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json", "--outDir", output],
  {
    stdio: "inherit",
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
const page = join(output, "sidecar/page");
cpSync("src/sidecar/page", page, { recursive: true });
// The charting library of the status page, which is served like the page's own files.
for (const name of ["uPlot.iife.min.js", "uPlot.min.css"]) cpSync(`node_modules/uplot/dist/${name}`, join(page, name));
cpSync("node_modules/uplot/LICENSE", join(page, "uPlot.LICENSE"));
chmodSync(join(output, "main.js"), 0o755);
