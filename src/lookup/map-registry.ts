/** The maps that clients may ask by name. */
import { foldKey } from "../model/address.ts";
import { malformed, type Reply } from "../model/reply.ts";
import type { OwnerSource } from "../model/source.ts";
import { toFailure } from "./failure.ts";

/** One map: a name that clients ask, and the chain of sources that answers (cache, domain gate, resolver). */
export class LookupMap {
  readonly name: string;
  readonly #source: OwnerSource;

  constructor(name: string, source: OwnerSource) {
    this.name = name;
    this.#source = source;
  }

  /**
   * Answers one query of a client: at once from memory, else by a promise that never rejects.
   *
   * @param key as the client sent it; empty or malformed keys have no owners
   * @param deadlineMs when the client stops waiting, on the monotonic clock
   */
  lookup(key: string, deadlineMs: number): Reply | Promise<Reply> {
    const folded = foldKey(key);
    if (folded === undefined) return malformed;
    try {
      const answer = this.#source.ownersOf(folded, deadlineMs);
      return answer instanceof Promise ? answer.catch(toFailure) : answer;
    } catch (error) {
      return toFailure(error);
    }
  }
}

/** Finds maps by name. A reload replaces all of them at once; a lookup under way ends in the map where it began. */
export class MapRegistry {
  #maps: ReadonlyMap<string, LookupMap>;

  constructor(maps: Iterable<LookupMap>) {
    this.#maps = byName(maps);
  }

  /** @returns `undefined` for a name that is not configured */
  find(name: string): LookupMap | undefined {
    return this.#maps.get(name);
  }

  /** Lists the maps in the order of the configuration. */
  all(): LookupMap[] {
    return [...this.#maps.values()];
  }

  replace(maps: Iterable<LookupMap>): void {
    this.#maps = byName(maps);
  }
}

function byName(maps: Iterable<LookupMap>): ReadonlyMap<string, LookupMap> {
  return new Map([...maps].map((map) => [map.name, map]));
}
