/**
 * Addresses: folding a key, splitting it, and taking its extension off, as Postfix does it; and whether a source hosts one.
 */
import { domainToASCII } from "node:url";
import { foldCase } from "./fold-case.ts";

/** An address in its parts, folded. */
export interface Address {
  /** Everything before the last `@`, in internal form (without quotes). May be empty in `@domain`. */
  readonly localpart: string;
  /** Everything after the last `@`, lower case, as A-label. */
  readonly domain: string;
}

const nonAscii = /[^\0-\x7f]/;
const controls = /[\0-\x1f\x7f]/;
// What a domain may consist of before it is converted: anything else would make domainToASCII parse it as part of a URL.
const notInDomain = /[\0-,/:-@[-^`{-\x7f]/;

/**
 * Folds a key to the one spelling under which it is cached, looked up and bound: case folded, the domain as A-label.
 *
 * smtpd folds the sender before it asks (smtpd_resolve.c) but `postmap -q` does not, and nobody converts the domain:
 * `alice@exämple.com` and `alice@xn--exmple-cua.com` must get the same owners, and never those of `alice@example.com`,
 * which a caseless or accentless collation would give them. As smtpd folds the domain as well, a sender in `straße.de` asks
 * for `strasse.de`.
 *
 * @returns `undefined` when the key is empty or can be no address: a NUL, or a domain that has no A-label
 */
export function foldKey(key: string): string | undefined {
  if (isFolded(key)) return key;
  if (key === "" || key.includes("\0")) return undefined;
  if (!nonAscii.test(key)) return key.toLowerCase();
  const folded = foldCase(key);
  const at = folded.lastIndexOf("@");
  if (at === -1) return folded;
  const domain = foldDomain(folded.slice(at + 1));
  return domain === undefined ? undefined : `${folded.slice(0, at)}@${domain}`;
}

/** Whether a key is its own folded spelling, as nearly every one is that smtpd sends: ASCII without a capital letter. */
function isFolded(key: string): boolean {
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code >= 0x80 || code === 0 || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return key !== "";
}

/**
 * Converts a domain to lower case and, if it is internationalised, to its A-label (UTS #46).
 *
 * @returns `undefined` when a non-ASCII domain has no A-label. ASCII domains are taken as they are, address literals included.
 */
export function foldDomain(domain: string): string | undefined {
  if (!nonAscii.test(domain)) return domain.toLowerCase();
  if (notInDomain.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  return ascii === "" ? undefined : ascii;
}

/** Splits a folded key at its last `@`; a key without one has no domain. */
export function splitAddress(key: string): Address {
  const at = key.lastIndexOf("@");
  return at === -1 ? { localpart: key, domain: "" } : { localpart: key.slice(0, at), domain: key.slice(at + 1) };
}

/**
 * Whether a source may know a key: the one rule for the gate that refuses clients, for the explanation of a lookup and for listings.
 *
 * @param key folded; a bare localpart is in no domain, and never foreign
 * @param hosted folded domains that the source lists; `undefined` when it cannot tell, which makes no domain foreign
 * @param localDomains folded domains that are asked for whatever the source lists (`local_domains`)
 */
export function isHosted(
  key: string,
  hosted: ReadonlySet<string> | undefined,
  localDomains: ReadonlySet<string>,
): boolean {
  if (hosted === undefined) return true;
  const { domain } = splitAddress(key);
  return domain === "" || hosted.has(domain) || localDomains.has(domain);
}

/** Writes an address back as a key; without a domain it is the bare localpart. */
export function joinAddress({ localpart, domain }: Address): string {
  return domain === "" ? localpart : `${localpart}@${domain}`;
}

/**
 * Takes the quotes off a localpart as a client types it: `"two words"` is the external form (RFC 5321 section 4.1.2) of
 * `two words`, and smtpd takes `a\b` for `ab` (tok822_parse.c). A key is not typed: see `internalForm`.
 */
export function unquoteLocalpart(localpart: string): string {
  if (!localpart.includes('"') && !localpart.includes("\\")) return localpart;
  return localpart.replace(/\\(.)|"|\\$/gsu, "$1");
}

/**
 * Whether the localpart of a key is the external form of another, as smtpd asks for it first (mail_addr_find.c): quoted, and
 * for need.
 *
 * `"alice"` is not: smtpd asks for alice without quotes, and for `"alice"` only after the external form of a localpart that
 * really has those quotes in it, which alice does not own. The same holds for `alice\` and `alice"`.
 */
export function isExternalForm(localpart: string): boolean {
  return localpart.startsWith('"') && quoteLocalpart(unquoteLocalpart(localpart)) === localpart;
}

/** The localpart of a key without the quotes of its external form; a key in internal form is literal, whatever it holds. */
export function internalForm(localpart: string): string {
  return isExternalForm(localpart) ? unquoteLocalpart(localpart) : localpart;
}

/**
 * Puts a localpart into its external form: quoted when RFC 5321 says that it must be.
 *
 * Follows quote_822_local.c, is_822_dot_string: what is not a dot-string of atoms is put in quotes, with `"`, `\` and CR
 * escaped.
 */
export function quoteLocalpart(localpart: string): string {
  if (isDotString(localpart)) return localpart;
  return `"${localpart.replace(/["\\\r]/g, "\\$&")}"`;
}

// RFC 5322 specials and blank; 8-bit characters are allowed, as Postfix allows them with SMTPUTF8.
const special = /[ ()<>@,;:\\".[\]]/;

function isDotString(localpart: string): boolean {
  if (localpart === "" || controls.test(localpart)) return false;
  return localpart.split(".").every((atom) => atom !== "" && !special.test(atom));
}

// split_addr.c: addresses that are never split, whatever the delimiters.
const unsplit = new Set(["postmaster", "mailer-daemon", "double-bounce"]);

/**
 * Takes the extension off a localpart: `alice+lists` is `alice` when `+` is a delimiter.
 *
 * The first delimiter of any kind splits; one at the very start does not, since nothing would be left. Reserved localparts
 * are not split, nor, when `-` is a delimiter, are `owner-list` and `list-request` (split_addr.c; `owner_request_special`
 * is yes by default).
 *
 * @param delimiters the characters of Postfix's `recipient_delimiter`; empty for none
 * @returns `undefined` when there is no extension
 */
export function stripExtension(localpart: string, delimiters: string): string | undefined {
  if (delimiters === "" || unsplit.has(localpart)) return undefined;
  if (delimiters.includes("-") && (localpart.startsWith("owner-") || isRequestAddress(localpart))) return undefined;
  for (let i = 0; i < localpart.length; i++) {
    if (delimiters.includes(localpart.charAt(i))) return i === 0 ? undefined : localpart.slice(0, i);
  }
  return undefined;
}

function isRequestAddress(localpart: string): boolean {
  return localpart.endsWith("-request") && localpart.length > "-request".length;
}
