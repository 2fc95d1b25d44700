/** What somebody may send as, for the sidecar: a listing of the sources of a map, read backwards. */
import { rulesOf } from "../lookup/combine.ts";
import { listMap, type Sendable } from "../lookup/reverse.ts";
import { foldDomain } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import { defaultMapOf } from "../model/settings.ts";
import type { ListedAddresses, ListQuery } from "../sidecar/deps.ts";
import { WorkSlices } from "../system/work-slices.ts";
import type { Daemon } from "./daemon.ts";

// Some 2 MB of JSON. Whoever wants more has `loginmapd list`.
const maxAddresses = 20_000;

/** @throws {SourceError} when a source cannot be listed, or the map is not configured */
export async function listAddresses(
  daemon: Daemon,
  { login, domain, map = defaultMapOf(daemon.settings) }: ListQuery,
): Promise<ListedAddresses> {
  const chain = daemon.chains.get(map);
  const mapSettings = daemon.settings.maps[map];
  // It went with a reload after the request was checked: that is no list without addresses.
  if (chain === undefined || mapSettings === undefined) {
    throw new SourceError("ERR_SOURCE_CLOSED", `the map ${map} is not configured any more`);
  }
  const slices = new WorkSlices();
  const listed = await listMap({
    databases: chain.databases,
    rules: rulesOf(mapSettings),
    combine: mapSettings.combine,
    deadlineMs: daemon.nowMs() + daemon.settings.limits.lookupTimeoutMs,
    signal: new AbortController().signal,
    rest: () => slices.rest(),
  });
  const wanted = domain?.replace(/^@/, "");
  const filter = { login, domain: wanted === undefined ? undefined : (foldDomain(wanted) ?? wanted) };
  const found = new Map<string, Sendable>();
  for (const key of listed.keys()) {
    for (const one of listed.sendablesOf(key, filter)) {
      if (found.size >= maxAddresses) return { map, isComplete: false, addresses: [...found.values()] };
      found.set(JSON.stringify(one), one);
    }
    await slices.rest();
  }
  return { map, isComplete: true, addresses: [...found.values()] };
}
