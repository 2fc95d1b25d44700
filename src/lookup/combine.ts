/** The sources of a map → what answers it: one by itself, several by the `combine` of the map. */
import type { MapSettings } from "../model/settings.ts";
import type { Database, Doorkeeper, OwnerSource } from "../model/source.ts";
import { Chain, Union } from "./chain.ts";
import type { MapRules } from "./ranking.ts";
import { Resolver } from "./resolver.ts";
import type { Resolving } from "./trace.ts";

/** One source of a map. */
export interface Member {
  readonly database: Database;
  readonly resolver: Resolver;
  /** Stands before the resolver, and refuses the addresses of domains that the source does not host. */
  readonly gate: OwnerSource & Doorkeeper;
}

/** What answers a map. */
export interface Combined {
  /** For clients: behind the gates. */
  readonly source: OwnerSource;
  /** For explanations: past the gates. */
  readonly resolver: Resolving;
}

/** What a map says about addresses and owners. */
export function rulesOf({ recipientDelimiter, localDomains, loginRealm }: MapSettings): MapRules {
  return { recipientDelimiter, localDomains: new Set(localDomains), loginRealm };
}

/** Makes a member without a gate, for a lookup that is not repeated. */
export function ungated(database: Database, rules: MapRules): Member {
  const resolver = new Resolver(database, rules);
  const ownersOf: OwnerSource["ownersOf"] = (key, deadlineMs) => resolver.ownersOf(key, deadlineMs);
  return { database, resolver, gate: { refuses: () => undefined, refusesAfter: () => undefined, ownersOf } };
}

/** @param members at least one, in the order of the map */
export function combine(members: readonly Member[], rules: MapRules, how: MapSettings["combine"]): Combined {
  const [only, ...others] = members;
  if (only !== undefined && others.length === 0) return { source: only.gate, resolver: only.resolver };
  const combined = how === "union" ? new Union(members, rules) : new Chain(members, rules);
  return { source: combined, resolver: combined };
}
