/**
 * A listing read backwards: what a login may send as, and the whole map as a file would hold it. Pure.
 *
 * For people, never for a client: who is let through is decided by the lookup.
 */
import { foldKey, splitAddress } from "../model/address.ts";
import { foldCase } from "../model/fold-case.ts";
import type { ListedKind, ListedLine } from "../model/listing.ts";
import { splitOwners } from "../model/owner-list.ts";

/** One thing that a login may send as. */
export interface Sendable {
  /** Folded; `@domain` for every address of the domain, `*` for everything. */
  readonly key: string;
  readonly login: string;
  /** Why. */
  readonly kind: ListedKind;
}

/** What is wanted of a listing. */
export interface SendableFilter {
  /** Compared caselessly, as smtpd does. */
  readonly login?: string | undefined;
  /** Folded; `*` is in every domain. */
  readonly domain?: string | undefined;
}

/** Picks what somebody may send as from the lines of a listing; a line without owner is nobody's. */
export function* sendables(lines: Iterable<ListedLine>, { login, domain }: SendableFilter): Generator<Sendable> {
  const wanted = login === undefined ? undefined : foldCase(login);
  for (const { key, owner, kind } of lines) {
    if (owner === undefined) continue;
    const folded = foldKey(key);
    if (folded === undefined || !isInDomain(folded, domain)) continue;
    for (const one of splitOwners(owner)) {
      if (wanted === undefined || foldCase(one) === wanted) yield { key: folded, login: one, kind };
    }
  }
}

function isInDomain(key: string, domain: string | undefined): boolean {
  return domain === undefined || key === "*" || splitAddress(key).domain === domain;
}

/** What is listed for one key. */
interface ListedKey {
  /** Whether it has a row of its own, which keeps the catch-all of its domain away. */
  hasRow: boolean;
  readonly owners: string[];
  readonly grants: string[];
}

/** The whole of a listing, by key. */
export class ListedMap {
  readonly #keys = new Map<string, ListedKey>();

  /** Takes lines in any order. */
  add(lines: Iterable<ListedLine>): void {
    for (const { key, owner, kind } of lines) {
      const folded = foldKey(key);
      if (folded === undefined) continue;
      const listed = this.#keys.get(folded) ?? { hasRow: false, owners: [], grants: [] };
      this.#keys.set(folded, listed);
      if (kind !== "grant") listed.hasRow = true;
      if (owner !== undefined) listed[kind === "grant" ? "grants" : "owners"].push(...splitOwners(owner));
    }
  }

  /** Every key that is listed, folded. */
  keys(): IterableIterator<string> {
    return this.#keys.keys();
  }

  /**
   * Who owns a key by the listing alone: what the lookup should answer, in no particular order and with repetitions. Of `@domain`,
   * who owns an address there that is not listed.
   *
   * @param withGrants whether grants to the domain and to everything count too
   */
  ownersOf(key: string, withGrants = true): readonly string[] {
    const { localpart, domain } = splitAddress(key);
    const listed = this.#keys.get(key);
    const ofDomain = this.#keys.get(`@${domain}`);
    const base = localpart === "" || listed?.hasRow === true ? (listed?.owners ?? []) : (ofDomain?.owners ?? []);
    if (!withGrants) return base;
    const own = localpart === "" ? [] : (listed?.grants ?? []);
    return [...base, ...own, ...(ofDomain?.grants ?? []), ...(this.#keys.get("*")?.grants ?? [])];
  }
}
