/** What is asked of a directory for one role: what ldap_table(5) files and `filters:` both come down to. */
import type { Key, KeyForm, Role } from "../../model/keys.ts";
import type { ResultAttributes } from "./attributes.ts";
import type { FilterTemplate } from "./filter-template.ts";
import type { KeyText } from "./key-text.ts";
import type { Scope } from "./url.ts";

/** When a server follows alias entries. */
export type Dereference = "never" | "search" | "find" | "always";

/** One query of a directory, with the rules for its results. */
export interface LdapTable {
  /** The parts of a key in it are escaped as parts of a DN. A base of its own for each key need not exist. */
  readonly base: KeyText;
  readonly scope: Scope;
  readonly filter: FilterTemplate;
  readonly dereference: Dereference;
  readonly attributes: ResultAttributes;
  /** Entries that one search may find; 0 = no limit. */
  readonly sizeLimit: number;
  /** Values of one lookup, over all searches; 0 = no limit. */
  readonly expansionLimit: number;
  /** How many entries in a row may lead to further ones. */
  readonly recursionLimit: number;
  /** Whether a key is asked for at all; one that is not counts as not found. */
  takes(key: Key): boolean;
  /** Makes a cell of a value; `undefined` when the value lacks a part and is skipped. */
  format(value: string, key: Key): string | undefined;
}

/** Everything that a source in a directory is asked. */
export interface LdapPlan {
  readonly keyForm: KeyForm;
  readonly roles: Readonly<Partial<Record<Role, LdapTable>>>;
  /** Lists the hosted domains. */
  readonly domains?: LdapTable;
  readonly listing?: ListingTable;
}

/** How everything that the other queries find is listed. */
export interface ListingTable {
  /** Its filter finds every entry that owns an address or leads to who does; base and filter have no part of a key. */
  readonly table: LdapTable;
  /** Where the entries have their addresses. */
  readonly keys: readonly KeyAttribute[];
}

/** An attribute that a filter compares with an address. */
export interface KeyAttribute {
  readonly attribute: string;
  /** What stands before and after the address in a value: `smtp:`. Caseless. */
  readonly before: string;
  readonly after: string;
  readonly role: Role;
}
