/** One message on its way through the milter: what it claims, the lookups, the verdict. */

import { lookupTimedOut, unknownMap } from "../lookup/failure.ts";
import type { ReadField } from "../lookup/field-reader.ts";
import { claimsOf, type HeaderField, maxClaims, maxFieldChars } from "../lookup/header-claims.ts";
import type { LookupMap, MapRegistry } from "../lookup/map-registry.ts";
import {
  type ClaimOutcome,
  claimsToOwn,
  outcomeOf,
  verdictOn,
  verdictWithoutLookup,
} from "../lookup/message-verdict.ts";
import type { Clock } from "../model/clock.ts";
import type { Log } from "../model/log.ts";
import type { Claim, ClaimingHeader, MessageVerdict, MilterAction, ResentRule } from "../model/message.ts";
import type { Reply } from "../model/reply.ts";
import type { Debt, Peer } from "../model/service.ts";
import { acceptReply, formatReplyCode } from "../protocol/milter.ts";
import { logFailure } from "./lookup-log.ts";
import type { Note } from "./milter-log.ts";

/** What messages need of their listener. */
export interface MessageParts {
  readonly maps: MapRegistry;
  /** The listener's settings in force: a reload may change them. */
  readonly settings: () => {
    readonly map: string | undefined;
    readonly action: MilterAction;
    readonly resent: ResentRule;
  };
  readonly limits: () => { readonly lookupTimeoutMs: number };
  readonly clock: Clock;
  readonly log: Log;
  readonly note: Note;
  readonly readField: ReadField;
}

/** A message of somebody who is logged in. Holds at most `maxFieldChars` and one field more of its header. */
export class Message {
  readonly #login: string;
  readonly #sender: string;
  readonly #peer: Peer;
  readonly #parts: MessageParts;
  readonly #fields: HeaderField[] = [];
  #chars = 0;
  #debt: Debt | undefined;
  #said: string | undefined;

  /** @param sender the envelope sender; empty for `<>` */
  constructor(login: string, sender: string, peer: Peer, parts: MessageParts) {
    this.#login = login;
    this.#sender = sender;
    this.#peer = peer;
    this.#parts = parts;
  }

  /** The verdict as the mail server was told it; `undefined` before. */
  get said(): string | undefined {
    return this.#said;
  }

  /** Whether the mail server waits for the verdict. */
  get isOwed(): boolean {
    return this.#debt?.isOpen === true;
  }

  /** Keeps a header field; not when there is more already than can be read, which `claimsOf` refuses. */
  note(header: ClaimingHeader, value: string): void {
    if (this.#chars > maxFieldChars || this.#fields.length > maxClaims) return;
    this.#chars += value.length;
    this.#fields.push({ header, value });
  }

  /** Nobody waits for the verdict any more. */
  abandon(): void {
    this.#debt?.settle("");
    this.#debt = undefined;
  }

  /**
   * Says the verdict: at once when memory answers every lookup, else when the last one is answered, or at the deadline of them all.
   *
   * @returns whether another packet may be taken now
   */
  decide(queueId: string | undefined): boolean {
    const claims = claimsOf({ sender: this.#sender, fields: this.#fields.splice(0) }, this.#parts.readField);
    const verdict = verdictWithoutLookup(claims);
    if (verdict !== undefined) return this.#peer.reply(this.#conclude(verdict, queueId));
    const { hasFrom, claims: all } = claims as Extract<typeof claims, { kind: "claims" }>;
    const claimed = claimsToOwn(all, this.#parts.settings().resent);
    const deadlineMs = this.#parts.clock.nowMs() + this.#parts.limits().lookupTimeoutMs;
    const outcomes: ClaimOutcome[] = claimed.map(() => "lookup_failed");
    const judge = () => this.#conclude(verdictOn(claimed, outcomes, this.#login, hasFrom), queueId);
    const late = this.#lookUp(claimed, outcomes, deadlineMs);
    if (late.length === 0) return this.#peer.reply(judge());
    const debt = this.#peer.owe(deadlineMs, () => {
      logFailure(this.#parts.log, this.#peer.id, this.#parts.settings().map, lookupTimedOut);
      debt.settle(judge());
    });
    this.#debt = debt;
    // LookupMap.lookup never rejects. Whoever settled before, by the deadline or by leaving, had the last word.
    void Promise.all(late).then(() => {
      if (debt.isOpen) debt.settle(judge());
    });
    return this.#peer.isReading;
  }

  /** Asks for every claim at once. @returns those that are not answered yet; their outcomes fill in as they come */
  #lookUp(claims: readonly Claim[], outcomes: ClaimOutcome[], deadlineMs: number): Promise<void>[] {
    const name = this.#parts.settings().map;
    const map = name === undefined ? undefined : this.#parts.maps.find(name);
    const late: Promise<void>[] = [];
    const seen = new Map<string, Reply | Promise<Reply>>();
    for (const [index, { address }] of claims.entries()) {
      const reply = seen.get(address) ?? lookUp(map, address, deadlineMs);
      seen.set(address, reply);
      const take = (settled: Reply): void => {
        outcomes[index] = outcomeOf(settled, this.#login);
        if ("reason" in settled) logFailure(this.#parts.log, this.#peer.id, name, settled);
      };
      if (reply instanceof Promise) late.push(reply.then(take));
      else take(reply);
    }
    return late;
  }

  #conclude(verdict: MessageVerdict, queueId: string | undefined): string {
    this.#parts.note(verdict, { login: this.#login, queueId });
    const isRefused = verdict.reply !== undefined && this.#parts.settings().action === "reject";
    this.#said = isRefused ? formatReplyCode(verdict.reply as string) : acceptReply;
    return this.#said;
  }
}

function lookUp(map: LookupMap | undefined, address: string, deadlineMs: number): Reply | Promise<Reply> {
  return map === undefined ? unknownMap : map.lookup(address, deadlineMs);
}
