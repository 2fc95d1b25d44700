/** What is counted and watched, in the text format of Prometheus. */
import { register } from "prom-client";
import { beforeEach, describe, expect, test } from "vitest";
import { Metrics } from "../../../src/telemetry/exposition.ts";
import { unknownMap } from "../../../src/telemetry/tallies.ts";
import { type Family, parseExposition } from "../../support/docs/exposition.ts";
import { followed } from "../../support/fakes/followed.ts";

let metrics: Metrics;

beforeEach(() => {
  metrics = new Metrics({ version: "1.2.3", node: "v22.11.0" });
});

async function scrape(): Promise<ReadonlyMap<string, Family>> {
  return parseExposition(await metrics.text());
}

async function samplesOf(name: string): Promise<Record<string, number>> {
  return Object.fromEntries((await scrape()).get(name)?.samples ?? []);
}

test("publishes the metrics of the contract and of the process in the text format of Prometheus", async () => {
  expect(metrics.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  const types = Array.from(await scrape(), ([name, { type }]) => `${type} ${name}`);
  expect(types.filter((type) => type.includes("loginmapd_"))).toEqual([
    "counter loginmapd_lookups_total",
    "histogram loginmapd_lookup_duration_seconds",
    "counter loginmapd_cache_requests_total",
    "gauge loginmapd_cache_entries",
    "gauge loginmapd_cache_bytes",
    "counter loginmapd_cache_evictions_total",
    "counter loginmapd_cache_flushed_total",
    "counter loginmapd_domain_readings_total",
    "counter loginmapd_source_queries_total",
    "histogram loginmapd_source_query_duration_seconds",
    "gauge loginmapd_source_up",
    "gauge loginmapd_source_hosts",
    "gauge loginmapd_source_listed_addresses",
    "gauge loginmapd_source_listing_age_seconds",
    "gauge loginmapd_source_listing_duration_seconds",
    "counter loginmapd_source_changes_total",
    "counter loginmapd_source_listing_failures_total",
    "gauge loginmapd_connections",
    "counter loginmapd_connections_total",
    "gauge loginmapd_connections_limit",
    "counter loginmapd_protocol_errors_total",
    "counter loginmapd_messages_total",
    "gauge loginmapd_refused_addresses",
    "counter loginmapd_config_reloads_total",
    "gauge loginmapd_build_info",
  ]);
  expect(types).toContain("counter process_cpu_seconds_total");
  expect(types).toContain("gauge nodejs_eventloop_lag_seconds");
});

test("keeps out of the registry that prom-client shares between everybody", async () => {
  expect(register.getMetricsAsArray()).toEqual([]);
});

test("publishes what was counted since the last scrape, and zeros for words that did not occur", async () => {
  const tally = metrics.lookup("senders", "socketmap");
  tally.results.ok += 2;
  await scrape();
  tally.results.ok++;
  tally.results.temp++;
  expect(await samplesOf("loginmapd_lookups_total")).toEqual({
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="ok"}': 3,
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="notfound"}': 0,
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="temp"}': 1,
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="timeout"}': 0,
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="perm"}': 0,
  });
});

test("publishes durations as cumulated buckets with their sum and count", async () => {
  const { duration } = metrics.lookup("senders", "tcp_table");
  duration.observe(0.000_05);
  duration.observe(0.000_06);
  duration.observe(0.002, 3);
  duration.observe(11);
  const samples = await samplesOf("loginmapd_lookup_duration_seconds");
  const bucket = (le: string) =>
    samples[`loginmapd_lookup_duration_seconds_bucket{le="${le}",map="senders",protocol="tcp_table"}`];
  expect(bucket("0.00005")).toBe(1);
  expect(bucket("0.0001")).toBe(2);
  expect(bucket("0.001")).toBe(2);
  expect(bucket("0.0025")).toBe(5);
  expect(bucket("10")).toBe(5);
  expect(bucket("+Inf")).toBe(6);
  expect(samples['loginmapd_lookup_duration_seconds_count{map="senders",protocol="tcp_table"}']).toBe(6);
  expect(samples['loginmapd_lookup_duration_seconds_sum{map="senders",protocol="tcp_table"}']).toBeCloseTo(
    11.006_11,
    9,
  );
  expect(Object.keys(samples)).toHaveLength(17 + 3);
});

test("publishes what a cache did and holds", async () => {
  const tally = metrics.cache("senders");
  tally.requests.hit = 7;
  tally.requests.foreign_domain = 4;
  tally.evictions.negative = 2;
  tally.flushed = 5;
  metrics.watchCache("senders", () => ({ positive: 10, negative: 20, bytes: 4096 }));
  expect(await samplesOf("loginmapd_cache_requests_total")).toEqual({
    'loginmapd_cache_requests_total{map="senders",outcome="hit"}': 7,
    'loginmapd_cache_requests_total{map="senders",outcome="negative_hit"}': 0,
    'loginmapd_cache_requests_total{map="senders",outcome="stale"}': 0,
    'loginmapd_cache_requests_total{map="senders",outcome="coalesced"}': 0,
    'loginmapd_cache_requests_total{map="senders",outcome="miss"}': 0,
    'loginmapd_cache_requests_total{map="senders",outcome="foreign_domain"}': 4,
  });
  expect(await samplesOf("loginmapd_cache_bytes")).toEqual({ 'loginmapd_cache_bytes{map="senders"}': 4096 });
  expect(await samplesOf("loginmapd_cache_entries")).toEqual({
    'loginmapd_cache_entries{kind="positive",map="senders"}': 10,
    'loginmapd_cache_entries{kind="negative",map="senders"}': 20,
  });
  expect(await samplesOf("loginmapd_cache_evictions_total")).toEqual({
    'loginmapd_cache_evictions_total{kind="positive",map="senders"}': 0,
    'loginmapd_cache_evictions_total{kind="negative",map="senders"}': 2,
  });
  expect(await samplesOf("loginmapd_cache_flushed_total")).toEqual({
    'loginmapd_cache_flushed_total{map="senders"}': 5,
  });
});

test("publishes what a source did and how it is, without naming its hosts", async () => {
  metrics.source("mail").queries.error = 2;
  metrics.source("mail").duration.observe(0.003);
  metrics.watchSource("mail", () => ({
    isUp: false,
    reason: "connect ECONNREFUSED db.internal:3306",
    hosts: [
      { endpoint: "inet:db.internal:3306", isUp: false, reason: "connect ECONNREFUSED db.internal:3306" },
      { endpoint: "unix:/run/mysqld/mysqld.sock", isUp: false, reason: "" },
      { endpoint: "inet:10.0.0.6:3306", isUp: true, reason: "" },
    ],
  }));
  expect(await samplesOf("loginmapd_source_queries_total")).toEqual({
    'loginmapd_source_queries_total{outcome="ok",source="mail"}': 0,
    'loginmapd_source_queries_total{outcome="error",source="mail"}': 2,
    'loginmapd_source_queries_total{outcome="timeout",source="mail"}': 0,
  });
  const durations = await samplesOf("loginmapd_source_query_duration_seconds");
  expect(durations['loginmapd_source_query_duration_seconds_bucket{le="0.005",source="mail"}']).toBe(1);
  expect(await samplesOf("loginmapd_source_up")).toEqual({ 'loginmapd_source_up{source="mail"}': 0 });
  expect(await samplesOf("loginmapd_source_hosts")).toEqual({
    'loginmapd_source_hosts{source="mail",state="up"}': 1,
    'loginmapd_source_hosts{source="mail",state="down"}': 2,
  });
  expect(await metrics.text()).not.toMatch(/db\.internal|mysqld|10\.0\.0\.6/);
});

test("publishes what listeners count", async () => {
  const tally = metrics.listener("socketmap inet:127.0.0.1:9000");
  tally.connections = 3;
  tally.connectionsTotal = 40;
  tally.errors.framing = 1;
  metrics.connectionsLimit = 1024;
  const listener = 'listener="socketmap inet:127.0.0.1:9000"';
  expect(await samplesOf("loginmapd_connections")).toEqual({ [`loginmapd_connections{${listener}}`]: 3 });
  expect(await samplesOf("loginmapd_connections_total")).toEqual({ [`loginmapd_connections_total{${listener}}`]: 40 });
  expect(await samplesOf("loginmapd_connections_limit")).toEqual({ loginmapd_connections_limit: 1024 });
  expect(await samplesOf("loginmapd_protocol_errors_total")).toEqual({
    [`loginmapd_protocol_errors_total{kind="framing",${listener}}`]: 1,
    [`loginmapd_protocol_errors_total{kind="too_large",${listener}}`]: 0,
    [`loginmapd_protocol_errors_total{kind="not_a_query",${listener}}`]: 0,
    [`loginmapd_protocol_errors_total{kind="unknown_map",${listener}}`]: 0,
    [`loginmapd_protocol_errors_total{kind="frame_timeout",${listener}}`]: 0,
    [`loginmapd_protocol_errors_total{kind="write_timeout",${listener}}`]: 0,
  });
});

test("publishes reloads and what runs", async () => {
  metrics.configReloads.error++;
  expect(await samplesOf("loginmapd_config_reloads_total")).toEqual({
    'loginmapd_config_reloads_total{outcome="ok"}': 0,
    'loginmapd_config_reloads_total{outcome="error"}': 1,
  });
  expect(await samplesOf("loginmapd_build_info")).toEqual({
    'loginmapd_build_info{node="v22.11.0",version="1.2.3"}': 1,
  });
});

test("escapes what a configuration may have in a name", async () => {
  metrics.cache('a"b\\c').flushed = 1;
  expect(await samplesOf("loginmapd_cache_flushed_total")).toEqual({
    'loginmapd_cache_flushed_total{map="a\\"b\\\\c"}': 1,
  });
});

describe("a reload", () => {
  test("keeps the counts of what it keeps, and drops the series of what it removes", async () => {
    const kept = metrics.lookup("senders", "socketmap");
    kept.results.ok = 9;
    metrics.lookup(unknownMap, "socketmap").results.perm = 1;
    for (const map of ["senders", "gone"]) {
      metrics.lookup(map, "socketmap");
      metrics.cache(map);
      metrics.watchCache(map, () => ({ positive: 0, negative: 0, bytes: 0 }));
    }
    for (const source of ["mail", "gone"]) {
      metrics.source(source);
      metrics.watchSource(source, () => ({ isUp: true, reason: "", hosts: [] }));
    }
    for (const listener of ["socketmap inet:127.0.0.1:9000", "gone"]) metrics.listener(listener);
    expect(await metrics.text()).toContain('"gone"');

    metrics.retain({ maps: ["senders"], sources: ["mail"], listeners: ["socketmap inet:127.0.0.1:9000"] });

    expect(metrics.lookup("senders", "socketmap")).toBe(kept);
    const samples = await samplesOf("loginmapd_lookups_total");
    expect(samples['loginmapd_lookups_total{map="senders",protocol="socketmap",result="ok"}']).toBe(9);
    expect(samples['loginmapd_lookups_total{map="unknown",protocol="socketmap",result="perm"}']).toBe(1);
    expect(await metrics.text()).not.toContain('"gone"');
  });
});

describe("a source that is followed", () => {
  test("has the size, the age and the duration of its last listing, in seconds, and what changed", async () => {
    metrics.watchFollowing("mail", () => followed);
    const tally = metrics.following("mail");
    tally.changes.removed = 3;
    tally.failures = 1;
    expect(await samplesOf("loginmapd_source_listed_addresses")).toEqual({
      'loginmapd_source_listed_addresses{source="mail"}': 2000,
    });
    expect(await samplesOf("loginmapd_source_listing_age_seconds")).toEqual({
      'loginmapd_source_listing_age_seconds{source="mail"}': 1.5,
    });
    expect(await samplesOf("loginmapd_source_listing_duration_seconds")).toEqual({
      'loginmapd_source_listing_duration_seconds{source="mail"}': 0.02,
    });
    expect(await samplesOf("loginmapd_source_changes_total")).toEqual({
      'loginmapd_source_changes_total{kind="added",source="mail"}': 0,
      'loginmapd_source_changes_total{kind="changed",source="mail"}': 0,
      'loginmapd_source_changes_total{kind="removed",source="mail"}': 3,
    });
    expect(await samplesOf("loginmapd_source_listing_failures_total")).toEqual({
      'loginmapd_source_listing_failures_total{source="mail"}': 1,
    });
  });

  test("has no age before its first listing, and no series when it is not followed", async () => {
    metrics.watchFollowing("mail", () => ({ ...followed, ageMs: undefined }));
    expect(await samplesOf("loginmapd_source_listing_age_seconds")).toEqual({});
    metrics.watchFollowing("mail", () => undefined);
    expect(await samplesOf("loginmapd_source_listed_addresses")).toEqual({});
  });
});

test("publishes messages by what can become of them, and the most addresses of one login", async () => {
  const tally = metrics.messages("inet:1");
  tally.accept.owned = 3;
  const refusal = { listener: "inet:1", result: "reject", reason: "not_owned", login: "bob", queueId: "4X" } as const;
  metrics.refusals.add({ ...refusal, place: "From", address: "boss@x" });

  const messages = await samplesOf("loginmapd_messages_total");
  expect(messages['loginmapd_messages_total{listener="inet:1",reason="owned",result="accept"}']).toBe(3);
  expect(Object.keys(messages)).toHaveLength(11);
  expect(await samplesOf("loginmapd_refused_addresses")).toEqual({
    'loginmapd_refused_addresses{listener="inet:1"}': 1,
  });
});
