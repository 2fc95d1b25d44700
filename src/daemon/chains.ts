/** What survives a reload: which chains go on as they are, and which of the others take over what was remembered. */
import { isDeepStrictEqual } from "node:util";
import type { Settings } from "../model/settings.ts";
import { type ChainParts, MapChain } from "./map-chain.ts";
import { databaseOf, type OpenSources } from "./sources.ts";

/** The chains of a configuration, with the sources that answer them. */
export interface Chains {
  readonly settings: Settings;
  readonly sources: OpenSources;
  /** By the name of the map, in the order of the configuration. */
  readonly chains: ReadonlyMap<string, MapChain>;
}

/**
 * Builds the chains of a configuration.
 *
 * A map goes on with its chain when neither it, its source nor the rules of cache and limits changed. Otherwise its new chain
 * takes over what the old one remembered if those are still answers of this map: its own settings did not change (they say how
 * an address becomes keys), and its source would answer the same (`OpenSource.fingerprint`).
 *
 * @param previous what is in force; its chains are left as they are
 */
export function chainsFor(
  settings: Settings,
  sources: OpenSources,
  previous: Chains,
  parts: Omit<ChainParts, "settings">,
): ReadonlyMap<string, MapChain> {
  const isSameRules =
    isDeepStrictEqual(settings.cache, previous.settings.cache) &&
    isDeepStrictEqual(settings.limits, previous.settings.limits);
  const chains = new Map<string, MapChain>();
  for (const [name, map] of Object.entries(settings.maps)) {
    const databases = map.sources.map((source) => databaseOf(sources, source));
    const found = previous.chains.get(name);
    const old = isDeepStrictEqual(found?.settings, map) ? found : undefined;
    if (old !== undefined && isSameRules && databases.every((database, i) => old.databases[i] === database)) {
      chains.set(name, old);
      continue;
    }
    const chain = new MapChain(name, map, databases, { ...parts, settings });
    const fingerprintsOf = (all: OpenSources) => map.sources.map((source) => all.get(source)?.fingerprint);
    const answersTheSame = isDeepStrictEqual(fingerprintsOf(previous.sources), fingerprintsOf(sources));
    if (old !== undefined && answersTheSame) chain.restore(old.remembered());
    chains.set(name, chain);
  }
  return chains;
}
