/** The dashboard: Prometheus parses every query, and every query asks for what the daemon publishes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { exampleMetrics, missingIn, readSeries, selectorsOf } from "../../support/docs/series.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly instant?: boolean }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

let directory: TestDirectory;
let dashboard: Dashboard;
let queries: string[];

beforeAll(async () => {
  directory = await makeDirectory("grafana");
  dashboard = JSON.parse(await readFile(join(projectRoot, "deploy/grafana/loginmapd.json"), "utf8"));
  queries = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.annotations.list.map(({ expr }) => expr),
  ];
});
afterAll(() => directory.remove());

const charts = () => dashboard.panels.filter(({ type }) => type !== "row");

test("Prometheus parses every query of the dashboard", async () => {
  const rules = queries.map((expr, i) => ({
    record: `query_${i}`,
    expr: expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$(\w+)/g, ".*"),
  }));
  const file = join(directory.path, "queries.yaml");
  await writeFile(file, stringify({ groups: [{ name: "dashboard", rules }] }));
  const outcome = await run("promtool", ["check", "rules", file]);
  expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0);
  expect(outcome.stdout).toContain(`${queries.length} rules found`);
});

test("every query asks only for metrics, labels and values that the daemon has", async () => {
  const catalogue = readSeries(await exampleMetrics());
  const definitions = dashboard.templating.list.flatMap(({ definition }) =>
    definition === undefined ? [] : [definition],
  );
  const selectors = [...queries, ...definitions].flatMap(selectorsOf);
  expect(selectors.length).toBeGreaterThanOrEqual(queries.length);
  expect(selectors.flatMap((selector) => missingIn(catalogue, selector, ["map", "source", "listener"]))).toEqual([]);
});

test("every metric of the daemon is on the dashboard", async () => {
  const names = (await exampleMetrics()).matchAll(/^# TYPE (loginmapd_\w+) /gm);
  const unseen = Array.from(names, ([, name = ""]) => name).filter((name) => !queries.join("\n").includes(name));
  expect(unseen).toEqual([]);
});

test("it begins with the daemons that are up and the alerts that fire", () => {
  const [first, second] = dashboard.panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  expect(first?.targets?.[0]?.expr).toMatch(/^sum\(up\{job="loginmapd"/);
  expect(second?.targets?.[0]?.expr).toMatch(/^count\(ALERTS\{.*alertstate="firing"/);
});

test("a single number is that of now, not the last one before a crash", () => {
  const numbers = charts().filter(({ type }) => type === "stat");
  expect(numbers.length).toBeGreaterThan(6);
  for (const { title, targets = [] } of numbers) {
    // The curve behind a number needs a range; without a daemon it then ends in 0.
    for (const { expr, instant } of targets)
      expect(instant === true || expr.endsWith("or vector(0)"), title).toBe(true);
  }
});

test("every variable that a query uses is declared, and every declared one is used", () => {
  const used = new Set(
    JSON.stringify(dashboard.panels)
      .match(/\$\{?(?!__)(\w+)/g)
      ?.map((name) => name.replace(/^\$\{?/, "")),
  );
  expect(dashboard.templating.list.map(({ name }) => name).toSorted()).toEqual([...used].toSorted());
});

test("every panel has a title, a description, a unit, a query and a number of its own", () => {
  for (const { title, description, fieldConfig, targets = [] } of charts()) {
    expect(title).not.toBe("");
    expect(description, title).toMatch(/\.$/);
    expect(fieldConfig?.defaults.unit, title).toMatch(/^\w+$/);
    expect(targets.length, title).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
  }
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

test("the panels fill their rows and never overlap", () => {
  const cells = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.get(`${x},${y}`), title).toBeUndefined();
        cells.set(`${x},${y}`, title);
      }
    }
  }
  const height = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  expect(cells.size).toBe(24 * height);
});
