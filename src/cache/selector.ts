/** What to flush, where every answer has to be looked at; single addresses are found by `KeyIndex`. */
import { foldDomain, splitAddress } from "../model/address.ts";
import type { FlushSelector } from "../model/flush.ts";
import { foldCase } from "../model/fold-case.ts";
import { isOwner } from "../model/owner-list.ts";
import type { Answer } from "../model/reply.ts";

/** A selector for which every answer has to be looked at. */
export type ScanSelector = Exclude<FlushSelector, { kind: "address" | "addresses" | "domains" }>;

/** Tells for an answer whether it is selected; `undefined` stands for one that is not known yet. */
export type FlushPredicate = (key: string, answer: Answer | undefined) => boolean;

/** Makes the test for keys of folded domains; `*` stands for every domain. */
export function isInDomains(domains: readonly string[]): (key: string) => boolean {
  return (key) => domains.includes("*") || domains.includes(splitAddress(key).domain);
}

/**
 * Makes the test for one selector.
 *
 * A login selects nothing that has no owners: flush the address or its domain for that. What is not known yet may have any.
 */
export function toFlushPredicate(selector: ScanSelector): FlushPredicate {
  switch (selector.kind) {
    case "all":
      return () => true;
    case "domain": {
      const domain = selector.domain.replace(/^@/, "");
      // `straße.de` is asked for as strasse.de by smtpd, and by its A-label by whoever writes that.
      const wanted = [domain, foldCase(domain)].map((spelling) => foldDomain(spelling) ?? spelling);
      return (key) => wanted.includes(splitAddress(key).domain);
    }
    case "login": {
      const { login } = selector;
      return (_key, answer) => answer === undefined || (answer.kind === "ok" && isOwner(answer.owners, login));
    }
  }
}
