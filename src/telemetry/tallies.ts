/**
 * The counters that the line of a lookup increments, kept by the names they are for.
 *
 * A tally is made when it is first asked for and is the same object from then on, so counts survive a reload of the
 * configuration that keeps the name. metrics.ts publishes them; snapshot.ts adds them up for the status page.
 */
import type { FollowState } from "../model/listing.ts";
import type { ProtocolName } from "../model/query.ts";
import type { SourceHealth } from "../model/source.ts";
import {
  type CacheTally,
  cacheTally,
  type FollowTally,
  followTally,
  type ListenerTally,
  type LookupTally,
  listenerTally,
  lookupTally,
  type MessageTally,
  messageTally,
  type SourceTally,
  sourceTally,
} from "../model/tally.ts";

import { Refusals } from "./refusals.ts";

/** The label `map` of queries for a map that the configuration does not name: what a client sent never becomes a label. */
export const unknownMap = "unknown";

/** How many answers the cache of a map holds now. */
export interface CacheEntries {
  /** Addresses with owners. */
  readonly positive: number;
  /** Addresses without. */
  readonly negative: number;
  /** What all of them take in memory, about. */
  readonly bytes: number;
}

/** The names that a configuration still has; see `Tallies.retain`. */
export interface RetainedNames {
  readonly maps: readonly string[];
  readonly sources: readonly string[];
  readonly listeners: readonly string[];
}

/** The tallies of one daemon. */
export class Tallies {
  /** Reloads of the configuration by outcome; whoever reloads counts here. */
  readonly configReloads = { ok: 0, error: 0 };
  /** `limits.max_connections`, the same for each listener; whoever applies a configuration sets it, 0 = not known yet. */
  connectionsLimit = 0;
  readonly #lookups = new Map<string, Map<ProtocolName, LookupTally>>();
  readonly #caches = new Map<string, CacheTally>();
  readonly #sources = new Map<string, SourceTally>();
  readonly #listeners = new Map<string, ListenerTally>();
  /** The last refusals of all milter listeners. */
  readonly refusals = new Refusals();
  readonly #messages = new Map<string, MessageTally>();
  readonly #cacheEntries = new Map<string, () => CacheEntries>();
  readonly #sourceHealth = new Map<string, () => SourceHealth>();
  readonly #follows = new Map<string, FollowTally>();
  readonly #followStates = new Map<string, () => FollowState | undefined>();

  /** The counters of one map (or `unknownMap`) over one protocol. */
  lookup(map: string, protocol: ProtocolName): LookupTally {
    return obtain(
      obtain(this.#lookups, map, () => new Map<ProtocolName, LookupTally>()),
      protocol,
      lookupTally,
    );
  }

  /** The counters of the cache and the domain gate of one map. */
  cache(map: string): CacheTally {
    return obtain(this.#caches, map, cacheTally);
  }

  /** The counters of the statements sent to one source. */
  source(name: string): SourceTally {
    return obtain(this.#sources, name, sourceTally);
  }

  /** The counters of the connections of one listener. */
  listener(name: string): ListenerTally {
    return obtain(this.#listeners, name, listenerTally);
  }

  /** The counters of the messages of one milter listener. */
  messages(listener: string): MessageTally {
    return obtain(this.#messages, listener, messageTally);
  }

  /** Has `entries` asked for the sizes of a map's cache whenever they are read; replaces what was given before. */
  watchCache(map: string, entries: () => CacheEntries): void {
    this.#cacheEntries.set(map, entries);
  }

  /** Has `health` asked for the state of a source whenever it is read; it must not ask the database. */
  watchSource(name: string, health: () => SourceHealth): void {
    this.#sourceHealth.set(name, health);
  }

  /** The counters of the follower of one source. */
  following(source: string): FollowTally {
    return obtain(this.#follows, source, followTally);
  }

  /** Has `state` asked for how following a source fares whenever it is read; `undefined` while it is not followed. */
  watchFollowing(source: string, state: () => FollowState | undefined): void {
    this.#followStates.set(source, state);
  }

  /** Drops every map, source and listener that is not named, since a reload has removed it. */
  retain({ maps, sources, listeners }: RetainedNames): void {
    keepOnly(this.#lookups, [...maps, unknownMap]);
    keepOnly(this.#caches, maps);
    keepOnly(this.#cacheEntries, maps);
    keepOnly(this.#sources, sources);
    keepOnly(this.#sourceHealth, sources);
    keepOnly(this.#follows, sources);
    keepOnly(this.#followStates, sources);
    keepOnly(this.#listeners, listeners);
    keepOnly(this.#messages, listeners);
  }

  /** Every map and protocol that was asked for so far. */
  *lookups(): Iterable<readonly [map: string, protocol: ProtocolName, tally: LookupTally]> {
    for (const [map, byProtocol] of this.#lookups) {
      for (const [protocol, tally] of byProtocol) yield [map, protocol, tally];
    }
  }

  /** Every cache, by map. */
  caches(): Iterable<readonly [map: string, tally: CacheTally]> {
    return this.#caches.entries();
  }

  /** The sizes of every watched cache now, by map. */
  *cacheEntries(): Iterable<readonly [map: string, entries: CacheEntries]> {
    for (const [map, entries] of this.#cacheEntries) yield [map, entries()];
  }

  /** Every source, by name. */
  sources(): Iterable<readonly [source: string, tally: SourceTally]> {
    return this.#sources.entries();
  }

  /** The state of every watched source now, by name. */
  *sourceHealth(): Iterable<readonly [source: string, health: SourceHealth]> {
    for (const [source, health] of this.#sourceHealth) yield [source, health()];
  }

  /** Every milter listener, by name. */
  allMessages(): Iterable<readonly [listener: string, tally: MessageTally]> {
    return this.#messages.entries();
  }

  /** Every source that is followed, by name: what its follower did, and how it fares now. */
  *follows(): Iterable<readonly [source: string, tally: FollowTally, state: FollowState]> {
    for (const [source, stateOf] of this.#followStates) {
      const state = stateOf();
      if (state !== undefined) yield [source, this.following(source), state];
    }
  }

  /** Every listener, by name. */
  listeners(): Iterable<readonly [listener: string, tally: ListenerTally]> {
    return this.#listeners.entries();
  }
}

function obtain<Name, Tally>(tallies: Map<Name, Tally>, name: Name, make: () => Tally): Tally {
  const known = tallies.get(name);
  if (known !== undefined) return known;
  const made = make();
  tallies.set(name, made);
  return made;
}

function keepOnly(tallies: Map<string, unknown>, names: readonly string[]): void {
  for (const name of tallies.keys()) {
    if (!names.includes(name)) tallies.delete(name);
  }
}
