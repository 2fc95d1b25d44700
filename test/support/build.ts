/** Builds dist/ once before the end-to-end tests, which run what `npm run build` makes and nothing else. */
import { join } from "node:path";
import { projectRoot } from "./servers/daemon.ts";
import { run } from "./servers/processes.ts";

/** Called by vitest once for the whole project `e2e`. */
export async function setup(): Promise<void> {
  const { E2E_IS_BUILT } = process.env;
  if (E2E_IS_BUILT === "1") return;
  const build = await run(process.execPath, [join(projectRoot, "scripts/build.mjs")], { cwd: projectRoot }, 120_000);
  if (build.code !== 0) throw new Error(`the build fails:\n${build.stdout}${build.stderr}`);
}
