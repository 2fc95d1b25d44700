// Counts the tests in a JSON report of vitest, for test/all.sh: one line "project passed failed" for each project. What failed goes
// to stderr, a test a line and below it the first lines of the reason: all.sh shows it once more at its end.
//
// Whatever is not a test that ran and passed is a failure: a file that could not be loaded, a test that was skipped or is
// "todo", a project without tests, and a runner that failed for another reason (coverage below its gate, a stray error).
import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";

const [reportFile, exitStatus, ...projects] = process.argv.slice(2);
const report = readReport();
const totals = new Map(projects.map((project) => [project, { passed: 0, failed: 0 }]));

for (const file of report.testResults) {
  const [, folder] = relative(process.cwd(), file.name).split(sep);
  const total = totals.get(folder === "property" ? "unit" : folder);
  if (total === undefined) throw new Error(`${file.name} is in no project that was run`);
  for (const test of file.assertionResults) {
    total[test.status === "passed" ? "passed" : "failed"] += 1;
    if (test.status === "passed") continue;
    const what = test.status === "failed" ? "failed" : `not run (${test.status})`;
    console.error(`${what}: ${relative(process.cwd(), file.name)} > ${test.fullName}`);
    for (const message of test.failureMessages ?? []) console.error(firstLines(message));
  }
  if (file.assertionResults.length === 0) {
    total.failed += 1;
    console.error(`no test ran in ${file.name}`);
  }
}

for (const [project, total] of totals) {
  if (total.passed + total.failed > 0) continue;
  console.error(`the suite ${project} ran no test`);
  total.failed = 1;
}
const isClean = [...totals.values()].every((total) => total.failed === 0);
if (exitStatus !== "0" && isClean) {
  console.error("every test passed, yet the runner failed: see above (coverage, or an error outside a test)");
  totals.get(projects[0]).failed += 1;
}
for (const [project, { passed, failed }] of totals) console.log(project, passed, failed);

/** Of what failed, enough to tell one reason from another. */
function firstLines(message) {
  const lines = message.split("\n").slice(0, 8);
  return lines.map((line) => `    ${line.slice(0, 300)}`).join("\n");
}

function readReport() {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8"));
  } catch (error) {
    console.error(`no report of the tests: ${error.message}`);
    return { testResults: [] };
  }
}
