/**
 * Address → the keys to ask for, in order.
 *
 * Postfix gives a socketmap and a tcp_table the full address only; what it does by itself for an indexed table (taking the
 * extension off, the bare localpart, `@domain`) is done here, in the order of mail_addr_find.c.
 */
import { joinAddress, quoteLocalpart, splitAddress, stripExtension, unquoteLocalpart } from "../model/address.ts";
import type { Ask, Key, KeyForm, Role } from "../model/keys.ts";

/** What a map says about addresses. */
export interface KeyRules {
  /** Characters that begin an extension; empty for none. */
  readonly recipientDelimiter: string;
  /** Folded domains whose bare localparts are keys too, as for $mydestination. */
  readonly localDomains: ReadonlySet<string>;
}

/**
 * Makes the asks of one lookup.
 *
 * @param key a folded key: an address, a bare localpart or `@domain` (the last two arrive from within a `unionmap:`)
 * @returns the asks in order of precedence within their role; none when the key can have no owner
 */
export function asksFor(key: string, form: KeyForm, roles: ReadonlySet<Role>, rules: KeyRules): Ask[] {
  return form === "postfix" ? postfixAsks(key, rules) : roleAsks(key, roles, rules);
}

/**
 * Asks by role: `address` for the address and then without its extension, `domain` once, `grant` for both addresses.
 *
 * Localparts are asked in internal form, so `"two words"@x` and `two words@x` have the same owners.
 */
function roleAsks(key: string, roles: ReadonlySet<Role>, rules: KeyRules): Ask[] {
  const { localpart: external, domain } = splitAddress(key);
  const asks: Ask[] = [];
  const ask = (role: Role, asked: Key, derived: boolean) => {
    if (roles.has(role)) asks.push({ role, key: asked, derived });
  };
  if (external === "") {
    if (domain !== "") ask("domain", toKey("", domain), true);
    return asks;
  }
  const localpart = unquoteLocalpart(external);
  if (localpart === "") return asks;
  const stripped = stripExtension(localpart, rules.recipientDelimiter);
  // A column of a PAD SPACE collation says that "alice " is alice, where a query compares the localpart alone.
  const isPadded = localpart.endsWith(" ");
  if (domain !== "" && !isPadded) {
    ask("address", toKey(localpart, domain), false);
    if (stripped !== undefined) ask("address", toKey(stripped, domain), true);
  }
  const isBareKey = domain === "" && rules.localDomains.size > 0;
  if (!isPadded && (isBareKey || rules.localDomains.has(domain))) {
    ask("address", toKey(localpart, ""), false);
    if (stripped !== undefined) ask("address", toKey(stripped, ""), true);
  }
  if (domain === "") return asks;
  ask("domain", toKey(stripped ?? localpart, domain), true);
  ask("grant", toKey(localpart, domain), true);
  if (stripped !== undefined) ask("grant", toKey(stripped, domain), true);
  return asks;
}

/**
 * Asks in the order in which Postfix keys its own tables: every address in external (quoted) form and, where it differs, in
 * internal form; full, without extension, the localpart if the domain is local, `@domain`.
 *
 * A key that arrives in internal form (`two words@x`) is the second of two lookups that smtpd makes, so its quoted form has
 * been asked already.
 */
function postfixAsks(key: string, rules: KeyRules): Ask[] {
  const { localpart: given, domain } = splitAddress(key);
  const asks: Ask[] = [];
  const localpart = unquoteLocalpart(given);
  const isExternal = localpart !== given;
  const ask = (part: string, at: string, derived: boolean) => {
    const quoted = isExternal ? quoteLocalpart(part) : part;
    asks.push({ role: "address", key: toKey(quoted, at), derived });
    if (quoted !== part) asks.push({ role: "address", key: toKey(part, at), derived });
  };
  if (localpart === "" && domain !== "") {
    asks.push({ role: "address", key: toKey("", domain), derived: true });
    return asks;
  }
  const stripped = stripExtension(localpart, rules.recipientDelimiter);
  if (domain !== "") {
    ask(localpart, domain, false);
    if (stripped !== undefined) ask(stripped, domain, true);
  }
  if (domain === "" || rules.localDomains.has(domain)) {
    ask(localpart, "", false);
    if (stripped !== undefined && domain !== "") ask(stripped, "", true);
  }
  if (domain !== "") asks.push({ role: "address", key: toKey("", domain), derived: true });
  return asks;
}

function toKey(user: string, domain: string): Key {
  const email = user === "" ? `@${domain}` : joinAddress({ localpart: user, domain });
  return { email, user, domain };
}
