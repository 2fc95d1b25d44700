/** The followers of a daemon's sources: which of them there are, and what they know for the maps. */
import type { Confirmation } from "../cache/answers.ts";
import type { FlushSelector } from "../model/flush.ts";
import type { FollowState, Listing } from "../model/listing.ts";
import type { Log } from "../model/log.ts";
import type { Database } from "../model/source.ts";
import type { Tallies } from "../telemetry/tallies.ts";
import type { Chains } from "./chains.ts";
import { Follower } from "./follower.ts";
import type { MapChain } from "./map-chain.ts";

/** What followers reach of the daemon. */
export interface FollowersParts {
  readonly present: () => Chains;
  readonly flush: (selector: FlushSelector, map: string) => Promise<unknown>;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly tallies: Tallies;
}

interface Followed {
  readonly database: Database;
  readonly follower: Follower;
  /** The maps that it was last warmed for. */
  chains: readonly MapChain[];
}

/** Follows every source that can be listed and is to be. */
export class Followers {
  readonly #parts: FollowersParts;
  #followed = new Map<string, Followed>();

  constructor(parts: FollowersParts) {
    this.#parts = parts;
  }

  /** Follows the sources in force, and no others any more. @returns when those that went have ended */
  async sync(): Promise<void> {
    const { sources, settings } = this.#parts.present();
    const previous = this.#followed;
    this.#followed = new Map();
    for (const [name, { database }] of sources) {
      const interval = settings.sources[name]?.listingInterval ?? "auto";
      if (database.listing === undefined || interval === "off") continue;
      const old = previous.get(name);
      const kept = old?.database === database ? old : undefined;
      this.#followed.set(name, kept ?? this.#follow(name, database, database.listing, interval));
    }
    for (const [name, followed] of this.#followed) this.#serve(name, followed);
    for (const chain of this.#parts.present().chains.values()) chain.cache.confirm = this.#confirmationFor(chain);
    const leaving = [...previous].filter(([name, old]) => this.#followed.get(name) !== old);
    await Promise.all(leaving.map(([, { follower }]) => follower.close()));
  }

  /** How following a source fares; `undefined` for one that is not followed. */
  stateOf(source: string): FollowState | undefined {
    return this.#followed.get(source)?.follower.state();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ follower }) => follower.close()));
  }

  #follow(source: string, database: Database, listing: Listing, interval: number | "auto"): Followed {
    const { tallies, nowMs, log, flush, present } = this.#parts;
    const follower = new Follower({
      source,
      listing,
      interval,
      log,
      nowMs,
      flush,
      tally: tallies.following(source),
      chains: () => this.#chainsOf(source),
      timeoutMs: () => present().settings.limits.lookupTimeoutMs,
    });
    return { database, follower, chains: [] };
  }

  /** Begins, or fills the memory of maps that the source did not answer before. */
  #serve(source: string, followed: Followed): void {
    const chains = this.#chainsOf(source);
    if (followed.chains.length === 0) followed.follower.start();
    else if (chains.some((chain) => !followed.chains.includes(chain))) followed.follower.rewarm();
    followed.chains = chains;
    this.#parts.tallies.watchFollowing(source, () => this.stateOf(source));
  }

  #chainsOf(source: string): MapChain[] {
    return [...this.#parts.present().chains.values()].filter(({ settings }) => settings.sources.includes(source));
  }

  /** What is known of a key of a map: when all its sources are followed, and none doubts the key. */
  #confirmationFor({ settings }: MapChain): (key: string) => Confirmation | undefined {
    const followers = settings.sources.map((name) => this.#followed.get(name)?.follower);
    const [only] = followers;
    if (followers.length === 1) return (key) => only?.confirm(key);
    return (key) => confirmedByAll(key, followers);
  }
}

function confirmedByAll(key: string, followers: readonly (Follower | undefined)[]): Confirmation | undefined {
  let isListed = false;
  let atMs = Number.POSITIVE_INFINITY;
  let freshForMs = Number.POSITIVE_INFINITY;
  for (const follower of followers) {
    const confirmation = follower?.confirm(key);
    if (confirmation === undefined) return undefined;
    isListed ||= confirmation.isListed;
    atMs = Math.min(atMs, confirmation.atMs);
    freshForMs = Math.min(freshForMs, confirmation.freshForMs);
  }
  return { atMs, freshForMs, isListed };
}
