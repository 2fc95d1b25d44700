/** Text with parts of the key in it: what a filter and a search base are written as, whichever way the parts are named. */
import type { Key } from "../../model/keys.ts";

/** Takes its part out of a key, as it is: whoever fills a text escapes it for the place where it stands. */
export type KeyPart = (key: Key) => string;

/** Constant pieces and parts of the key, in order. */
export type KeyText = readonly (string | KeyPart)[];

/** Whether the text is another for every key. */
export function hasKeyPart(text: KeyText): boolean {
  return text.some((piece) => typeof piece !== "string");
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
