/** Every query of the dashboard and every alert rule, asked of a real Prometheus after everything has happened once. */
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { projectRoot } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { type Prometheus, type Sample, startPrometheus } from "../../support/servers/prometheus.ts";
import { adminToken, nativeSource, type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { endOfHeaders, header, mail, packet, postfixOffer } from "../../support/wire/milter-wire.ts";
import { askOnce, netstring, WireClient } from "../../support/wire/wire.ts";

interface Query {
  /** The panel and the letter of the query in it. */
  readonly name: string;
  readonly expr: string;
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const read = (path: string) => readFileSync(join(projectRoot, "deploy", path), "utf8");
const dashboard = JSON.parse(read("grafana/loginmapd.json")) as {
  panels: { title: string; targets?: { refId: string; expr: string }[] }[];
};
const queries: Query[] = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ refId, expr }) => ({
    name: `${title}, ${refId}`,
    // What Grafana puts in for its variables, with "All" chosen in each.
    expr: expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(instance|map|source)\b/g, ".*"),
  })),
);
const rules: Rule[] = parse(read("prometheus/rules.yaml")).groups.flatMap(({ rules }: { rules: Rule[] }) => rules);

/** Alerts whose condition need not come about in this test, and why. Their parts have data all the same. */
const notMet: Readonly<Record<string, string>> = {
  LoginmapdRestarting: "wants three starts",
  LoginmapdSlowLookups: "the slow lookups are too few beside the quick ones",
  LoginmapdSlowSource: "a statement of this database takes milliseconds, and one that hangs ends after 0.5 s",
  LoginmapdNotAsked: "the daemon is asked",
  LoginmapdEventLoopBlocked: "nothing blocks the event loop",
  LoginmapdFileDescriptors: "a few dozen of a thousand are open",
  LoginmapdVersionsDiffer: "one daemon has one version",
  LoginmapdListingOld: "a quarter of an hour without a listing; promtool has that time pass",
};
/** An alert whose expression never has data while the daemon is scraped: it is about the absence of it. */
const aboutAbsence = ["LoginmapdAbsent"];

let stage: Stage;
let milterPort: number;
let prometheus: Prometheus;
const held: WireClient[] = [];
/** What each query, each rule, and each rule with its thresholds taken away gave in any phase. */
const given = new Map<string, Sample[]>();

beforeAll(async () => {
  const deadHost = await freePort();
  milterPort = await freePort();
  stage = await startStage({
    milterPort,
    config: (mariadb) => {
      const source = nativeSource(mariadb);
      return {
        sources: {
          mail: {
            ...source,
            hosts: [`inet:127.0.0.1:${deadHost}`, ...(source["hosts"] as string[])],
            query_timeout: "500ms",
          },
          followed: { ...source, listing_interval: "1s" },
        },
        maps: {
          senders: { source: "mail", recipient_delimiter: "+" },
          others: { source: "followed", recipient_delimiter: "+" },
        },
        limits: { max_connections: 8, lookup_timeout: "300ms" },
        cache: { max_entries: 20, max_negative_entries: 20, ttl: "1s", negative_ttl: "1s", stale_if_error: "1h" },
      };
    },
  });
  prometheus = await startPrometheus(stage.ports.admin);
  // Counters are compared with what they were at the first scrapes.
  await waitUntil("two scrapes", async () => (await countOf("loginmapd_build_info[1m]")) >= 2);
  await everythingIsWell();
  await observe();
  await aTableIsGone();
  await theDatabaseHangs();
  await observe();
  await stage.mariadb.kill();
  await ask(4, (i) => `alice+kept${i}@example.com`);
  await waitUntil("the source to be down", async () => (await prometheus.query("loginmapd_source_up == 0")).length > 0);
  await observe();
  await stage.daemon.kill();
  await waitUntil("a scrape that fails", async () => (await prometheus.query('up{job="loginmapd"} == 0')).length > 0);
  await observe();
}, 180_000);
afterAll(async () => {
  for (const client of held) client.close();
  await prometheus?.stop();
  await stage?.daemon.kill();
  await stage?.mariadb.remove();
});

/** Hits, misses, foreign domains, evictions, a host that is down, a flush, reloads good and bad, broken frames, a map that is not there. */
async function everythingIsWell(): Promise<void> {
  for (let round = 0; round < 12; round++) {
    await ask(500, (i) => `nobody${round}-${i}@example.com`);
    await ask(60, (i) => `alice+${round}-${i}@example.com`);
    await ask(20, () => "alice@example.com");
    await ask(5, () => "a@foreign.example");
  }
  await askOnce(stage.ports.socketmap, "typo", "alice@example.com");
  const broken = await WireClient.open(stage.ports.socketmap);
  broken.send("GET / HTTP/1.1\r\n\r\n");
  await broken.closed;
  const flushed = await fetch(`http://127.0.0.1:${stage.ports.admin}/v1/cache/flush`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ address: "alice@example.com" }),
  });
  expect(flushed.status).toBe(200);
  await reload(stringify(stage.config), "ok");
  await reload("listeners: 1\n", "error");
  await ask(4, (i) => `alice+kept${i}@example.com`);
  await messages(2, () => "alice@example.com");
  // Somebody who has found a password tries whom it may write as.
  await messages(12, (i) => `bob+tried${i}@example.com`);
  await rowsComeAndGo();
  while (held.length < 7) held.push(await WireClient.open(stage.ports.socketmap));
  await aScrape();
}

async function aTableIsGone(): Promise<void> {
  await stage.mariadb.query("RENAME TABLE addresses TO elsewhere");
  for (let i = 0; i < 150; i++) await ask(1, () => `gone${i}@example.com`);
  await messages(20, (i) => `gone${i}@example.com`);
  await waitUntil(
    "a listing that fails",
    async () => (await stage.metric("loginmapd_source_listing_failures_total")) > 0,
  );
  await stage.mariadb.query("RENAME TABLE elsewhere TO addresses");
}

/** Answers that are kept and have expired are served stale; what is not kept runs into the deadline. */
async function theDatabaseHangs(): Promise<void> {
  for (const client of held.splice(0)) client.close();
  stage.mariadb.pause();
  await ask(8, (i) => `hanging${i}@example.com`);
  await waitUntil("stale answers", async () => {
    await ask(4, (i) => `alice+kept${i}@example.com`);
    return (await stage.metric("loginmapd_cache_requests_total", { outcome: "stale" })) > 0;
  });
  await aScrape();
  stage.mariadb.resume();
}

/** Messages of alice with these addresses in their From:, over one connection. */
async function messages(count: number, from: (i: number) => string): Promise<void> {
  const judged = () => stage.metric("loginmapd_messages_total");
  const before = await judged();
  const socket = connect(milterPort, "127.0.0.1").on("error", () => undefined);
  socket.write(postfixOffer, "latin1");
  for (let i = 0; i < count; i++) {
    const message = mail("alice@example.com", "alice@example.com") + header("From", from(i)) + endOfHeaders();
    socket.write(message, "latin1");
    await waitUntil(`message ${i} to be judged`, async () => (await judged()) > before + i);
    socket.write(packet("A"), "latin1");
  }
  socket.destroy();
}

/** A source that is followed notices each of these by itself. */
async function rowsComeAndGo(): Promise<void> {
  const changes = (kind: string) => stage.metric("loginmapd_source_changes_total", { kind });
  const here = "domain = 'example.com' AND localpart = 'newcomer'";
  const of = (login: string) => `('example.com', 'newcomer', '${login}@example.com')`;
  await stage.mariadb.query(`INSERT INTO addresses (domain, localpart, login) VALUES ${of("alice")}`);
  await waitUntil("the row to be listed", async () => (await changes("added")) > 0);
  await stage.mariadb.query(`UPDATE addresses SET login = 'bob@example.com' WHERE ${here}`);
  await waitUntil("its change to be listed", async () => (await changes("changed")) > 0);
  await stage.mariadb.query(`DELETE FROM addresses WHERE ${here}`);
  await waitUntil("its end to be listed", async () => (await changes("removed")) > 0);
}

async function reload(text: string, outcome: string): Promise<void> {
  const file = stage.daemon.configFile as string;
  const good = await readFile(file, "utf8");
  const before = await stage.metric("loginmapd_config_reloads_total", { outcome });
  await writeFile(file, text);
  stage.daemon.signal("SIGHUP");
  await waitUntil(`a reload that ends in ${outcome}`, async () => {
    return (await stage.metric("loginmapd_config_reloads_total", { outcome })) > before;
  });
  await writeFile(file, good);
}

/** Asks all at once over one connection. */
async function ask(count: number, address: (i: number) => string): Promise<void> {
  const client = await WireClient.open(stage.ports.socketmap);
  client.send(Buffer.concat(Array.from({ length: count }, (_, i) => netstring(`senders ${address(i)}`))));
  for (let i = 0; i < count; i++) await client.netstring();
  client.close();
}

async function countOf(range: string): Promise<number> {
  return Number((await prometheus.query(`count_over_time(${range})`))[0]?.value[1] ?? 0);
}

async function aScrape(): Promise<void> {
  const before = await countOf("loginmapd_build_info[10m]");
  await waitUntil("two more scrapes", async () => (await countOf("loginmapd_build_info[10m]")) >= before + 2);
}

async function observe(): Promise<void> {
  const expressions = [...queries, ...rules].flatMap(({ expr }) => [expr, withoutThresholds(expr)]);
  for (const expr of new Set(expressions)) {
    const samples = await prometheus.query(expr);
    given.set(expr, [...(given.get(expr) ?? []), ...samples]);
  }
}

/** Has every comparison say 0 or 1 in place of leaving out what it does not hold for: no data, then, is a missing series. */
function withoutThresholds(expr: string): string {
  return expr
    .split(/(\{[^}]*\})/)
    .map((part) => (part.startsWith("{") ? part : part.replaceAll(/(==|!=|>=|<=|>|<)/g, "$1 bool")))
    .join("");
}

const numbersOf = (expr: string) => (given.get(expr) ?? []).map(({ value }) => Number(value[1]));

describe("the dashboard", () => {
  test.each(queries)("$name has data", ({ expr }) => {
    const numbers = numbersOf(expr);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.some((number) => Number.isFinite(number) && number !== 0)).toBe(true);
  });
});

describe("the alert rules", () => {
  test.each(rules.filter(({ alert }) => !aboutAbsence.includes(alert)))("every part of $alert has data", ({ expr }) => {
    const numbers = numbersOf(withoutThresholds(expr));
    expect(numbers.filter(Number.isFinite)).not.toEqual([]);
  });

  test("those are met whose condition came about", () => {
    const met = rules.filter(({ expr }) => numbersOf(expr).length > 0).map(({ alert }) => alert);
    const expected = rules
      .map(({ alert }) => alert)
      .filter((alert) => !(alert in notMet || aboutAbsence.includes(alert)));
    expect(met).toEqual(expect.arrayContaining(expected));
  });

  test("every exception is a rule that there is", () => {
    const names = rules.map(({ alert }) => alert);
    expect(names).toEqual(expect.arrayContaining([...Object.keys(notMet), ...aboutAbsence]));
  });
});
