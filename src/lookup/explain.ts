/** Why a lookup answers what it answers: every key that was asked, what it found, what is sent, and what smtpd would say. */
import { foldKey, quoteLocalpart, splitAddress, unquoteLocalpart } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import type { Role } from "../model/keys.ts";
import { type OwnerList, splitOwners } from "../model/owner-list.ts";
import type { ProtocolName } from "../model/query.ts";
import { type Failure, type ListFit, malformed, type Reply } from "../model/reply.ts";
import type { Resolving, TracedAsk } from "./trace.ts";
import { type Verdict, verdictsFor } from "./verdict.ts";

/** The document of `loginmapd lookup --json` and of `GET /v1/lookup`. */
export interface Explanation {
  readonly map: string;
  /** The source that was asked; several are joined with `, `. */
  readonly source: string;
  /** Only when there are several: their names in the order in which they are asked, and how they are combined. */
  readonly sources?: readonly string[];
  readonly combine?: "first" | "union";
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
  /** The source that was asked; only when there are several. */
  readonly source?: string;
  readonly role: Role;
  /** The key that the role stands for: `@domain` for `domain`, else an address or a bare localpart. */
  readonly key: string;
  readonly state: TracedAsk["state"];
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
  /** The sources of the map, in the order in which they are asked. */
  readonly sources: readonly string[];
  readonly combine: "first" | "union";
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
export async function explain(resolver: Resolving, request: ExplainRequest, deadlineMs: number): Promise<Explanation> {
  const { map, sources, combine, address, login } = request;
  const isOne = sources.length === 1;
  const key = foldKey(externalForm(address));
  const trace = key === undefined ? { reply: malformed, asks: [] } : await resolver.trace(key, deadlineMs);
  const [first, ...others] = request.carriers;
  const carried = carry(trace.reply, first);
  const verdictsOf = (reply: Reply) => verdictsFor(reply, address, login ?? undefined);
  return {
    map,
    source: sources.join(", "),
    ...(isOne ? {} : { sources, combine }),
    address,
    key: key ?? null,
    outcome: carried.told.result,
    ...reasonOf(carried),
    ...causeOf(trace.reply),
    owners: trace.reply.kind === "ok" ? trace.reply.owners.logins : [],
    asks: trace.asks.map((traced) => ({ ...(isOne ? {} : { source: traced.source }), ...explainAsk(traced) })),
    replies: [
      carried.told,
      ...others.map((carrier) => {
        const other = carry(trace.reply, carrier);
        const differs = login !== undefined && other.told.result !== carried.told.result;
        return differs ? { ...other.told, verdicts: verdictsOf(other.reply) } : other.told;
      }),
    ],
    ...(login === undefined ? {} : { login, verdicts: verdictsOf(carried.reply) }),
  };
}

function explainAsk({ ask: { role, key }, state, cells, won }: TracedAsk): Omit<ExplainedAsk, "source"> {
  // Queries of this role may bind the whole address, but what they are asked is who owns the domain.
  const asked = role === "domain" ? `@${key.domain}` : key.email;
  return { role, key: asked, state, owners: cells.flatMap(splitOwners), won };
}

/** What a client is told, for the document and for the verdicts. */
interface Carried {
  readonly told: ExplainedReply;
  readonly reply: Reply;
}

/** What becomes of a reply on its way through a protocol. */
function carry(reply: Reply, { name: protocol, measure }: Carrier): Carried {
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

function reasonOf({ told: { reason }, reply }: Carried): Pick<Explanation, "reason"> {
  if (reply.kind === "notFound" && reply.because !== "absent") return { reason: reply.because };
  return reason === undefined ? {} : { reason };
}

/** Only of errors that loginmapd expects: their messages hold no key, no parameter and no secret (model/errors.ts). */
function causeOf(reply: Reply): Pick<Explanation, "cause"> {
  if (!("cause" in reply) || !(reply.cause instanceof SourceError)) return {};
  const { message, source } = reply.cause;
  return { cause: source === undefined ? message : `${source}: ${message}` };
}

/** Writes an address as smtpd asks for it first: the localpart in quotes when it needs them (mail_addr_find.c). */
function externalForm(address: string): string {
  const { localpart, domain } = splitAddress(address);
  if (localpart === "" || domain === "") return address;
  return `${quoteLocalpart(unquoteLocalpart(localpart))}@${domain}`;
}
