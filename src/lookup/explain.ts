/** Why a lookup answers what it answers: every key that was asked, what it found, what is sent, and what smtpd would say. */
import { foldKey, quoteLocalpart, splitAddress, unquoteLocalpart } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import { type Ask, type Cells, notAsked, type Role } from "../model/keys.ts";
import { type OwnerList, splitOwners } from "../model/owner-list.ts";
import type { ProtocolName } from "../model/query.ts";
import { type Failure, foreign, type ListFit, malformed, type Reply } from "../model/reply.ts";
import { toFailure } from "./failure.ts";
import type { Resolver } from "./resolver.ts";
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
  /** What the client is told, over the first of `replies`. */
  readonly outcome: Outcome;
  /**
   * Why there is no answer (`temp`, `timeout`), or no owner whatever the rows say: `malformed` is no address, `foreign` is in a domain
   * that the source does not list.
   */
  readonly reason?: string;
  /** What went wrong at the source, as the log has it: it may name hosts, so it is for administrators. */
  readonly cause?: string;
  /** Everybody whom the source named, also when the list is too long to be sent. */
  readonly owners: readonly string[];
  /** Every key in the order of precedence, with what the source has for it. */
  readonly asks: readonly ExplainedAsk[];
  /** What a client is told over each protocol that serves the map. */
  readonly replies: readonly ExplainedReply[];
  /** The login that the verdicts are for; `null` stands for a client that is not logged in. */
  readonly login?: string | null;
  /** What smtpd says after the first of `replies`. */
  readonly verdicts?: readonly Verdict[];
}

/** What a client is told, in the words of the label `result` of `loginmapd_lookups_total`. */
export type Outcome = "ok" | "notfound" | "temp" | "timeout";

/** One key of a lookup. */
export interface ExplainedAsk {
  readonly role: Role;
  /** The key that the role stands for: `@domain` for `domain`, else an address or a bare localpart. */
  readonly key: string;
  /**
   * `answered`: the source said who owns it, which may be nobody. `not_asked`: no query takes such a key, or an earlier key
   * ended the search. `failed`: the source gave no answer, so nothing is known.
   */
  readonly state: "answered" | "not_asked" | "failed";
  readonly owners: readonly string[];
  /** Whether its owners are in the answer. */
  readonly won: boolean;
}

/** What a client is told over one protocol. */
export interface ExplainedReply {
  readonly protocol: ProtocolName;
  readonly result: Outcome;
  /** Why there is no answer over this protocol. */
  readonly reason?: string;
  /** Length of the owner list in the protocol's spelling; there only when the source named owners. */
  readonly listBytes?: number;
  /** The longest list that Postfix reads over this protocol. */
  readonly maxListBytes?: number;
  /** Only where they differ from the explanation's own. */
  readonly verdicts?: readonly Verdict[];
}

/** A protocol that serves the map, and how long a list it carries; protocol/ knows, the wiring passes it in. */
export interface Carrier {
  readonly name: ProtocolName;
  readonly measure: (owners: OwnerList) => ListFit;
}

/** What to explain. */
export interface ExplainRequest {
  readonly map: string;
  readonly source: string;
  readonly address: string;
  /** `undefined`: no verdicts are wanted; `null`: those for a client that is not logged in. */
  readonly login?: string | null | undefined;
  /** The protocols by which clients reach the map; verdicts are those of the first. */
  readonly carriers: readonly [Carrier, ...Carrier[]];
}

/**
 * Asks the source itself, past cache and domain gate, and keeps every finding. Never rejects: a failure of the source is an
 * outcome.
 */
export async function explain(resolver: Resolver, request: ExplainRequest, deadlineMs: number): Promise<Explanation> {
  const { map, source, address, login } = request;
  const key = foldKey(externalForm(address));
  const asks = key === undefined ? [] : resolver.asksFor(key);
  const told = await ask(resolver, key ?? "", asks, deadlineMs);
  const [first, ...others] = request.carriers;
  const sent = send(told.reply, first);
  const verdictsOf = (reply: Reply) => verdictsFor(reply, address, login ?? undefined);
  return {
    map,
    source,
    address,
    key: key ?? null,
    outcome: sent.told.result,
    ...reasonOf(sent),
    ...causeOf(told.reply),
    owners: told.reply.kind === "ok" ? told.reply.owners.logins : [],
    asks: asks.map((one, index) => explainAsk(one, told, index)),
    replies: [
      sent.told,
      ...others.map((carrier) => {
        const other = send(told.reply, carrier);
        const differs = login !== undefined && other.told.result !== sent.told.result;
        return differs ? { ...other.told, verdicts: verdictsOf(other.reply) } : other.told;
      }),
    ],
    ...(login === undefined ? {} : { login, verdicts: verdictsOf(sent.reply) }),
  };
}

/** What the source said. */
interface Told {
  readonly reply: Reply;
  /** `undefined`: it said nothing. */
  readonly findings: Cells | undefined;
  readonly winners: readonly number[];
}

async function ask(resolver: Resolver, key: string, asks: readonly Ask[], deadlineMs: number): Promise<Told> {
  if (asks.length === 0) return { reply: malformed, findings: [], winners: [] };
  try {
    const [findings, isHosted] = await Promise.all([
      resolver.find(asks, deadlineMs),
      resolver.isHosted(key, deadlineMs),
    ]);
    // Rows for a domain that is not listed are shown, but they decide nothing: clients are told that nobody owns it.
    if (!isHosted) return { reply: foreign, findings, winners: [] };
    const { answer, winners } = resolver.rank(asks, findings);
    return { reply: answer, findings, winners };
  } catch (error) {
    return { reply: toFailure(error), findings: undefined, winners: [] };
  }
}

function explainAsk({ role, key }: Ask, { findings, winners }: Told, index: number): ExplainedAsk {
  const cells = findings === undefined ? [] : (findings[index] as Cells[number]);
  return {
    role,
    // Queries of this role may bind the whole address, but what they are asked is who owns the domain.
    key: role === "domain" ? `@${key.domain}` : key.email,
    state: findings === undefined ? "failed" : cells === notAsked ? "not_asked" : "answered",
    owners: cells.flatMap(splitOwners),
    won: winners.includes(index),
  };
}

/** What a client is told, for the document and for the verdicts. */
interface Sent {
  readonly told: ExplainedReply;
  readonly reply: Reply;
}

/** What becomes of a reply on its way through a protocol. */
function send(reply: Reply, { name: protocol, measure }: Carrier): Sent {
  switch (reply.kind) {
    case "ok": {
      const { failure, ...bytes } = measure(reply.owners);
      if (failure === undefined) return { told: { protocol, result: "ok", ...bytes }, reply };
      return { told: { protocol, ...failureOf(failure), ...bytes }, reply: failure };
    }
    case "notFound":
      return { told: { protocol, result: "notfound" }, reply };
    default:
      return { told: { protocol, ...failureOf(reply) }, reply };
  }
}

function failureOf({ kind, reason }: Failure): Pick<ExplainedReply, "reason"> & { readonly result: Outcome } {
  return { result: kind === "timeout" ? "timeout" : "temp", reason };
}

function reasonOf({ told: { reason }, reply }: Sent): Pick<Explanation, "reason"> {
  if (reply.kind === "notFound" && reply.because !== "absent") return { reason: reply.because };
  return reason === undefined ? {} : { reason };
}

/** Only of errors that loginmapd expects: their messages hold no key, no parameter and no secret (model/errors.ts). */
function causeOf(reply: Reply): Pick<Explanation, "cause"> {
  return "cause" in reply && reply.cause instanceof SourceError ? { cause: reply.cause.message } : {};
}

/** Writes an address as smtpd asks for it first: the localpart in quotes when it needs them (mail_addr_find.c). */
function externalForm(address: string): string {
  const { localpart, domain } = splitAddress(address);
  if (localpart === "" || domain === "") return address;
  return `${quoteLocalpart(unquoteLocalpart(localpart))}@${domain}`;
}
