/** Why a lookup answers what it answers: every key that was asked, what it found, and what smtpd would say. */
import { foldKey, quoteLocalpart, splitAddress, unquoteLocalpart } from "../model/address.ts";
import type { Role } from "../model/keys.ts";
import { splitOwners } from "../model/owner-list.ts";
import { malformed, type Reply } from "../model/reply.ts";
import { toFailure } from "./failure.ts";
import { type Resolver, rank } from "./resolver.ts";
import { type Verdict, verdictsFor } from "./verdict.ts";

/** The document of `loginmapd lookup --json` and of `GET /v1/lookup`. */
export interface Explanation {
  readonly map: string;
  /** The source that was asked. */
  readonly source: string;
  /** The address as given. */
  readonly address: string;
  /** The folded key that smtpd's query comes down to; `null` when the address is malformed. */
  readonly key: string | null;
  readonly outcome: "ok" | "notfound" | "temp" | "timeout";
  /** Why there is no answer (`temp`, `timeout`), or no need to ask (`malformed`, `foreign`). */
  readonly reason?: string;
  readonly owners: readonly string[];
  /** Every key in the order of precedence, with what the source has for it. */
  readonly asks: readonly ExplainedAsk[];
  /** The login that the verdicts are for; `null` stands for a client that is not logged in. */
  readonly login?: string | null;
  readonly verdicts?: readonly Verdict[];
}

/** One key of a lookup. */
export interface ExplainedAsk {
  readonly role: Role;
  readonly key: string;
  readonly owners: readonly string[];
  /** Whether its owners are in the answer. */
  readonly won: boolean;
}

/** What to explain. */
export interface ExplainRequest {
  readonly map: string;
  readonly source: string;
  readonly address: string;
  /** `undefined`: no verdicts are wanted; `null`: those for a client that is not logged in. */
  readonly login?: string | null | undefined;
}

/**
 * Asks the source itself, past cache and domain gate, and keeps every finding. Never rejects: a failure of the source is an
 * outcome.
 */
export async function explain(resolver: Resolver, request: ExplainRequest, deadlineMs: number): Promise<Explanation> {
  const { map, source, address, login } = request;
  const key = foldKey(externalForm(address));
  const asks = key === undefined ? [] : resolver.asksFor(key);
  const told = await ask();
  return {
    map,
    source,
    address,
    key: key ?? null,
    ...told.outcome,
    owners: told.reply.kind === "ok" ? told.reply.owners.logins : [],
    asks: asks.map(({ role, key: asked }, index) => ({
      role,
      key: asked.email,
      owners: (told.findings[index] ?? []).flatMap(splitOwners),
      won: told.winners.includes(index),
    })),
    ...(login === undefined ? {} : { login, verdicts: verdictsFor(told.reply, address, login ?? undefined) }),
  };

  async function ask(): Promise<Told> {
    if (asks.length === 0) {
      return { reply: malformed, findings: [], winners: [], outcome: { outcome: "notfound", reason: "malformed" } };
    }
    try {
      const findings = await resolver.find(asks, deadlineMs);
      const { answer, winners } = rank(asks, findings);
      return { reply: answer, findings, winners, outcome: { outcome: answer.kind === "ok" ? "ok" : "notfound" } };
    } catch (error) {
      const failure = toFailure(error);
      const outcome = failure.kind === "timeout" ? "timeout" : "temp";
      return { reply: failure, findings: [], winners: [], outcome: { outcome, reason: failure.reason } };
    }
  }
}

interface Told {
  readonly reply: Reply;
  readonly findings: readonly (readonly string[])[];
  readonly winners: readonly number[];
  readonly outcome: Pick<Explanation, "outcome" | "reason">;
}

/** Writes an address as smtpd asks for it first: the localpart in quotes when it needs them (mail_addr_find.c). */
function externalForm(address: string): string {
  const { localpart, domain } = splitAddress(address);
  if (localpart === "" || domain === "") return address;
  return `${quoteLocalpart(unquoteLocalpart(localpart))}@${domain}`;
}
