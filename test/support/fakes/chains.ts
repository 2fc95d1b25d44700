/** Chains of one map `senders` over the source `mail`, for tests of what the daemon decides about them. */
import type { Chains } from "../../../src/daemon/chains.ts";
import { chainsFor } from "../../../src/daemon/chains.ts";
import type { OpenSource, OpenSources } from "../../../src/daemon/sources.ts";
import type { CacheSettings, LimitSettings, MapSettings, Settings } from "../../../src/model/settings.ts";
import { Tallies } from "../../../src/telemetry/tallies.ts";
import { type FakeDatabase, fakeClock, fakeDatabase, fakeLog } from "./fakes.ts";

export interface SettingsChanges {
  readonly map?: Partial<MapSettings>;
  readonly cache?: Partial<CacheSettings>;
  readonly limits?: Partial<LimitSettings>;
}

export const clock = fakeClock();
export const chainParts = { clock, tallies: new Tallies(), log: fakeLog() };

export function settingsWith({ map, cache, limits }: SettingsChanges = {}): Settings {
  const senders = {
    sources: ["mail"],
    combine: "first",
    recipientDelimiter: "+",
    localDomains: [],
    loginRealm: undefined,
    ...map,
  };
  // No more of the settings is looked at.
  return {
    maps: { senders },
    cache: {
      maxEntries: 100,
      maxNegativeEntries: 10,
      ttlMs: 60_000,
      negativeTtlMs: 30_000,
      staleIfErrorMs: 3_600_000,
      snapshotFile: undefined,
      ...cache,
    },
    limits: { lookupTimeoutMs: 10_000, ...limits },
  } as unknown as Settings;
}

export function openSource(database: FakeDatabase, fingerprint = "same"): OpenSource {
  return { inputs: "", fingerprint, database: database as unknown as OpenSource["database"] };
}

export function mailRows(): FakeDatabase {
  return fakeDatabase({ "alice@example.com": "alice" });
}

/** What is in force after a start with these settings. */
export function startedWith(settings: Settings, sources: OpenSources): Chains {
  const none = { settings, sources: new Map(), chains: new Map() };
  return { settings, sources, chains: chainsFor(settings, sources, none, chainParts) };
}
