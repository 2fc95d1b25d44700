/** What somebody may send as, for the sidecar: a listing of the sources of a map, read backwards. */
import { linesOf, type Sendable, sendables } from "../lookup/reverse.ts";
import { foldDomain } from "../model/address.ts";
import { defaultMapOf } from "../model/settings.ts";
import type { ListedAddresses, ListQuery } from "../sidecar/deps.ts";
import type { Daemon } from "./daemon.ts";
import { WorkSlices } from "./work-slices.ts";

// Some 2 MB of JSON. Whoever wants more has `loginmapd list`.
const maxAddresses = 20_000;

/** @throws {SourceError} when a source cannot be listed */
export async function listAddresses(
  daemon: Daemon,
  { login, domain, map = defaultMapOf(daemon.settings) }: ListQuery,
): Promise<ListedAddresses> {
  const databases = daemon.chains.get(map)?.databases ?? [];
  const deadlineMs = daemon.nowMs() + daemon.settings.limits.lookupTimeoutMs;
  const aborter = new AbortController();
  const wanted = domain?.replace(/^@/, "");
  const filter = { login, domain: wanted === undefined ? undefined : (foldDomain(wanted) ?? wanted) };
  const found = new Map<string, Sendable>();
  const slices = new WorkSlices();
  for await (const lines of linesOf({ databases, deadlineMs, signal: aborter.signal })) {
    for (const one of sendables(lines, filter)) {
      if (found.size >= maxAddresses) return { map, isComplete: false, addresses: [...found.values()] };
      found.set(`${one.key} ${one.login} ${one.kind}`, one);
    }
    await slices.rest();
  }
  return { map, isComplete: true, addresses: [...found.values()] };
}
