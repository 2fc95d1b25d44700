/** What becomes of a message: its claims held against who owns them. Pure; service/milter.ts and `lookup --message` ask. */
import type { Claim, MessageVerdict, ResentRule } from "../model/message.ts";
import { isOwner } from "../model/owner-list.ts";
import type { Reply } from "../model/reply.ts";
import type { Claims } from "./header-claims.ts";

/** Longest address or login that a reply repeats, in characters. */
const maxShown = 200;
const lookupFailed = "451 4.3.0 Temporary lookup failure";

/** The verdict on a message whose client is not logged in: it is none of ours. */
export const unauthenticated: MessageVerdict = { result: "accept", reason: "unauthenticated" };

/**
 * The claims that the login must own.
 *
 * @param resent `allow`: a message that was resent by somebody who owns its `Resent-From:` may keep a foreign `From:`
 */
export function claimsToOwn(claims: readonly Claim[], resent: ResentRule): readonly Claim[] {
  const isResent = resent === "allow" && claims.some(({ place }) => place === "Resent-From");
  return isResent ? claims.filter(({ place }) => place !== "From") : claims;
}

/** @returns the verdict on a message that cannot be read; `undefined` when its claims decide */
export function verdictWithoutLookup(claims: Claims): MessageVerdict | undefined {
  switch (claims.kind) {
    case "several":
      return refused("several", claims.place, `550 5.7.1 More than one ${claims.place} header`);
    case "unreadable":
      return refused("unreadable", claims.place, `550 5.7.1 ${claims.place} header cannot be read`);
    case "claims":
      return undefined;
  }
}

/** What one claim comes to. */
export type ClaimOutcome = "owned" | "not_owned" | "lookup_failed";

/** Tells whether the login owns what a lookup was made for. A failure is never taken for an answer. */
export function outcomeOf(reply: Reply, login: string): ClaimOutcome {
  switch (reply.kind) {
    case "ok":
      return isOwner(reply.owners, login) ? "owned" : "not_owned";
    case "notFound":
      return "not_owned";
    case "temporary":
    case "timeout":
    case "permanent":
      return "lookup_failed";
  }
}

/**
 * Judges.
 *
 * An address that is certainly not owned refuses the message, whatever other lookups failed; else one that failed defers it.
 *
 * @param outcomes one for each claim, in their order
 */
export function verdictOn(
  claims: readonly Claim[],
  outcomes: readonly ClaimOutcome[],
  login: string,
  hasFrom: boolean,
): MessageVerdict {
  const foreign = claims[outcomes.indexOf("not_owned")];
  if (foreign !== undefined) {
    const { place, address } = foreign;
    const text = `<${printable(address)}>: ${place} address rejected: not owned by user ${printable(login)}`;
    return { ...refused("not_owned", place, `550 5.7.1 ${text}`), address };
  }
  const unknown = claims[outcomes.indexOf("lookup_failed")];
  if (unknown !== undefined) return { result: "temp", reason: "lookup_failed", ...unknown, reply: lookupFailed };
  return { result: "accept", reason: hasFrom ? "owned" : "no_from" };
}

function refused(
  reason: "not_owned" | "several" | "unreadable",
  place: Claim["place"],
  reply: string,
): MessageVerdict & { readonly result: "reject" } {
  return { result: "reject", reason, place, reply };
}

/** What a reply line may repeat: printable ASCII, `?` for the rest, cut. */
function printable(text: string): string {
  return text.slice(0, maxShown).replace(/[^ -~]/g, "?");
}
