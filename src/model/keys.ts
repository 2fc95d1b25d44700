/** What a source is asked in one lookup. */

/** What a query of a source is for; see docs/architecture.md, "Three roles". */
export type Role = "address" | "domain" | "grant";

/**
 * Every query that a source can have: those of the roles, the list of the domains that it hosts, and the listing of everything
 * that it knows.
 */
export const queryNames = ["address", "domain", "grant", "domains", "listing"] as const;

/** The name of a query, as `queries:` and the files of the presets have it. */
export type QueryName = (typeof queryNames)[number];

/** A key in the three spellings that a query can bind. All lower case; the domain is an A-label. */
export interface Key {
  /** `localpart@domain`, a bare `localpart`, or `@domain`; empty where the role `domain` is asked for a domain alone. */
  readonly email: string;
  /** Everything before the last `@`; the whole key when it has none. */
  readonly user: string;
  /** Everything after the last `@`; empty when the key has none. */
  readonly domain: string;
}

/** One question of a lookup: the query of `role`, bound to `key`. */
export interface Ask {
  readonly role: Role;
  readonly key: Key;
  /** Whether an answer to it is for something else than the whole address; see `Found.derived`. */
  readonly derived: boolean;
  /** The key still has its extension, and an ask without it follows: to a source that knows logins and no rows, not yet one. */
  readonly isTagged?: true;
}

/** How the asks of a lookup are made: by role, or as Postfix keys its own tables (mail_addr_find.c). */
export type KeyForm = "roles" | "postfix";

/** The non-empty cells that answered each ask, at the same index as the ask; `notAsked` for those not put to the database. */
export type Cells = readonly (readonly string[])[];

/**
 * The finding of an ask without a query: no query takes such a key, or an earlier key answered and ended the search. Told
 * from "asked, and nothing found" by being this very list; to a ranking both are no owners.
 */
export const notAsked: Cells[number] = Object.freeze([]);
