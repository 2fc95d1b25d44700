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
export interface Turn {
  readonly ask: Ask;
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
export function asksFor(key: string, form: KeyForm, roles: ReadonlySet<Role>, rules: KeyRules): Ask[] {
  return turnsFor(key, form, roles, rules).map(({ ask }) => ask);
}

/** As `asksFor`, with the place of each ask. */
export function turnsFor(key: string, form: KeyForm, roles: ReadonlySet<Role>, rules: KeyRules): Turn[] {
  const parts = takeApart(key, rules);
  if (parts.localpart === "" && parts.domain === "") return [];
  const turns = form === "postfix" ? postfixTurns(parts, rules) : roleTurns(parts, rules);
  return turns.filter(({ ask }) => roles.has(ask.role));
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
function roleTurns(parts: Parts, rules: KeyRules): Turn[] {
  const { localpart, stripped, domain, isDomainKey } = parts;
  // Without an address: a catch-all that has a row of its own, `@domain`, must not be kept away by it.
  if (isDomainKey)
    return [{ ask: { role: "domain", key: { email: "", user: "", domain }, derived: true }, place: place.domain }];
  // A column of a PAD SPACE collation says that "alice " is alice; only in quotes the two can be told apart.
  const spell = (part: string) => spellings(parts, part).filter((spelling) => !spelling.endsWith(" "));
  const turns: Turn[] = [];
  if (domain !== "") turns.push(...addressTurns(parts, domain, place.full, place.stripped, spell));
  if (rules.localDomains.has(domain) || (domain === "" && rules.localDomains.size > 0)) {
    turns.push(...addressTurns(parts, "", place.bare, place.bareStripped, spell));
  }
  if (domain === "") return turns;
  const asked = stripped ?? localpart;
  const needsQuotes = asked === "" || asked.endsWith(" ");
  turns.push(domainTurn("domain", needsQuotes ? quoteLocalpart(asked) : asked, domain));
  for (const part of [localpart, stripped]) {
    if (part === undefined) continue;
    for (const spelling of spell(part)) turns.push(grantTurn(spelling, domain));
  }
  return turns;
}

/**
 * Asks as Postfix keys its own tables: every address in external (quoted) form and, where it differs, in internal form; full,
 * without extension, the localpart if the domain is local, `@domain`. A source with grants is asked for those of the address.
 */
function postfixTurns(parts: Parts, rules: KeyRules): Turn[] {
  const { localpart, domain, isDomainKey } = parts;
  const spell = (part: string) => spellings(parts, part);
  const turns: Turn[] = [];
  if (!isDomainKey && domain !== "") turns.push(...addressTurns(parts, domain, place.full, place.stripped, spell));
  if (!isDomainKey && domain === "")
    turns.push(...spell(localpart).map((one) => addressTurn(one, "", place.bare, parts)));
  else if (localpart !== "" && rules.localDomains.has(domain)) {
    turns.push(...addressTurns(parts, "", place.bare, place.bareStripped, spell));
  }
  if (domain !== "") turns.push(domainTurn("address", "", domain));
  if (!isDomainKey && domain !== "") turns.push(...spell(localpart).map((one) => grantTurn(one, domain)));
  return turns;
}

/** The forms in which smtpd asks for a localpart: the internal form of an empty one would be the key `@domain`. */
function spellings({ isExternal }: Parts, part: string): string[] {
  if (!isExternal) return [part];
  const quoted = quoteLocalpart(part);
  return quoted === part || part === "" ? [quoted] : [quoted, part];
}

function addressTurns(
  parts: Parts,
  at: string,
  full: number,
  withoutExtension: number,
  spell: (part: string) => string[],
): Turn[] {
  const { localpart, stripped } = parts;
  const turns = spell(localpart).map((one, i) => addressTurn(one, at, full + i, parts));
  if (stripped === undefined) return turns;
  const key = (one: string) => toKey(one, at);
  const others = spell(stripped).map((one, i): Turn => {
    return { ask: { role: "address", key: key(one), derived: true }, place: withoutExtension + i };
  });
  return [...turns, ...others];
}

function addressTurn(spelling: string, at: string, where: number, { stripped }: Parts): Turn {
  const ask: Ask = { role: "address", key: toKey(spelling, at), derived: false };
  return { ask: stripped === undefined ? ask : { ...ask, isTagged: true }, place: where };
}

function domainTurn(role: "address" | "domain", localpart: string, domain: string): Turn {
  return { ask: { role, key: toKey(localpart, domain), derived: true }, place: place.domain };
}

function grantTurn(spelling: string, domain: string): Turn {
  return { ask: { role: "grant", key: toKey(spelling, domain), derived: true }, place: place.grant };
}

function toKey(user: string, domain: string): Key {
  const email = user === "" ? `@${domain}` : joinAddress({ localpart: user, domain });
  return { email, user, domain };
}
