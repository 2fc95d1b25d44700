/** Looks at how Dovecot writes logins, and at how the sources of each map write owners. */
import { spawnSync } from "node:child_process";
import { splitOwners } from "../../model/owner-list.ts";
import type { Settings } from "../../model/settings.ts";
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

/** Samples the owners of every map by what its sources list; a source that lists nothing has no part in it. */
export async function ownersOfMaps(settings: Settings): Promise<Map<string, OwnerForms>> {
  const samples = new Map<string, Promise<string[]>>();
  for (const name of Object.keys(settings.sources)) samples.set(name, sampleOf(name, settings));
  const found = new Map<string, OwnerForms>();
  for (const [map, { sources }] of Object.entries(settings.maps)) {
    const owners = (await Promise.all(sources.map((name) => samples.get(name) ?? []))).flat();
    if (owners.length > 0) found.set(map, formsOf(owners));
  }
  return found;
}

async function sampleOf(name: string, settings: Settings): Promise<string[]> {
  const source = settings.sources[name];
  if (source === undefined) return [];
  const owners: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error() {}, isDebugEnabled: () => false };
  const clock = { nowMs: () => performance.now() };
  const { maxWaitingLookups } = settings.limits;
  try {
    const database = openDatabase(name, source, { clock, log, tally: sourceTally(), maxWaitingLookups });
    try {
      for await (const batch of database.listing?.list(AbortSignal.timeout(timeoutMs)) ?? []) {
        for (const { owner = "" } of batch) owners.push(...splitOwners(owner));
        if (owners.length >= maxOwners) break;
      }
    } finally {
      await database.close();
    }
  } catch {
    // What is wrong with a source is for `check` to say; without a sample nothing is judged.
  }
  return owners;
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
