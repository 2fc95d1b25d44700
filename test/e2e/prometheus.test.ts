/** A real Prometheus scrapes the built daemon with the shipped configuration, rules and dashboard. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, loginmapd, projectRoot, startDaemon } from "../support/daemon.ts";
import { makeDirectory, type TestDirectory } from "../support/directories.ts";
import { freePorts, isListening } from "../support/ports.ts";
import { type Child, run, startChild, stopChild } from "../support/processes.ts";
import { waitUntil } from "../support/wait.ts";

const shipped = join(projectRoot, "deploy/prometheus");

let directory: TestDirectory;
let daemon: Daemon;
let prometheus: Child;
let ports: { socketmap: number; admin: number; prometheus: number };

beforeAll(async () => {
  directory = await makeDirectory("prometheus");
  const [socketmap, admin, prometheusPort] = (await freePorts(3)) as [number, number, number];
  ports = { socketmap, admin, prometheus: prometheusPort };
  daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` }],
      admin: { endpoint: `inet:127.0.0.1:${admin}` },
      maps: { senders: { source: "mail" } },
      // A database that is not there: its source is down, and that is what an alert is about.
      sources: {
        mail: {
          driver: "mysql",
          hosts: [`unix:${join(directory.path, "none.sock")}`],
          user: "u",
          password: "p",
          database: "d",
          preset: "native",
        },
      },
    },
    listening: [socketmap, admin],
  });
  await copyFile(join(shipped, "rules.yaml"), join(directory.path, "rules.yaml"));
  const text = await readFile(join(shipped, "prometheus.yaml"), "utf8");
  // The shipped file but for the port and the pace.
  const quick = text.replace("127.0.0.1:9100", `127.0.0.1:${admin}`).replaceAll(/_interval: 15s/g, "_interval: 250ms");
  await writeFile(join(directory.path, "prometheus.yaml"), quick);
  prometheus = startChild("prometheus", [
    `--config.file=${directory.path}/prometheus.yaml`,
    `--storage.tsdb.path=${directory.path}/data`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
    "--log.level=warn",
  ]);
  await waitUntil("Prometheus to listen", () => isListening(prometheusPort), 30_000);
});
afterAll(async () => {
  if (prometheus) await stopChild(prometheus);
  await daemon?.stop();
  await directory?.remove();
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

async function query(expression: string): Promise<readonly Sample[]> {
  const url = `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const body = (await (await fetch(url)).json()) as { status: string; error?: string; data: { result: Sample[] } };
  if (body.status !== "success") throw new Error(`${expression}: ${body.error}`);
  return body.data.result;
}

test("the scrape succeeds and the series have the names and labels of the daemon", async () => {
  await waitUntil("the first scrape", async () => (await query('up{job="loginmapd"} == 1')).length === 1);
  const [info] = await query("loginmapd_build_info");
  expect(info?.metric).toMatchObject({
    job: "loginmapd",
    node: process.version,
    version: expect.stringMatching(/^\d/),
  });
  expect((await query("loginmapd_connections_limit"))[0]?.value[1]).toBe("1024");
});

test("a lookup that fails is counted under its result", async () => {
  const asked = await loginmapd([
    "query",
    "senders",
    "alice@example.com",
    "--server",
    `inet:127.0.0.1:${ports.socketmap}`,
  ]);
  expect(asked.code).toBe(75);
  await waitUntil("the count", async () => {
    const [sample] = await query('loginmapd_lookups_total{map="senders", protocol="socketmap", result="temp"}');
    return sample?.value[1] === "1";
  });
});

test("the source that is down makes LoginmapdSourceDown pending", async () => {
  await waitUntil("the alert", async () => {
    const alerts = await query('ALERTS{alertname="LoginmapdSourceDown", source="mail"}');
    return alerts[0]?.metric["alertstate"] === "pending";
  });
  expect(await query('ALERTS{alertname=~"LoginmapdDown|LoginmapdAbsent|LoginmapdProtocolErrors"}')).toEqual([]);
});

test("Prometheus answers every query of the dashboard", async () => {
  const dashboard = JSON.parse(await readFile(join(projectRoot, "deploy/grafana/loginmapd.json"), "utf8"));
  const expressions: string[] = dashboard.panels.flatMap(({ targets = [] }: { targets?: { expr: string }[] }) =>
    targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(instance|map|source)/g, ".*")),
  );
  expect(expressions.length).toBeGreaterThan(30);
  const empty: string[] = [];
  for (const expression of expressions) if ((await query(expression)).length === 0) empty.push(expression);
  // Only what nothing has happened for yet may be empty: a histogram without observations has no quantile.
  expect(empty.filter((expression) => !/histogram_quantile|> 0\)/.test(expression))).toEqual([]);
});

test("promtool has nothing to say against what the daemon itself publishes", async () => {
  const text = await (await fetch(`http://127.0.0.1:${ports.admin}/metrics`)).text();
  const own = text.split(/\n(?=# HELP )/).filter((block) => block.startsWith("# HELP loginmapd_"));
  expect(own.length).toBeGreaterThanOrEqual(13);
  const outcome = await run("promtool", ["check", "metrics"], { input: `${own.join("\n").trimEnd()}\n` });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});
