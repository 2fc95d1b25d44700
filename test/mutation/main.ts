/**
 * `node --import tsx test/mutation/main.ts [WORD]`: breaks the code in one place after another and sees whether a test notices.
 *
 * Each line of mutations.tsv names a file, a text in it, what takes its place (`\n` = line break), and the tests that should fail;
 * they have to pass on the code as it is, which is tried first. A mutation that no test notices is printed at the end. Files are put
 * back; run it in a checkout without changes all the same.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [word = ""] = process.argv.slice(2);
const lines = readFileSync(join(root, "test/mutation/mutations.tsv"), "utf8").trimEnd().split("\n");
const survivors: string[] = [];
const unmatched: string[] = [];

function pass(tests: readonly string[]): boolean {
  const projects = [...new Set(tests.map((test) => test.split("/")[0] ?? ""))].flatMap((name) => ["--project", name]);
  const files = tests.map((test) => `test/${test}`);
  const { status } = spawnSync("npx", ["vitest", "run", "--bail", "1", ...projects, ...files], { cwd: root });
  return status === 0;
}

/** Whether tests pass on the code as it is, by their names: others prove nothing by failing. */
const passing = new Map<string, boolean>();

for (const line of lines.filter((one) => one.includes(word))) {
  const [file = "", from = "", to = "", tests = ""] = line.split("\t").map((cell) => cell.replaceAll("\\n", "\n"));
  const path = join(root, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) {
    unmatched.push(line);
    continue;
  }
  if (!passing.has(tests)) passing.set(tests, pass(tests.split(" ")));
  if (passing.get(tests) !== true) {
    unmatched.push(line);
    process.stdout.write(`FAILS AS IT IS\t${line}\n`);
    continue;
  }
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    const outcome = pass(tests.split(" ")) ? "SURVIVED" : "noticed";
    if (outcome === "SURVIVED") survivors.push(line);
    process.stdout.write(`${outcome}\t${line}\n`);
  } finally {
    writeFileSync(path, text);
  }
}
process.stdout.write(`${lines.length} mutations, ${survivors.length} survived, ${unmatched.length} not tried\n`);
for (const line of [...survivors, ...unmatched]) process.stdout.write(`  ${line}\n`);
process.exitCode = survivors.length + unmatched.length === 0 ? 0 : 1;
