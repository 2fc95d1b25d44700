/**
 * Address → the keys to ask for, in order.
 *
 * Postfix gives a socketmap and a tcp_table the full address only; what it does by itself for an indexed table (taking the
 * extension off, the bare localpart, `@domain`) is done here, in the order of mail_addr_find.c.
 */
import { internalForm, joinAddress, quoteLocalpart, splitAddress, stripExtension } from "../model/address.ts";
import type { Ask, Key, KeyForm, Role } from "../model/keys.ts";

/** What a map says about addresses. */
export interface KeyRules {
  /** Characters that begin an extension; empty for none. */
  readonly recipientDelimiter: string;
  /** Folded domains whose bare localparts are keys too, as for $mydestination. */
  readonly localDomains: ReadonlySet<string>;
}

/**
 * An ask with its place in Postfix's order of keys: where several sources are asked, all asks of one place come before those of
 * the next. Asks of a source are in the order of their places.
 */
export interface Turn extends Ask {
  readonly place: number;
}

/** The places of a lookup; in each the external form of a localpart comes first, the internal one next. */
const place = { full: 0, stripped: 2, bare: 4, bareStripped: 6, domain: 8, grant: 9 } as const;

/** A key taken apart. */
interface Parts {
  /** In internal form; empty in `@domain`. */
  readonly localpart: string;
  /** `undefined` when there is no extension. */
  readonly stripped: string | undefined;
  readonly domain: string;
  /** Whether the key is in external form: then both forms of every localpart are asked. */
  readonly isExternal: boolean;
  /** Whether the key is `@domain`, not an address with an empty localpart. */
  readonly isDomainKey: boolean;
}

/**
 * Makes the asks of one lookup.
 *
 * @param key a folded key: an address, a bare localpart or `@domain` (the last two arrive from within a `unionmap:`)
 * @returns the asks in order of precedence within their role; none when the key can have no owner
 */
export function asksFor(key: string, form: KeyForm, roles: ReadonlySet<Role>, rules: KeyRules): Turn[] {
  const parts = takeApart(key, rules);
  if (parts.localpart === "" && parts.domain === "") return [];
  const { turns } = form === "postfix" ? postfixTurns(parts, rules) : roleTurns(parts, rules);
  return roles.size === 3 ? turns : turns.filter(({ role }) => roles.has(role));
}

function takeApart(key: string, rules: KeyRules): Parts {
  const { localpart: given, domain } = splitAddress(key);
  const localpart = internalForm(given);
  const stripped = stripExtension(localpart, rules.recipientDelimiter);
  return { localpart, stripped, domain, isExternal: localpart !== given, isDomainKey: given === "" };
}

/**
 * Asks by role: `address` for the address and then without its extension, `domain` once, `grant` for both addresses. Rows may
 * hold a localpart in either form.
 */
function roleTurns(parts: Parts, rules: KeyRules): TurnList {
  const { localpart, stripped, domain, isDomainKey } = parts;
  const list = new TurnList(parts, "roles");
  if (isDomainKey) {
    // Without an address: a catch-all that has a row of its own, `@domain`, must not be kept away by it.
    list.turns.push({ role: "domain", key: { email: "", user: "", domain }, derived: true, place: place.domain });
    return list;
  }
  if (domain !== "") list.addAddresses(domain, place.full, place.stripped);
  if (rules.localDomains.has(domain) || (domain === "" && rules.localDomains.size > 0)) {
    list.addAddresses("", place.bare, place.bareStripped);
  }
  if (domain === "") return list;
  const asked = stripped ?? localpart;
  list.addDomain("domain", asked === "" || asked.endsWith(" ") ? quoteLocalpart(asked) : asked);
  list.add("grant", localpart, domain, place.grant, true);
  if (stripped !== undefined) list.add("grant", stripped, domain, place.grant, true);
  return list;
}

/**
 * Asks as Postfix keys its own tables: every address in external (quoted) form and, where it differs, in internal form; full,
 * without extension, the localpart if the domain is local, `@domain`. A source with grants is asked for those of the address.
 */
function postfixTurns(parts: Parts, rules: KeyRules): TurnList {
  const { localpart, domain, isDomainKey } = parts;
  const list = new TurnList(parts, "postfix");
  if (!isDomainKey && domain !== "") list.addAddresses(domain, place.full, place.stripped);
  if (!isDomainKey && domain === "") list.add("address", localpart, "", place.bare, false);
  else if (localpart !== "" && rules.localDomains.has(domain)) list.addAddresses("", place.bare, place.bareStripped);
  if (domain !== "") list.addDomain("address", "");
  if (!isDomainKey && domain !== "") list.add("grant", localpart, domain, place.grant, true);
  return list;
}

/** The turns of one key, as they are added. */
class TurnList {
  readonly turns: Turn[] = [];
  readonly #parts: Parts;
  readonly #form: KeyForm;

  constructor(parts: Parts, form: KeyForm) {
    this.#parts = parts;
    this.#form = form;
  }

  /** Adds the address, or the bare localpart, and the same without its extension. */
  addAddresses(at: string, full: number, withoutExtension: number): void {
    const { localpart, stripped } = this.#parts;
    this.add("address", localpart, at, full, false);
    if (stripped !== undefined) this.add("address", stripped, at, withoutExtension, true);
  }

  /** Adds a localpart in the forms in which smtpd asks for it. */
  add(role: Role, part: string, at: string, where: number, derived: boolean): void {
    const quoted = this.#parts.isExternal ? quoteLocalpart(part) : part;
    if (quoted !== part) this.#push(role, quoted, at, where, derived);
    // Without quotes an empty localpart would be the key @domain.
    if (part === "") return;
    // A column of a PAD SPACE collation says that "alice " is alice; only in quotes the two can be told apart.
    if (this.#form === "roles" && part.endsWith(" ")) return;
    this.#push(role, part, at, quoted === part || role === "grant" ? where : where + 1, derived);
  }

  addDomain(role: "address" | "domain", localpart: string): void {
    this.turns.push({ role, key: toKey(localpart, this.#parts.domain), derived: true, place: place.domain });
  }

  #push(role: Role, spelling: string, at: string, where: number, derived: boolean): void {
    const turn: Turn = { role, key: toKey(spelling, at), derived, place: where };
    const isTagged = role === "address" && !derived && this.#parts.stripped !== undefined;
    this.turns.push(isTagged ? { ...turn, isTagged: true } : turn);
  }
}

function toKey(user: string, domain: string): Key {
  const email = user === "" ? `@${domain}` : joinAddress({ localpart: user, domain });
  return { email, user, domain };
}
