/** Judges what logins sent as, by the map of now: each sender is asked for once, whoever used it. */
import { type Allowance, allowanceFor } from "../audit/allowance.ts";
import type { Pair } from "../audit/pairs.ts";
import { type Explanation, explain } from "../lookup/explain.ts";
import { foldCase } from "../model/fold-case.ts";
import { isOwner, OwnerList } from "../model/owner-list.ts";
import { protocolsOf } from "../protocol/map-protocols.ts";
import type { OpenMap } from "./open-map.ts";
import type { Progress } from "./terminal.ts";

/** A source gave no answer, so that nobody can be judged. */
export class SourceSilent extends Error {}

/** A login and a sender that `reject_authenticated_sender_login_mismatch` refuses. */
export interface Refusal {
  readonly pair: Pair;
  /** A clause: `nobody owns it`, `owned by a, b`. */
  readonly reason: string;
  readonly owners: readonly string[];
  readonly allow: Allowance | undefined;
}

/** What came of it. */
export interface Judgement {
  /** Most messages first. */
  readonly refusals: readonly Refusal[];
  /** Nobody owns what the log has, and Postfix has written `?` for what it could not write: the sender may have been owned. */
  readonly unclear: readonly Pair[];
}

// More than a pool has connections, so that none of them waits.
const askedAtOnce = 64;

/**
 * Asks for every sender, and judges every pair.
 *
 * @throws {SourceSilent} at the first sender for which the source gives no answer
 */
export async function judgePairs(pairs: readonly Pair[], open: OpenMap, progress: Progress): Promise<Judgement> {
  const bySender = groupBySender(pairs);
  const senders = [...bySender.values()];
  const refusals: Refusal[] = [];
  const unclear: Pair[] = [];
  for (let i = 0; i < senders.length; i += askedAtOnce) {
    progress.show(`asking for senders: ${i}/${senders.length}`);
    await Promise.all(
      senders.slice(i, i + askedAtOnce).map(async (users) => {
        const explanation = await ask(users[0]?.sender ?? "", open);
        for (const pair of users) {
          if (isAllowed(explanation, pair)) continue;
          if (explanation.owners.length === 0 && pair.sender.includes("?")) unclear.push(pair);
          else refusals.push(refusalOf(explanation, pair, open));
        }
      }),
    );
  }
  const weightOf = ({ pair }: Refusal) => pair.sent + pair.refused;
  return { refusals: refusals.toSorted((a, b) => weightOf(b) - weightOf(a) || b.pair.lastMs - a.pair.lastMs), unclear };
}

function groupBySender(pairs: readonly Pair[]): Map<string, Pair[]> {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const key = foldCase(pair.sender);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pair]);
    else group.push(pair);
  }
  return groups;
}

async function ask(address: string, { name, map, settings, resolver, deadlineMs }: OpenMap): Promise<Explanation> {
  const carriers = protocolsOf(name, settings.listeners);
  const request = { map: name, sources: map.sources, combine: map.combine, address, carriers };
  const explanation = await explain(resolver, request, deadlineMs());
  // A list that is too long for the protocol is an answer, and one that Postfix does not get.
  const isSilent = explanation.asks.some(({ state }) => state === "failed");
  if (isSilent) {
    const why = explanation.cause ?? explanation.reason ?? explanation.outcome;
    throw new SourceSilent(`${map.sources.join(", ")}: no answer, so nobody can be judged: ${why}`);
  }
  return explanation;
}

function isAllowed({ outcome, owners }: Explanation, { login }: Pair): boolean {
  return outcome === "ok" && isOwner(new OwnerList([...owners]), login);
}

function refusalOf(explanation: Explanation, pair: Pair, { map, settings }: OpenMap): Refusal {
  const { owners } = explanation;
  const presets = map.sources.flatMap((name) => {
    const queries = settings.sources[name]?.queries;
    return queries?.kind === "preset" ? queries.preset : [];
  });
  const allow = allowanceFor({ login: pair.login, address: pair.sender, owners, presets });
  return { pair, reason: reasonOf(explanation), owners, allow };
}

function reasonOf({ outcome, reason, owners }: Explanation): string {
  if (outcome === "ok") return `owned by ${owners.join(", ")}`;
  if (outcome !== "notfound") return `${reason ?? outcome}: every sender is told 451`;
  if (reason === "foreign") return "nobody owns it: the source has no such domain";
  return reason === "malformed" ? "nobody owns it: it is no address" : "nobody owns it";
}
