/** The alert rules: promtool reads them, every one has a case in which it fires, and nothing they name is made up. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { exampleMetrics, missingIn, readSeries, type SeriesCatalogue, selectorsOf } from "../../support/docs/series.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const directory = join(projectRoot, "deploy/prometheus");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Case {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

const rules: Rule[] = [];
const cases: Case[] = [];
let catalogue: SeriesCatalogue;
let metricsText: string;

beforeAll(async () => {
  const ruleFile = parse(await readFile(join(directory, "rules.yaml"), "utf8"));
  rules.push(...ruleFile.groups.flatMap((group: { rules: Rule[] }) => group.rules));
  const testFile = parse(await readFile(join(directory, "rules.test.yaml"), "utf8"));
  cases.push(...testFile.tests.flatMap((group: { alert_rule_test: Case[] }) => group.alert_rule_test));
  metricsText = await exampleMetrics();
  catalogue = readSeries(metricsText);
});

test("promtool takes the rules and the configuration of Prometheus", async () => {
  expect(await run("promtool", ["check", "rules", join(directory, "rules.yaml")])).toMatchObject({ code: 0 });
  expect(await run("promtool", ["check", "config", join(directory, "prometheus.yaml")])).toMatchObject({ code: 0 });
});

test("each alert fires, and stays silent, where rules.test.yaml says so", async () => {
  const outcome = await run("promtool", ["test", "rules", join(directory, "rules.test.yaml")]);
  expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0);
});

test("rules.test.yaml has a case that fires and one that stays silent for every alert", () => {
  const missing = rules.flatMap(({ alert }) => {
    const own = cases.filter(({ alertname }) => alertname === alert);
    return [
      ...(own.some(({ exp_alerts }) => exp_alerts.length > 0) ? [] : [`${alert} never fires`]),
      ...(own.some(({ exp_alerts }) => exp_alerts.length === 0) ? [] : [`${alert} never stays silent`]),
    ];
  });
  expect(rules.length).toBeGreaterThanOrEqual(22);
  expect(missing).toEqual([]);
});

test("the rules ask only for metrics, labels and values that the daemon has", () => {
  const selectors = rules.flatMap(({ expr }) => selectorsOf(expr));
  expect(selectors.length).toBeGreaterThanOrEqual(rules.length);
  expect(selectors.flatMap((selector) => missingIn(catalogue, selector, ["map", "source", "listener"]))).toEqual([]);
});

test("a name that the daemon does not have would be found", () => {
  const [selector] = selectorsOf('rate(loginmapd_lookups_total{result="timedout"}[5m])');
  expect(missingIn(catalogue, selector!, [])).toEqual(['loginmapd_lookups_total never has result="timedout"']);
});

test("every selector goes by the job that prometheus.yaml names", async () => {
  const { scrape_configs } = parse(await readFile(join(directory, "prometheus.yaml"), "utf8"));
  const [{ job_name }] = scrape_configs;
  const jobs = rules.flatMap(({ expr }) =>
    selectorsOf(expr).map(({ matchers }) => matchers.find(({ label }) => label === "job")?.value),
  );
  expect(new Set(jobs)).toEqual(new Set([job_name]));
});

test("every alert says how bad it is, what it means and where to read on", () => {
  for (const { alert, labels, annotations } of rules) {
    expect(labels["severity"], alert).toMatch(/^(critical|warning|info)$/);
    expect(Object.keys(annotations), alert).toEqual(["summary", "description", "runbook"]);
    expect(annotations["runbook"], alert).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  }
});

describe("docs/operations.md", () => {
  test("has one entry per alert, with symptom, cause and action, and none for an alert that is gone", async () => {
    const text = await readFile(join(projectRoot, "docs/operations.md"), "utf8");
    const sections = text.split(/^(?=#{2,3} )/m);
    const entries = sections.filter((section) => /^### Loginmapd/.test(section));
    const titles = entries.map((entry) => /^### (\w+)$/m.exec(entry)?.[1]);
    expect(titles.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
    for (const entry of entries) {
      for (const part of ["Symptom", "Cause", "Action"]) expect(entry).toContain(`**${part}.**`);
    }
  });

  test.each([
    ["LoginmapdRestarting", "More than two starts within a quarter of an hour", "[15m]) > 2"],
    ["LoginmapdTemporaryFailures", "More than 1 % of the lookups", "> 0.01 *"],
    ["LoginmapdSlowLookups", "slowest percent of lookups takes over half a second", "> 0.5"],
    ["LoginmapdNotAsked", "No lookup for a day", "[1d])) == 0"],
    ["LoginmapdLoginTriesAddresses", "ten or more different addresses", ">= 10"],
    ["LoginmapdSourceErrors", "More than 1 % of the statements", "> 0.01 *"],
    ["LoginmapdSlowSource", "slowest percent of statements takes over a second", "> 1"],
    ["LoginmapdLowHitRatio", "more than 70 % of its lookups from the database", "> 0.7 *"],
    ["LoginmapdCacheTooSmall", "within an hour more than it holds", "[1h])"],
    ["LoginmapdListingOld", "more than 15 minutes", "> 900"],
    ["LoginmapdConnectionsNearLimit", "over 80 % of `limits.max_connections`", "0.8 *"],
    ["LoginmapdProtocolErrors", "for ten minutes", "[10m])) > 0"],
    ["LoginmapdFileDescriptors", "Over 80 % of the file descriptors", "0.8 *"],
  ])("tells the bound of %s: %s", async (alert, symptom, bound) => {
    const text = await readFile(join(projectRoot, "docs/operations.md"), "utf8");
    const entry = text.slice(text.indexOf(`### ${alert}\n`)).split("**Cause.**")[0];
    expect(entry?.replace(/\s+/g, " ")).toContain(symptom);
    expect(rules.find((rule) => rule.alert === alert)?.expr.replace(/\s+/g, " ")).toContain(bound);
  });

  test("tells how long versions may differ", async () => {
    expect(await readFile(join(projectRoot, "docs/operations.md"), "utf8")).toContain("side by side for six hours");
    expect(rules.find(({ alert }) => alert === "LoginmapdVersionsDiffer")?.for).toBe("6h");
  });
});

test("promtool has nothing to say against the text of /metrics", async () => {
  const ours = metricsText
    .split(/\n(?=# HELP )/)
    .filter((block) => block.startsWith("# HELP loginmapd_"))
    .join("\n");
  const outcome = await run("promtool", ["check", "metrics"], { input: `${ours.trimEnd()}\n` });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});
