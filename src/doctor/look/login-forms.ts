/** Looks at how Dovecot writes logins, and at how the sources of each map write owners. */
import { spawnSync } from "node:child_process";
import { splitOwners } from "../../model/owner-list.ts";
import type { Settings, SourceSettings } from "../../model/settings.ts";
import { sourceTally } from "../../model/tally.ts";
import { openDatabase } from "../../source/open.ts";
import type { LoginFormat, OwnerForms } from "../observations.ts";

// Enough to see how a site writes its logins; a source that is away must not hold the doctor up.
const maxOwners = 1000;
const timeoutMs = 3000;

/** @returns `undefined` where there is no Dovecot, or its configuration may not be read */
export function loginFormatOf(): LoginFormat | undefined {
  const format = doveconf("auth_username_format");
  if (format === undefined) return undefined;
  return { format, realm: doveconf("auth_default_realm") ?? doveconf("auth_default_domain") ?? "" };
}

function doveconf(name: string): string | undefined {
  const { status, stdout } = spawnSync("doveconf", ["-h", name], { encoding: "utf8", timeout: timeoutMs });
  return status === 0 ? stdout.trim() : undefined;
}

/** How the owners of each map are written, and the sources that did not show theirs. */
export interface SampledOwners {
  readonly owners: ReadonlyMap<string, OwnerForms>;
  /** By source: why its owners were not seen. */
  readonly unseenOwners: ReadonlyMap<string, string>;
}

/** Samples the owners of every map by what its sources list; a source that lists nothing has no part in it, and is named. */
export async function ownersOfMaps(settings: Settings): Promise<SampledOwners> {
  const samples = new Map<string, Promise<Sample>>();
  for (const [name, source] of Object.entries(settings.sources)) samples.set(name, sampleOf(name, source, settings));
  const owners = new Map<string, OwnerForms>();
  const unseenOwners = new Map<string, string>();
  for (const [map, { sources }] of Object.entries(settings.maps)) {
    const found: string[] = [];
    for (const name of sources) {
      const sample = await samples.get(name);
      found.push(...(sample?.owners ?? []));
      if (sample?.unseen !== undefined) unseenOwners.set(name, sample.unseen);
    }
    if (found.length > 0) owners.set(map, formsOf(found));
  }
  return { owners, unseenOwners };
}

interface Sample {
  readonly owners: readonly string[];
  /** Why there are none, or not all that were to be seen. */
  readonly unseen?: string;
}

async function sampleOf(name: string, source: SourceSettings, settings: Settings): Promise<Sample> {
  // Whoever has an address owns it: nothing is written anywhere.
  if (source.connection?.driver === "identity") return { owners: [] };
  const owners: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error() {}, isDebugEnabled: () => false };
  const clock = { nowMs: () => performance.now() };
  const { maxWaitingLookups } = settings.limits;
  try {
    const database = openDatabase(name, source, { clock, log, tally: sourceTally(), maxWaitingLookups });
    try {
      if (database.listing === undefined) return { owners, unseen: "it cannot be listed" };
      for await (const batch of database.listing.list(AbortSignal.timeout(timeoutMs))) {
        for (const { owner = "" } of batch) owners.push(...splitOwners(owner));
        if (owners.length >= maxOwners) break;
      }
      return { owners };
    } finally {
      await database.close();
    }
  } catch {
    // What is wrong with a source is for `check` to say.
    return { owners, unseen: "its listing failed: loginmapd check --connect says why" };
  }
}

function formsOf(owners: readonly string[]): OwnerForms {
  const byDomain = new Map<string, number>();
  let bare = 0;
  for (const owner of owners) {
    const at = owner.lastIndexOf("@");
    const domain = owner.slice(at + 1).toLowerCase();
    if (at === -1) bare++;
    else byDomain.set(domain, (byDomain.get(domain) ?? 0) + 1);
  }
  return { bare, byDomain };
}
