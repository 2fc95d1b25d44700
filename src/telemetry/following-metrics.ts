/** The metrics of sources that are followed. Part of metrics.ts. */
import type { Registry } from "prom-client";
import type { FollowState } from "../model/listing.ts";
import { each, registerCounter, registerGauge } from "./sampled.ts";
import type { Tallies } from "./tallies.ts";

/** Registers them. */
export function registerFollowing(registry: Registry, tallies: Tallies): void {
  const gauge = (name: string, help: string, value: (state: FollowState) => number | undefined) =>
    registerGauge(registry, { name, help, labelNames: ["source"] }, function* () {
      for (const [source, , state] of tallies.follows()) {
        const sample = value(state);
        if (sample !== undefined) yield [{ source }, sample];
      }
    });
  gauge(
    "loginmapd_source_listed_addresses",
    "Addresses, @domain and * in the last complete listing of a source that is followed.",
    ({ listed }) => listed,
  );
  gauge(
    "loginmapd_source_listing_age_seconds",
    "Time since the last complete listing began, in seconds: a change before that has been seen.",
    ({ ageMs }) => (ageMs === undefined ? undefined : ageMs / 1000),
  );
  gauge(
    "loginmapd_source_listing_duration_seconds",
    "How long the last complete listing took, in seconds.",
    ({ durationMs, ageMs }) => (ageMs === undefined ? undefined : durationMs / 1000),
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_source_changes_total",
      help: "Keys that a listing had and the one before had not, or otherwise, by kind.",
      labelNames: ["source", "kind"],
    },
    function* () {
      for (const [source, { changes }] of tallies.follows()) yield* each(changes, "kind", { source });
    },
  );
  registerCounter(
    registry,
    {
      name: "loginmapd_source_listing_failures_total",
      help: "Listings that failed or were cut short; the answers of the source then live for cache.ttl.",
      labelNames: ["source"],
    },
    function* () {
      for (const [source, { failures }] of tallies.follows()) yield [{ source }, failures];
    },
  );
}
