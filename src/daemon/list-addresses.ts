/** What somebody may send as, for the sidecar: a listing of the sources of a map, read backwards. */
import { rulesOf } from "../lookup/combine.ts";
import { listMap, type Sendable } from "../lookup/reverse.ts";
import { foldDomain } from "../model/address.ts";
import { defaultMapOf } from "../model/settings.ts";
import type { ListedAddresses, ListQuery } from "../sidecar/deps.ts";
import type { Daemon } from "./daemon.ts";
import { WorkSlices } from "../system/work-slices.ts";

// Some 2 MB of JSON. Whoever wants more has `loginmapd list`.
const maxAddresses = 20_000;

/** @throws {SourceError} when a source cannot be listed */
export async function listAddresses(
  daemon: Daemon,
  { login, domain, map = defaultMapOf(daemon.settings) }: ListQuery,
): Promise<ListedAddresses> {
  const databases = daemon.chains.get(map)?.databases ?? [];
  const mapSettings = daemon.settings.maps[map];
  if (mapSettings === undefined) return { map, isComplete: true, addresses: [] };
  const slices = new WorkSlices();
  const listed = await listMap({
    databases,
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
