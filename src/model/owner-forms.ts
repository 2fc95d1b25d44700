/**
 * The forms in which a login may be known to Dovecot and Postfix: an internationalised domain as U-label, an address without
 * its realm. A database holds one of them, and smtpd compares letter by letter.
 */
import { domainToUnicode } from "node:url";
import { foldDomain, splitAddress } from "./address.ts";
import { splitOwners } from "./owner-list.ts";

/** Adds, after each owner whose domain is an A-label (`xn--…`), the same with the U-label. Cells without one stay as they are. */
export function withULabels(cells: readonly string[]): readonly string[] {
  if (!cells.some((cell) => /xn--/i.test(cell))) return cells;
  return cells.flatMap(splitOwners).flatMap((owner) => {
    const { localpart, domain } = splitAddress(owner);
    const aLabel = domain.toLowerCase();
    const uLabel = aLabel.includes("xn--") ? domainToUnicode(aLabel) : "";
    // What has no U-label, or one that is another domain, has one form.
    return uLabel === "" || uLabel === aLabel || foldDomain(uLabel) !== aLabel
      ? [owner]
      : [owner, `${localpart}@${uLabel}`];
  });
}

/**
 * Adds, after each owner in the realm, the same without it.
 *
 * @param realm a folded domain; an owner may spell it as A-label or as U-label
 */
export function withoutRealm(cells: readonly string[], realm: string): readonly string[] {
  return cells.flatMap(splitOwners).flatMap((owner) => {
    const { localpart, domain } = splitAddress(owner);
    return localpart !== "" && foldDomain(domain) === realm ? [owner, localpart] : [owner];
  });
}
