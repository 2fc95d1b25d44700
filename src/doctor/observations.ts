/** What was seen on the machine: files, accounts, and what the servers said. The doctor judges it; others look. */
import type { ListenerSettings, Settings } from "../model/settings.ts";
import type { PostfixConfig } from "./postfix.ts";

/** The account under which Postfix's processes work (`mail_owner`). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** Every group of it. */
  readonly gids: readonly number[];
}

/** A file. `hidden`: it could not be looked at, for lack of rights. */
export type FileStatus =
  | { readonly kind: "absent" }
  | { readonly kind: "hidden" }
  | { readonly kind: "socket" | "other"; readonly uid: number; readonly gid: number; readonly mode: number };

/** What a server said to a query for a table. */
export type TableAnswer =
  | { readonly kind: "answered" }
  /** A temporary failure: the server is there, its source is not. */
  | { readonly kind: "failing"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "unreachable"; readonly reason: string }
  /** It was not asked, or could not be for lack of rights. */
  | { readonly kind: "unknown" };

/** What Dovecot's auth socket said. */
export type SaslAnswer =
  | { readonly kind: "mechanisms"; readonly names: readonly string[] }
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "unknown" };

/** One rule of an access(5) table. */
export interface Rule {
  /** As the table has it: an address, a domain, a pattern. Empty for `static:`, whose answer is for every key. */
  readonly key: string;
  readonly answer: string;
}

/** How Dovecot is configured to return a login. */
export interface LoginFormat {
  /** `auth_username_format`, such as `%Lu`. */
  readonly format: string;
  /** `auth_default_realm` (2.3) or `auth_default_domain` (2.4); empty for none. */
  readonly realm: string;
}

/** How a sample of the owners of a map is written. */
export interface OwnerForms {
  readonly bare: number;
  /** Owners by the domain behind their `@`, lower case. */
  readonly byDomain: ReadonlyMap<string, number>;
}

/** All of it. What is missing was not looked at. */
export interface Observations {
  readonly account: Account | undefined;
  /** By path, as seen from outside of any chroot. */
  readonly files: ReadonlyMap<string, FileStatus>;
  /** By the `placeKey` of the table. */
  readonly tables: ReadonlyMap<string, TableAnswer>;
  /** By the endpoint of the auth socket, as `formatEndpoint` writes it. */
  readonly sasl: ReadonlyMap<string, SaslAnswer>;
  /** By the table as a restriction names it, such as `hash:/etc/postfix/access`: its rules. */
  readonly accessTables: ReadonlyMap<string, readonly Rule[]>;
  /** By the table as `check_sender_access` names it: what it answers for the null sender, if anything. */
  readonly nullSenderAnswers: ReadonlyMap<string, string | undefined>;
  /** How Dovecot writes logins. */
  readonly loginFormat?: LoginFormat | undefined;
  /** How the owners of each map are written, for maps whose sources can be listed. */
  readonly owners?: ReadonlyMap<string, OwnerForms>;
  /** By source: why its owners were not seen. */
  readonly unseenOwners?: ReadonlyMap<string, string>;
}

/** Postfix's configuration, ours, and what was seen on the machine. */
export interface Patient {
  readonly postfix: PostfixConfig;
  readonly settings: Settings;
  readonly observations: Observations;
  /** Listeners that lines of this examination add to `settings`. */
  readonly added?: readonly ListenerSettings[];
}
