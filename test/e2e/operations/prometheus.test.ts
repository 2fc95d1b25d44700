/** A real Prometheus scrapes the built daemon with the shipped configuration and rules. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { run } from "../../support/servers/processes.ts";
import { type Prometheus, startPrometheus } from "../../support/servers/prometheus.ts";
import { waitUntil } from "../../support/wait.ts";

let directory: TestDirectory;
let daemon: Daemon;
let prometheus: Prometheus;
let ports: { socketmap: number; admin: number };

beforeAll(async () => {
  directory = await makeDirectory("prometheus");
  const [socketmap, admin] = (await freePorts(2)) as [number, number];
  ports = { socketmap, admin };
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
  prometheus = await startPrometheus(admin);
});
afterAll(async () => {
  await prometheus?.stop();
  await daemon?.stop();
  await directory?.remove();
});

const query = (expression: string) => prometheus.query(expression);

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

test("promtool has nothing to say against what the daemon itself publishes", async () => {
  const text = await (await fetch(`http://127.0.0.1:${ports.admin}/metrics`)).text();
  const own = text.split(/\n(?=# HELP )/).filter((block) => block.startsWith("# HELP loginmapd_"));
  expect(own.length).toBeGreaterThanOrEqual(13);
  const outcome = await run("promtool", ["check", "metrics"], { input: `${own.join("\n").trimEnd()}\n` });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});
