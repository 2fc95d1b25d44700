/** What to flush. */
import { foldDomain, foldKey, splitAddress, stripExtension, unquoteLocalpart } from "../model/address.ts";
import type { FlushSelector } from "../model/flush.ts";
import { foldCase } from "../model/fold-case.ts";
import { isOwner } from "../model/owner-list.ts";
import type { Answer } from "../model/reply.ts";

/** Tells for an entry whether it is selected. */
export type FlushPredicate = (key: string, answer: Answer) => boolean;

/**
 * Makes the test for one selector.
 *
 * Flushing `user@domain` also selects what was answered for `user+tag@domain`, in quotes or not; flushing a tagged address
 * selects that one only. A login also selects nothing that has no owners: flush the address or its domain for that.
 */
export function toFlushPredicate(selector: FlushSelector, recipientDelimiter: string): FlushPredicate {
  switch (selector.kind) {
    case "all":
      return () => true;
    case "address": {
      const wanted = plain(foldKey(selector.address) ?? selector.address);
      return (key) => plain(key) === wanted || withoutExtension(plain(key), recipientDelimiter) === wanted;
    }
    case "domain": {
      const domain = selector.domain.replace(/^@/, "");
      // `straße.de` is asked for as strasse.de by smtpd, and by its A-label by whoever writes that.
      const wanted = [domain, foldCase(domain)].map((spelling) => foldDomain(spelling) ?? spelling);
      return (key) => wanted.includes(splitAddress(key).domain);
    }
    case "login": {
      const { login } = selector;
      return (_key, answer) => answer.kind === "ok" && isOwner(answer.owners, login);
    }
  }
}

function plain(key: string): string {
  const { localpart, domain } = splitAddress(key);
  return `${unquoteLocalpart(localpart)}@${domain}`;
}

function withoutExtension(key: string, delimiters: string): string | undefined {
  const { localpart, domain } = splitAddress(key);
  const stripped = stripExtension(localpart, delimiters);
  return stripped === undefined ? undefined : `${stripped}@${domain}`;
}
