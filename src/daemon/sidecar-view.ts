/** The daemon as the sidecar sees it. */
import { hostname } from "node:os";
import { explain } from "../lookup/explain.ts";
import { foldKey } from "../model/address.ts";
import type { FlushSelector } from "../model/flush.ts";
import type { Log } from "../model/log.ts";
import type { Settings } from "../model/settings.ts";
import { defaultMapOf } from "../model/settings.ts";
import { protocolsOf } from "../protocol/map-protocols.ts";
import type { SidecarDeps } from "../sidecar/deps.ts";
import { HttpError } from "../sidecar/http-error.ts";
import type { Metrics } from "../telemetry/exposition.ts";
import type { History } from "../telemetry/history.ts";
import type { RecentErrors } from "../telemetry/recent-errors.ts";
import type { Daemon } from "./daemon.ts";
import { listAddresses } from "./list-addresses.ts";
import type { MapChain } from "./map-chain.ts";
import { FlushError } from "./snapshots.ts";

/** What is shown beside the daemon. */
export interface SidecarParts {
  readonly version: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly recentErrors: RecentErrors;
  readonly history: History;
}

/** Makes the sidecar's view of a daemon. Everything is read when it is asked for, so a reload shows at once. */
export function sidecarDeps(daemon: Daemon, parts: SidecarParts): SidecarDeps {
  return {
    version: parts.version,
    startedAt: new Date(),
    now: () => new Date(),
    log: parts.log,
    metrics: parts.metrics,
    token: () => daemon.settings.admin.token,
    hostNames: () => hostNamesOf(daemon.settings),
    recentErrors: () => parts.recentErrors.list(),
    history: () => parts.history.list(),
    refusals: () => parts.metrics.refusals.list(),
    maps: () => [...daemon.chains.keys()],
    readiness: () => daemon.readiness(),
    cache: {
      describe: () => [...daemon.chains.values()].map((chain) => describeCache(chain, daemon.settings, parts.metrics)),
      flush: (selector, map) => flush(daemon, selector, map),
    },
    list: (query) => listAddresses(daemon, query),
    explain: async ({ address, login, map = defaultMapOf(daemon.settings) }) => {
      const chain = daemon.chains.get(map);
      if (chain === undefined) throw new Error(`there is no map ${map}`);
      const deadlineMs = daemon.nowMs() + daemon.settings.limits.lookupTimeoutMs;
      const carriers = protocolsOf(map, daemon.settings.listeners);
      const { sources, combine } = chain.settings;
      const request = { map, sources, combine, address, login, carriers };
      const explanation = await explain(chain.resolver, request, deadlineMs);
      const key = foldKey(address);
      return { ...explanation, cache: key === undefined ? { state: "miss" } : chain.cache.stateOf(key) };
    },
  };
}

/** @throws {HttpError} ERR_HTTP_SNAPSHOT when a restart could bring back what was flushed */
async function flush(daemon: Daemon, selector: FlushSelector, map: string | undefined): Promise<number> {
  try {
    return await daemon.flush(selector, map);
  } catch (error) {
    if (!(error instanceof FlushError)) throw error;
    const message = `${error.flushed} flushed from memory, but cache.snapshot_file still holds them; remove it, and see the log`;
    throw new HttpError("ERR_HTTP_SNAPSHOT", message, { cause: error });
  }
}

function describeCache(
  chain: MapChain,
  { cache }: Settings,
  metrics: Metrics,
): ReturnType<SidecarDeps["cache"]["describe"]>[number] {
  const { requests, evictions, flushed } = metrics.cache(chain.map.name);
  return {
    map: chain.map.name,
    source: chain.settings.sources.join(", "),
    ...(chain.settings.sources.length > 1 ? { sources: chain.settings.sources } : {}),
    entries: chain.cache.sizes(),
    staleEntries: chain.cache.expired(),
    limits: { positive: cache.maxEntries, negative: cache.maxNegativeEntries },
    ttlMs: cache.ttlMs,
    negativeTtlMs: cache.negativeTtlMs,
    staleIfErrorMs: cache.staleIfErrorMs,
    requests,
    evictions,
    flushed,
  };
}

function hostNamesOf({ admin: { endpoint } }: Settings): string[] {
  return endpoint.kind === "inet" ? [endpoint.host, hostname()] : [hostname()];
}
