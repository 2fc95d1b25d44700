/**
 * How the roles of one lookup combine: asks one database, ranks what it found.
 *
 * Knows neither SQL nor sockets. The first address with owners wins; the domain answers only when no address did; grants
 * are merged into whichever answered, so that neither a catch-all nor a grant hides the owner of a tagged address.
 */
import { splitAddress } from "../model/address.ts";
import { type Ask, type Cells, type KeyForm, notAsked, type Role } from "../model/keys.ts";
import { holdsOwner, OwnerList, toOwnerList } from "../model/owner-list.ts";
import { type Answer, absent, Found, malformed } from "../model/reply.ts";
import type { Database, OwnerSource } from "../model/source.ts";
import { asksFor, type KeyRules } from "./keys.ts";

/** What the asks of a lookup found, and which of them decided. */
export interface Ranking {
  readonly answer: Answer;
  /** Indexes of the asks whose cells are in the answer. */
  readonly winners: readonly number[];
}

/**
 * Whether cells end the search: to Postfix any does, even one that holds no login; by role only one that names an owner.
 */
export function endsSearch(cells: Cells[number], form: KeyForm): boolean {
  return form === "postfix" ? cells.length > 0 : holdsOwner(cells);
}

/** Ranks findings into an answer; pure. `findings[i]` belongs to `asks[i]`. */
export function rank(asks: readonly Ask[], findings: Cells, form: KeyForm): Ranking {
  const firstOf = (role: Role) =>
    asks.findIndex((ask, index) => ask.role === role && endsSearch(findings[index] ?? [], form));
  const address = firstOf("address");
  const base = address === -1 ? firstOf("domain") : address;
  const winners = base === -1 ? [] : [base];
  for (let index = 0; index < asks.length; index++) {
    if (asks[index]?.role === "grant" && holdsOwner(findings[index] ?? [])) winners.push(index);
  }
  if (winners.length === 0) return { answer: absent, winners };
  // A cell of a table of Postfix may hold separators only: the address is known, and nobody may send as it.
  const owners = toOwnerList(winners.flatMap((index) => findings[index] as readonly string[])) ?? new OwnerList([]);
  const isDerived = base === -1 || (asks[base] as Ask).derived;
  return { answer: new Found(owners, isDerived), winners };
}

/**
 * Answers from the database. The innermost source of a map: cache and domain gate stand before it.
 *
 * Most senders are mailboxes that own their address. The address itself and its grants are therefore asked for first; only
 * if the address has no owner of its own, what could answer in its place is asked for in a second round trip.
 */
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
    const first = firstAsks(asks);
    const found = this.#database.find(first, deadlineMs);
    return found instanceof Promise
      ? found.then((findings) => this.#decide(asks, first, findings, deadlineMs))
      : this.#decide(asks, first, found, deadlineMs);
  }

  #isDecided([address = []]: Cells): boolean {
    return endsSearch(address, this.#database.keyForm);
  }

  #decide(asks: readonly Ask[], first: readonly Ask[], found: Cells, deadlineMs: number): Answer | Promise<Answer> {
    if (first.length === asks.length || this.#isDecided(found)) return this.rank(first, found).answer;
    const rest = restOf(asks, first);
    const rankAll = (others: Cells) => this.rank([...first, ...rest], [...found, ...others]).answer;
    const others = this.#database.find(rest, deadlineMs);
    return others instanceof Promise ? others.then(rankAll) : rankAll(others);
  }

  /** Ranks what was found, by the rules of the source. */
  rank(asks: readonly Ask[], findings: Cells): Ranking {
    return rank(asks, findings, this.#database.keyForm);
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

  /**
   * Asks and keeps every finding, for the explanation of a lookup. Fails where a lookup fails: what cannot be asked does not
   * matter to an address that has an owner of its own, and counts as not asked.
   */
  async find(asks: readonly Ask[], deadlineMs: number): Promise<Cells> {
    if (asks.length === 0) return [];
    const first = firstAsks(asks);
    const found = await this.#database.find(first, deadlineMs);
    const isDecided = this.#isDecided(found);
    // Postfix does not go on.
    const rest = isDecided && this.#database.keyForm === "postfix" ? [] : restOf(asks, first);
    let others: Cells = [];
    try {
      if (rest.length > 0) others = await this.#database.find(rest, deadlineMs);
    } catch (error) {
      if (!isDecided) throw error;
    }
    return asks.map((ask) => found[first.indexOf(ask)] ?? others[rest.indexOf(ask)] ?? notAsked);
  }
}

/** The asks whose answers count whatever else is found: the address itself, then its grants. All of them if there is no address. */
function firstAsks(asks: readonly Ask[]): readonly Ask[] {
  return asks[0]?.role === "address" ? asks.filter(({ role }, index) => index === 0 || role === "grant") : asks;
}

function restOf(asks: readonly Ask[], first: readonly Ask[]): readonly Ask[] {
  return asks.filter((ask) => !first.includes(ask));
}
