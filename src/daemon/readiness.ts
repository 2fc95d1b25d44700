/** Whether Postfix should be sent here (`GET /readyz`): from what is known, without asking anybody. */
import type { FollowState } from "../model/listing.ts";
import type { Readiness } from "../sidecar/deps.ts";
import type { MapChain } from "./map-chain.ts";
import type { OpenSources } from "./sources.ts";

/** What readiness is made of. */
export interface ReadinessParts {
  readonly isDraining: boolean;
  readonly listeners: readonly { readonly name: string; readonly isBound: boolean }[];
  readonly sources: OpenSources;
  readonly chains: Iterable<MapChain>;
  /** How following a source fares; `undefined` for one that is not followed. */
  readonly following?: (source: string) => FollowState | undefined;
}

// A source that is down counts as served from memory when that happened within the last minute.
const servingStaleMs = 60_000;

/** Ready is a daemon that listens everywhere, and whose every source is up or has its stale answers served in its place. */
export function readinessOf({
  isDraining,
  listeners,
  sources,
  chains,
  following: followingOf,
}: ReadinessParts): Readiness {
  const all = [...chains];
  const isServingStale = (source: string) =>
    all.some((chain) => chain.settings.sources.includes(source) && chain.cache.isServingStale(servingStaleMs));
  const states = [...sources].map(([name, { database }]) => {
    const health = database.health();
    const following = followingOf?.(name);
    const state = { name, health, isServingStale: !health.isUp && isServingStale(name) };
    return following === undefined ? state : { ...state, following };
  });
  const isReady =
    !isDraining &&
    listeners.every(({ isBound }) => isBound) &&
    states.every(({ health, isServingStale: isStale }) => health.isUp || isStale);
  return { isReady, listeners: listeners.map(({ name, isBound }) => ({ name, isBound })), sources: states };
}
