/**
 * What smtpd would answer a sender, by restriction (smtpd_check.c, check_mail_sender_login and the four callers).
 */
import { joinAddress, splitAddress, unquoteLocalpart } from "../model/address.ts";
import { isOwner } from "../model/owner-list.ts";
import type { Reply } from "../model/reply.ts";
import { type MismatchRestriction, mismatchRestrictions } from "../model/restrictions.ts";

/** What one restriction says. */
export interface Verdict {
  readonly restriction: MismatchRestriction;
  /** 250: this restriction has no objection; others may. */
  readonly code: 250 | 451 | 553;
  /** The reply text after the code, as smtpd writes it; `Ok` for 250. */
  readonly text: string;
}

/**
 * Tells what each restriction says of a sender.
 *
 * @param sender the envelope sender as the client wrote it, which smtpd repeats in its reply without quotes; `""` (`<>`) is
 *   never checked
 * @param login the SASL login; `undefined` for a client that is not logged in
 */
export function verdictsFor(reply: Reply, sender: string, login: string | undefined): Verdict[] {
  const repeated = repeatedForm(sender);
  return mismatchRestrictions.map((restriction) => {
    const [code, text] = judge(restriction, reply, repeated, login);
    return { restriction, code, text };
  });
}

type Judgement = readonly [code: Verdict["code"], text: string];
const ok: Judgement = [250, "Ok"];

function judge(restriction: MismatchRestriction, reply: Reply, sender: string, login: string | undefined): Judgement {
  if (sender === "" || !isAsked(restriction, login)) return ok;
  switch (reply.kind) {
    case "temporary":
    case "timeout":
      return [451, `4.3.0 <${sender}>: Temporary lookup failure`];
    case "permanent":
      return [451, "4.3.5 Server configuration error"];
    case "notFound":
      // Nobody owns it: only a login can be refused, and reject_known_… lets even that pass.
      return login === undefined || restriction === "reject_known_sender_login_mismatch" ? ok : notOwned(sender, login);
    case "ok":
      if (login === undefined) return [553, `5.7.1 <${sender}>: Sender address rejected: not logged in`];
      return isOwner(reply.owners, login) ? ok : notOwned(sender, login);
  }
}

/** How a reply repeats an address: in internal form (smtpd.c, extract_addr), a blank for each control byte (printable.c). */
function repeatedForm(sender: string): string {
  const { localpart, domain } = splitAddress(sender);
  return joinAddress({ localpart: unquoteLocalpart(localpart), domain }).replace(/[\0-\x1f\x7f]/g, " ");
}

function notOwned(sender: string, login: string): Judgement {
  return [553, `5.7.1 <${sender}>: Sender address rejected: not owned by user ${login}`];
}

function isAsked(restriction: MismatchRestriction, login: string | undefined): boolean {
  switch (restriction) {
    case "reject_authenticated_sender_login_mismatch":
      return login !== undefined;
    case "reject_unauthenticated_sender_login_mismatch":
      return login === undefined;
    case "reject_sender_login_mismatch":
    case "reject_known_sender_login_mismatch":
      return true;
  }
}
