/** The commands of docs/performance.md: scripts that there are, with options that they take. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../bench/options.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const { scripts } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
const commands = readBlocks("docs/performance.md").flatMap(({ text }) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.replace(/ *#.*$/, "")),
);

describe("docs/performance.md", () => {
  test("shows the commands of the benchmark", () => {
    expect(commands).toContain("npm run bench -- --docs");
  });

  // A run takes a minute to twenty, so only --help is run; the others are read as the benchmark reads them.
  test.each(commands)("%s", (command) => {
    const [, script = "", words = ""] = /^npm run (\w+)(?: -- (.+))?$/.exec(command) ?? [];
    expect(Object.keys(scripts)).toContain(script);
    if (script === "bench") expect(parseOptions(words.split(" "))).toBeDefined();
    else expect(words).toBe("");
  });

  test("an option that the benchmark does not have would be found", () => {
    expect(() => parseOptions(["--fast"])).toThrow("--fast");
  });

  test("npm run bench -- --help says how to use it", async () => {
    expect(commands).toContain("npm run bench -- --help");
    const { code, stdout } = await run("npm", ["run", "bench", "--", "--help"], { cwd: projectRoot });
    expect(code).toBe(0);
    expect(stdout).toContain("usage: npm run bench -- [options]");
  });
});
