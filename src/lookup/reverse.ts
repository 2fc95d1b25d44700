/**
 * A listing read backwards: what a login may send as, and the whole map as a file would hold it. Pure.
 *
 * For people, never for a client: who is let through is decided by the lookup.
 */
import { foldKey, splitAddress } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import { foldCase } from "../model/fold-case.ts";
import type { ListedKind, ListedLine } from "../model/listing.ts";
import { splitOwners, toOwnerList } from "../model/owner-list.ts";
import type { Database } from "../model/source.ts";

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

/** Databases that a listing is asked of, and how long each may take to say what it hosts. */
export interface ListRequest {
  readonly databases: readonly Database[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Lists the sources of a map, one after the other, without what is in a domain that they do not host: a lookup would not find it.
 *
 * @throws {SourceError} when one of them cannot be listed, or is cut short
 */
export async function* linesOf({
  databases,
  deadlineMs,
  signal,
}: ListRequest): AsyncGenerator<readonly ListedLine[], void, undefined> {
  for (const database of databases) {
    const { listing, name } = database;
    if (listing === undefined) {
      throw new SourceError(
        "ERR_SOURCE_SQL",
        `source ${name} cannot be listed: that takes a preset, or queries.listing`,
      );
    }
    const hosted = await database.hostedDomains(deadlineMs);
    for await (const lines of listing.list(signal)) {
      yield hosted === undefined ? lines : lines.filter(({ key }) => isHosted(foldKey(key) ?? "", hosted));
    }
  }
}

function isHosted(key: string, hosted: ReadonlySet<string>): boolean {
  const { domain } = splitAddress(key);
  return domain === "" || hosted.has(domain);
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

  /**
   * The map as the lines of a `texthash:` file, which Postfix reads without knowing of grants: each line names everybody. An address
   * that keeps a catch-all away and has no owner gets `nobody`, since a line without a value is none.
   *
   * @param nobody a login that nobody has
   */
  *texthash(nobody: string): Generator<readonly [key: string, owners: string]> {
    for (const key of this.#keys.keys()) {
      const owners = toOwnerList(this.ownersOf(key))?.text;
      if (owners !== undefined) yield [key, owners];
      else if (this.ownersOf(`@${splitAddress(key).domain}`).length > 0) yield [key, nobody];
    }
  }
}
