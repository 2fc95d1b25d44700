/** Daemons that follow their sources, and the time from a change in a database to the changed answer. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { FollowedStack } from "../follow-changes/stack.ts";
import type { Lag } from "../lag.ts";
import { waitUntil } from "../wait.ts";
import { WireClient } from "../wire/wire.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { freePorts } from "./ports.ts";

/** What a test does when it ends, the last first. */
export type CleanUp = (() => Promise<void>)[];

/** The text of a file in `sql/`. */
export const sqlFile = (path: string) => readFileSync(join(import.meta.dirname, "../../../sql", path), "utf8");

interface Running {
  readonly daemon: Daemon;
  readonly port: number;
  readonly admin: number;
}

/** Starts a daemon with a map and a source for each entry, and waits until all of them were listed and their addresses asked for. */
export async function follow(
  cleanUp: CleanUp,
  sources: Readonly<Record<string, object>>,
  cache: object = { ttl: "10m", negative_ttl: "10m" },
): Promise<Running> {
  const [port = 0, admin = 0] = await freePorts(2);
  const daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      admin: { endpoint: `inet:127.0.0.1:${admin}` },
      maps: Object.fromEntries(Object.keys(sources).map((name) => [name, { source: name }])),
      sources,
      cache,
    },
    listening: [port, admin],
  });
  cleanUp.push(() => daemon.kill());
  for (const name of Object.keys(sources)) {
    await waitUntil(`${name} to be listed and in memory`, async () => {
      const listed = await metric(admin, `loginmapd_source_listed_addresses{source="${name}"}`);
      const positive = await metric(admin, `loginmapd_cache_entries{map="${name}",kind="positive"}`);
      return listed > 2000 && positive > 2000;
    });
  }
  return { daemon, port, admin };
}

async function metric(admin: number, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.split(" ").at(-1));
}

/** One change, and how long it took to be an answer. */
export interface Times {
  readonly change: string;
  readonly ms: number;
}

/** Makes the changes of a stack one after the other, and takes the time from each commit to the changed answer. */
export async function timesOf(
  { changes }: FollowedStack,
  map: string,
  port: number,
  run: (sql: string) => Promise<void>,
) {
  const client = await WireClient.open(port);
  const times: Times[] = [];
  for (const { name, sql, key, before, after } of changes) {
    // A change before this one may concern the key too.
    await waitUntil(
      `${map}: ${key} to be ${before} before ${name}`,
      async () => (await client.ask(map, key)) === before,
    );
    await run(sql);
    const committedMs = performance.now();
    await waitUntil(`${map}: ${key} to be ${after} after ${name}`, async () => (await client.ask(map, key)) === after);
    times.push({ change: name, ms: performance.now() - committedMs });
  }
  client.close();
  return times;
}

// The table shows the times of this machine. The bound is of an idle one, and tests of other files run beside this one: what takes
// twice as long and what the machine was seen to add is no busy machine but a change that was not followed.
const slack = 2;

/** Prints what was measured, and holds it to the bound, with what the machine added. */
export async function judge(
  title: string,
  times: Readonly<Record<string, readonly Times[]>>,
  boundMs: number,
  lag: Lag,
  admin: number,
): Promise<void> {
  const rows = Object.entries(times).flatMap(([map, all]) =>
    all.map(({ change, ms }) => `  ${map.padEnd(14)}${change.padEnd(36)}${ms.toFixed(0).padStart(6)} ms`),
  );
  process.stdout.write(`${title}, from commit to changed answer:\n${rows.join("\n")}\n`);
  // Without a signal a source is listed after 50 times what that takes; on an idle machine less than 20 ms.
  const durations = await Promise.all(
    Object.keys(times).map((map) => metric(admin, `loginmapd_source_listing_duration_seconds{source="${map}"}`)),
  );
  const allowanceMs = lag.allowanceMs + Math.max(0, 50_000 * Math.max(...durations) - 1000);
  const late = Object.entries(times).flatMap(([map, all]) =>
    all
      .filter(({ ms }) => ms > slack * boundMs + allowanceMs)
      .map(({ change, ms }) => `${map}: ${change} ${ms.toFixed(0)} ms`),
  );
  expect(late).toEqual([]);
}
