/** A search as a session runs it, and the entries that it finds. */
import type { Key } from "../../model/keys.ts";
import type { Attribute } from "./attributes.ts";
import { anyEntry, type FilterTemplate } from "./filter-template.ts";
import type { Dereference } from "./table.ts";
import type { Scope } from "./url.ts";

/** What is asked. */
export interface Search {
  /** A DN, ready to be sent. */
  readonly base: string;
  readonly scope: Scope;
  readonly filter: FilterTemplate;
  /** Whose parts stand in the filter. */
  readonly key: Key;
  readonly attributes: readonly string[];
  readonly dereference: Dereference;
  /** Entries that the server may send; 0 = as many as it likes. */
  readonly sizeLimit: number;
}

/** An entry as a server sends it: the attributes that were asked for and that we may read. */
export interface Entry {
  readonly dn: string;
  readonly attributes: readonly Attribute[];
}

/**
 * Runs a search.
 *
 * @throws {LdapError} with the server's result code, or a {SessionError} when there was no answer
 */
export type RunSearch = (search: Search) => Promise<readonly Entry[]>;

/** No part of a key: for searches whose filter has none. */
export const noKey: Key = { email: "", user: "", domain: "" };

/** A search for an entry itself, of which no attribute is wanted yet. */
export function oneEntry(dn: string): Search {
  return {
    base: dn,
    scope: "base",
    filter: anyEntry,
    key: noKey,
    attributes: [],
    dereference: "never",
    sizeLimit: 0,
  };
}
