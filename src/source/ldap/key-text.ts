/** Text with parts of the key in it: what a filter and a search base are written as, whichever way the parts are named. */
import type { Key } from "../../model/keys.ts";

/** Takes its part out of a key, as it is: whoever fills a text escapes it for the place where it stands. */
export type KeyPart = (key: Key) => string;

/** The parts that a key has. */
export const keyParts = {
  email: ({ email }: Key) => email,
  user: ({ user }: Key) => user,
  domain: ({ domain }: Key) => domain,
} as const;

/** Constant pieces and parts of the key, in order. */
export type KeyText = readonly (string | KeyPart)[];

/** Whether the text is another for every key. */
export function hasKeyPart(text: KeyText): boolean {
  return text.some((piece) => typeof piece !== "string");
}

/**
 * The end of a DN that is the same for every key: `dc=example,dc=com` of `ou=:domain,dc=example,dc=com`; empty when there is none.
 * Knows no escapes: a comma that is escaped behind the last part of the key begins a name that no entry has.
 */
export function constantEnd(dn: KeyText): string {
  if (!hasKeyPart(dn)) return dn.join("");
  const last = dn.at(-1);
  if (typeof last !== "string") return "";
  const comma = last.indexOf(",");
  return comma === -1 ? "" : last.slice(comma + 1).trim();
}

/** Puts the parts of a key into their places, each through `escapePart`. */
export function fillText(text: KeyText, key: Key, escapePart: (part: string) => string): string {
  let filled = "";
  for (const piece of text) filled += typeof piece === "string" ? piece : escapePart(piece(key));
  return filled;
}

// What would be syntax in an attribute value of a DN, and what its reader would trim (RFC 4514, section 2.4). An = needs none.
const special = /[\0 \t"#+,;<>\\]/g;

/** Escapes a value for its place in a DN, as Postfix does (dict_ldap.c, rfc2253_quote). */
export function escapeDnPart(part: string): string {
  return part.replace(special, (found) => `\\${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
