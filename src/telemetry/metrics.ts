/**
 * Every metric of loginmapd, in one place.
 *
 * Reads the tallies when Prometheus scrapes. Knows nothing of lookups, sources or sockets. docs/metrics.md describes each
 * series, and a test compares the two.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import { registerFollowing } from "./following-metrics.ts";
import { each, registerCounter, registerGauge, registerHistogram } from "./sampled.ts";
import type { Tallies } from "./tallies.ts";

/** What stands in the labels of `loginmapd_build_info`. */
export interface BuildInfo {
  /** Version of loginmapd. */
  readonly version: string;
  /** Version of Node.js, as `process.version` says it. */
  readonly node: string;
}

/** Makes the registry of one daemon: every series, read from the tallies when it is scraped. */
export function openRegistry(tallies: Tallies, build: BuildInfo): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerLookups(registry, tallies);
  registerCaches(registry, tallies);
  registerSources(registry, tallies);
  registerFollowing(registry, tallies);
  registerListeners(registry, tallies);
  registerMessages(registry, tallies);
  registerProcess(registry, tallies, build);
  return registry;
}

function registerLookups(registry: Registry, tallies: Tallies): void {
  registerCounter(
    registry,
    {
      name: "loginmapd_lookups_total",
      help: "Replies to clients, by map, protocol and result.",
      labelNames: ["map", "protocol", "result"],
    },
    function* () {
      for (const [map, protocol, tally] of tallies.lookups()) yield* each(tally.results, "result", { map, protocol });
    },
  );
  registerHistogram(
    registry,
    {
      name: "loginmapd_lookup_duration_seconds",
      help: "Time from an intact query to its reply, in seconds.",
      labelNames: ["map", "protocol"],
    },
    function* () {
      for (const [map, protocol, tally] of tallies.lookups()) yield [{ map, protocol }, tally.duration] as const;
    },
  );
}

function registerCaches(registry: Registry, tallies: Tallies): void {
  registerCounter(
    registry,
    {
      name: "loginmapd_cache_requests_total",
      help: "Lookups, by how the cache or the domain gate of the map met them.",
      labelNames: ["map", "outcome"],
    },
    function* () {
      for (const [map, tally] of tallies.caches()) yield* each(tally.requests, "outcome", { map });
    },
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_cache_entries",
      help: "Answers in the cache now: positive for addresses with owners, negative for those without.",
      labelNames: ["map", "kind"],
    },
    function* () {
      for (const [map, { positive, negative }] of tallies.cacheEntries()) {
        yield* each({ positive, negative }, "kind", { map });
      }
    },
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_cache_bytes",
      help: "Memory that the answers in the cache take, in bytes, about.",
      labelNames: ["map"],
    },
    function* () {
      for (const [map, { bytes }] of tallies.cacheEntries()) yield [{ map }, bytes];
    },
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_cache_evictions_total",
      help: "Answers that left the cache because it was full.",
      labelNames: ["map", "kind"],
    },
    function* () {
      for (const [map, tally] of tallies.caches()) yield* each(tally.evictions, "kind", { map });
    },
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_cache_flushed_total",
      help: "Answers that a flush took out of the cache.",
      labelNames: ["map"],
    },
    function* () {
      for (const [map, tally] of tallies.caches()) yield [{ map }, tally.flushed];
    },
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_domain_readings_total",
      help: "Readings of the domains that the source of the map hosts, by outcome.",
      labelNames: ["map", "outcome"],
    },
    function* () {
      for (const [map, tally] of tallies.caches()) yield* each(tally.domainReadings, "outcome", { map });
    },
  );
}

function registerSources(registry: Registry, tallies: Tallies): void {
  registerCounter(
    registry,
    {
      name: "loginmapd_source_queries_total",
      help: "Statements sent to the source, by outcome.",
      labelNames: ["source", "outcome"],
    },
    function* () {
      for (const [source, tally] of tallies.sources()) yield* each(tally.queries, "outcome", { source });
    },
  );
  registerHistogram(
    registry,
    {
      name: "loginmapd_source_query_duration_seconds",
      help: "Time that a statement took, in seconds.",
      labelNames: ["source"],
    },
    function* () {
      for (const [source, tally] of tallies.sources()) yield [{ source }, tally.duration] as const;
    },
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_source_up",
      help: "1 when the source is expected to answer the next lookup, else 0.",
      labelNames: ["source"],
    },
    function* () {
      for (const [source, health] of tallies.sourceHealth()) yield [{ source }, health.isUp ? 1 : 0];
    },
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_source_hosts",
      // Counted, not named: where the databases are is nothing for an endpoint that anybody may read.
      help: "Hosts of the source, by whether they are up or down.",
      labelNames: ["source", "state"],
    },
    function* () {
      for (const [source, { hosts }] of tallies.sourceHealth()) {
        const up = hosts.filter((host) => host.isUp).length;
        yield* each({ up, down: hosts.length - up }, "state", { source });
      }
    },
  );
}

function registerListeners(registry: Registry, tallies: Tallies): void {
  registerGauge(
    registry,
    {
      name: "loginmapd_connections",
      help: "Connections that are open now.",
      labelNames: ["listener"],
    },
    function* () {
      for (const [listener, tally] of tallies.listeners()) yield [{ listener }, tally.connections];
    },
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_connections_total",
      help: "Connections ever accepted.",
      labelNames: ["listener"],
    },
    function* () {
      for (const [listener, tally] of tallies.listeners()) yield [{ listener }, tally.connectionsTotal];
    },
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_connections_limit",
      help: "Connections that each listener serves at a time; further ones wait.",
      labelNames: [],
    },
    () => [[{}, tallies.connectionsLimit]],
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_protocol_errors_total",
      help: "What clients did wrong on the wire, by kind.",
      labelNames: ["listener", "kind"],
    },
    function* () {
      for (const [listener, tally] of tallies.listeners()) yield* each(tally.errors, "kind", { listener });
    },
  );
}

function registerMessages(registry: Registry, tallies: Tallies): void {
  registerCounter(
    registry,
    {
      name: "loginmapd_messages_total",
      help: "Messages that a milter listener judged, by what became of them and why.",
      labelNames: ["listener", "result", "reason"],
    },
    function* () {
      for (const [listener, tally] of tallies.allMessages()) {
        for (const [result, counts] of Object.entries(tally)) yield* each(counts, "reason", { listener, result });
      }
    },
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_refused_addresses",
      help: "The most addresses that one login was refused for within the last hour.",
      labelNames: ["listener"],
    },
    function* () {
      for (const [listener] of tallies.allMessages()) yield [{ listener }, tallies.refusals.mostAddresses(listener)];
    },
  );
}

function registerProcess(registry: Registry, tallies: Tallies, { version, node }: BuildInfo): void {
  registerCounter(
    registry,
    {
      name: "loginmapd_config_reloads_total",
      help: "Reloads of the configuration: ok was taken, error kept the old one.",
      labelNames: ["outcome"],
    },
    () => each(tallies.configReloads, "outcome", {}),
  );
  registerGauge(
    registry,
    {
      name: "loginmapd_build_info",
      help: "Always 1; the labels say what runs.",
      labelNames: ["version", "node"],
    },
    () => [[{ version, node }, 1]],
  );
}

// One sample for each word of a closed set: zero is a value too, so that rates start at the first event.
