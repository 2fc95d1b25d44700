/**
 * How the roles of one lookup combine: asks one database, ranks what it found.
 *
 * Knows neither SQL nor sockets. The first address with owners wins; the domain answers only when no address did; grants
 * are merged into whichever answered, so that neither a catch-all nor a grant hides the owner of a tagged address.
 */
import { splitAddress } from "../model/address.ts";
import type { Ask, Findings } from "../model/keys.ts";
import { toOwnerList } from "../model/owner-list.ts";
import { type Answer, absent, Found, malformed } from "../model/reply.ts";
import type { Database, OwnerSource } from "../model/source.ts";
import { asksFor, type KeyRules } from "./keys.ts";

/** What the asks of a lookup found, and which of them decided. */
export interface Ranking {
  readonly answer: Answer;
  /** Indexes of the asks whose cells are in the answer. */
  readonly winners: readonly number[];
}

/** Ranks findings into an answer; pure. `findings[i]` belongs to `asks[i]`. */
export function rank(asks: readonly Ask[], findings: Findings): Ranking {
  const hasOwners = (index: number) => toOwnerList(findings[index] ?? []) !== undefined;
  const firstOf = (role: Ask["role"]) => asks.findIndex((ask, index) => ask.role === role && hasOwners(index));
  const winners: number[] = [];
  const address = firstOf("address");
  const base = address === -1 ? firstOf("domain") : address;
  if (base !== -1) winners.push(base);
  asks.forEach((ask, index) => {
    if (ask.role === "grant" && hasOwners(index)) winners.push(index);
  });
  const owners = toOwnerList(winners.flatMap((index) => findings[index] as readonly string[]));
  if (owners === undefined) return { answer: absent, winners: [] };
  const isDerived = base === -1 || (asks[base] as Ask).derived;
  return { answer: new Found(owners, isDerived), winners };
}

/** Answers from the database, in one round trip. The innermost source of a map: cache and domain gate stand before it. */
export class Resolver implements OwnerSource {
  readonly #database: Database;
  readonly #rules: KeyRules;

  constructor(database: Database, rules: KeyRules) {
    this.#database = database;
    this.#rules = rules;
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const asks = this.asksFor(key);
    if (asks.length === 0) return malformed;
    const findings = this.#database.find(asks, deadlineMs);
    return findings instanceof Promise
      ? findings.then((found) => rank(asks, found).answer)
      : rank(asks, findings).answer;
  }

  /** Makes the asks of a lookup without asking them, for the explanation of one. */
  asksFor(key: string): Ask[] {
    return asksFor(key, this.#database.keyForm, this.#database.roles, this.#rules);
  }

  /**
   * Tells whether the source lists the domain of a key, for the explanation of a lookup: the domain gate, which clients pass
   * first, refuses what it does not list (cache/domain-gate.ts). A list that cannot be read refuses nothing.
   */
  async isHosted(key: string, deadlineMs: number): Promise<boolean> {
    const { domain } = splitAddress(key);
    if (domain === "" || this.#rules.localDomains.has(domain)) return true;
    const domains = await this.#database.hostedDomains(deadlineMs).catch(() => undefined);
    return domains === undefined || domains.has(domain);
  }

  /** Asks and keeps every finding, for the explanation of a lookup. */
  async find(asks: readonly Ask[], deadlineMs: number): Promise<Findings> {
    return asks.length === 0 ? [] : this.#database.find(asks, deadlineMs);
  }
}
