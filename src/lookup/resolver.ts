/**
 * How one source answers for a map: which asks are put to it together, and what is made of its findings.
 *
 * Knows neither SQL nor sockets. Several sources of one map are asked by chain.ts.
 */
import { type Ask, type Cells, notAsked } from "../model/keys.ts";
import { type Answer, foreign, malformed } from "../model/reply.ts";
import type { Database } from "../model/source.ts";
import { toFailure } from "./failure.ts";
import { isHostedBy } from "./hosted.ts";
import { asksFor } from "./keys.ts";
import { endsSearch, type MapRules, type Ranking, rank } from "./ranking.ts";
import type { Resolving, Trace } from "./trace.ts";

/**
 * Answers from the database. The innermost source of a map: cache and domain gate stand before it.
 *
 * Most senders are mailboxes that own their address. The address itself and its grants are therefore asked for first; only
 * if the address has no owner of its own, what could answer in its place is asked for in a second round trip.
 */
export class Resolver implements Resolving {
  readonly #database: Database;
  readonly #rules: MapRules;
  readonly #sourceOf = () => this.#database;

  constructor(database: Database, rules: MapRules) {
    this.#database = database;
    this.#rules = rules;
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const asks = this.#asksFor(key);
    if (asks.length === 0) return malformed;
    const first = firstAsks(asks);
    const found = this.#database.find(first, deadlineMs);
    return found instanceof Promise
      ? found.then((findings) => this.#decide(asks, first, findings, deadlineMs))
      : this.#decide(asks, first, found, deadlineMs);
  }

  async trace(key: string, deadlineMs: number): Promise<Trace> {
    const asks = this.#asksFor(key);
    if (asks.length === 0) return { reply: malformed, asks: [] };
    const source = this.#database.name;
    try {
      const [findings, isKnown] = await Promise.all([
        this.#findAll(asks, deadlineMs),
        isHostedBy(this.#database, key, this.#rules, deadlineMs),
      ]);
      // Rows for a domain that is not listed are shown, but they decide nothing: clients are told that nobody owns it.
      const { answer, winners } = isKnown ? this.#rank(asks, findings) : { answer: foreign, winners: [] };
      const traced = asks.map((ask, index) => {
        const cells = findings[index] as Cells[number];
        const state = cells === notAsked ? ("not_asked" as const) : ("answered" as const);
        return { source, ask, state, cells, won: winners.includes(index) };
      });
      return { reply: answer, asks: traced };
    } catch (error) {
      const failed = { source, state: "failed", cells: notAsked, won: false } as const;
      return { reply: toFailure(error), asks: asks.map((ask) => ({ ...failed, ask })) };
    }
  }

  #decide(asks: readonly Ask[], first: readonly Ask[], found: Cells, deadlineMs: number): Answer | Promise<Answer> {
    if (first.length === asks.length || this.#isDecided(found)) return this.#rank(first, found).answer;
    const rest = restOf(asks, first);
    const rankAll = (others: Cells) => this.#rank([...first, ...rest], [...found, ...others]).answer;
    const others = this.#database.find(rest, deadlineMs);
    return others instanceof Promise ? others.then(rankAll) : rankAll(others);
  }

  #isDecided([address = []]: Cells): boolean {
    return endsSearch(address, this.#database.keyForm);
  }

  #rank(asks: readonly Ask[], cells: Cells): Ranking {
    return rank(asks, cells, this.#sourceOf, this.#rules);
  }

  #asksFor(key: string): Ask[] {
    return asksFor(key, this.#database.keyForm, this.#database.roles, this.#rules);
  }

  /**
   * Asks and keeps every finding, for the explanation of a lookup. Fails where a lookup fails: what cannot be asked does not
   * matter to an address that has an owner of its own, and counts as not asked.
   */
  async #findAll(asks: readonly Ask[], deadlineMs: number): Promise<Cells> {
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
