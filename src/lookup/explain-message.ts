/** What the milter would say of a message, and why: every claim, where it stands, who owns it. */
import { foldKey } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import type { ClaimPlace, MessageVerdict, ResentRule } from "../model/message.ts";
import { malformed, type Reply } from "../model/reply.ts";
import { claimsOf } from "./header-claims.ts";
import type { PlacedField } from "./message-header.ts";
import { type ClaimOutcome, claimsToOwn, outcomeOf, verdictOn, verdictWithoutLookup } from "./message-verdict.ts";
import type { Resolving } from "./trace.ts";

/** The document of `loginmapd lookup --message --json`. */
export interface MessageExplanation {
  readonly map: string;
  readonly login: string;
  /** What a listener with `action: reject` does; see `loginmapd_messages_total`. */
  readonly result: MessageVerdict["result"];
  readonly reason: MessageVerdict["reason"];
  /** The header that the verdict is about, unless the message is accepted. */
  readonly header?: ClaimPlace;
  /** What the client is told, unless the message is accepted. */
  readonly reply?: string;
  /** Every address that the message claims; none when it cannot be read. */
  readonly claims: readonly ExplainedClaim[];
}

/** One claim. */
export interface ExplainedClaim {
  readonly header: ClaimPlace;
  /** The lines of the message at which such a header begins, from 1; none for the envelope sender. */
  readonly lines: readonly number[];
  readonly address: string;
  /** `not_needed`: `resent: allow`, and the message was resent. */
  readonly outcome: ClaimOutcome | "not_needed";
  readonly owners: readonly string[];
  /** What went wrong at the source, as the log has it. */
  readonly cause?: string;
}

/** What to explain. */
export interface MessageRequest {
  readonly map: string;
  readonly login: string;
  /** The envelope sender; empty for `<>`, and where it is of no interest. */
  readonly sender: string;
  readonly fields: readonly PlacedField[];
  readonly resent: ResentRule;
}

/** Asks the source itself, past the cache. Never rejects: a failure of the source is an outcome. */
export async function explainMessage(
  resolver: Resolving,
  { map, login, sender, fields, resent }: MessageRequest,
  deadlineMs: number,
): Promise<MessageExplanation> {
  const claims = claimsOf({ sender, fields });
  const unread = verdictWithoutLookup(claims);
  if (unread !== undefined || claims.kind !== "claims") return { map, login, ...told(unread), claims: [] };
  const needed = claimsToOwn(claims.claims, resent);
  const replies = await Promise.all(claims.claims.map(({ address }) => ask(resolver, address, deadlineMs)));
  const outcomes = replies.map((reply) => outcomeOf(reply, login));
  const neededOutcomes = outcomes.filter((_, index) =>
    needed.includes(claims.claims[index] as (typeof needed)[number]),
  );
  return {
    map,
    login,
    ...told(verdictOn(needed, neededOutcomes, login, claims.hasFrom)),
    claims: claims.claims.map((claim, index) => ({
      header: claim.place,
      lines: fields.filter(({ header }) => header === claim.place).map(({ line }) => line),
      address: claim.address,
      outcome: needed.includes(claim) ? (outcomes[index] as ClaimOutcome) : "not_needed",
      ...found(replies[index] as Reply),
    })),
  };
}

async function ask(resolver: Resolving, address: string, deadlineMs: number): Promise<Reply> {
  const key = foldKey(address);
  return key === undefined ? malformed : (await resolver.trace(key, deadlineMs)).reply;
}

function told(verdict: MessageVerdict | undefined): Pick<MessageExplanation, "result" | "reason" | "header" | "reply"> {
  const { result, reason, place, reply } = verdict as MessageVerdict;
  return { result, reason, ...(place !== undefined && { header: place }), ...(reply !== undefined && { reply }) };
}

function found(reply: Reply): Pick<ExplainedClaim, "owners" | "cause"> {
  const cause = "cause" in reply && reply.cause instanceof SourceError ? { cause: reply.cause.message } : {};
  return { owners: reply.kind === "ok" ? reply.owners.logins : [], ...cause };
}
