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

/** What a search is for. */
interface Purpose<T> {
  /** Whether what decides nothing any more is asked too, to be shown; it may fail, and counts as not asked then. */
  readonly wantsAll: boolean;
  /** Makes what is wanted of the asks that were made and their findings, index by index. */
  readonly conclude: (asks: readonly Ask[], cells: Cells) => T;
}

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
  readonly #toAnswer: Purpose<Answer> = {
    wantsAll: false,
    conclude: (asks, cells) => this.#rank(asks, cells).answer,
  };

  constructor(database: Database, rules: MapRules) {
    this.#database = database;
    this.#rules = rules;
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const asks = this.#asksFor(key);
    return asks.length === 0 ? malformed : this.#search(asks, deadlineMs, this.#toAnswer);
  }

  async trace(key: string, deadlineMs: number): Promise<Trace> {
    const asks = this.#asksFor(key);
    if (asks.length === 0) return { reply: malformed, asks: [] };
    const source = this.#database.name;
    try {
      const [findings, isKnown] = await Promise.all([
        this.#search(asks, deadlineMs, { wantsAll: true, conclude: (asked, cells) => inOrderOf(asks, asked, cells) }),
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

  /** Asks first for what counts whatever else is found, then for the rest unless the address is decided. */
  #search<T>(asks: readonly Ask[], deadlineMs: number, purpose: Purpose<T>): T | Promise<T> {
    const first = firstAsks(asks);
    const found = this.#database.find(first, deadlineMs);
    return found instanceof Promise
      ? found.then((cells) => this.#goOn(asks, first, cells, deadlineMs, purpose))
      : this.#goOn(asks, first, found, deadlineMs, purpose);
  }

  #goOn<T>(
    asks: readonly Ask[],
    first: readonly Ask[],
    found: Cells,
    deadlineMs: number,
    { wantsAll, conclude }: Purpose<T>,
  ): T | Promise<T> {
    if (first.length === asks.length) return conclude(first, found);
    const { keyForm } = this.#database;
    const isDecided = endsSearch(found[0] as Cells[number], keyForm);
    // Postfix does not go on, so there is no more to show.
    if (isDecided && !(wantsAll && keyForm === "roles")) return conclude(first, found);
    const rest = restOf(asks, first);
    const concludeAll = (others: Cells) => conclude([...first, ...rest], [...found, ...others]);
    const others = isDecided ? this.#findIfAble(rest, deadlineMs) : this.#database.find(rest, deadlineMs);
    return others instanceof Promise ? others.then(concludeAll) : concludeAll(others);
  }

  /** Asks for what is only shown: a lookup, which does not ask for it, does not fail by it either. */
  async #findIfAble(asks: readonly Ask[], deadlineMs: number): Promise<Cells> {
    try {
      return await this.#database.find(asks, deadlineMs);
    } catch {
      return asks.map(() => notAsked);
    }
  }

  #rank(asks: readonly Ask[], cells: Cells): Ranking {
    return rank(asks, cells, this.#sourceOf, this.#rules);
  }

  #asksFor(key: string): Ask[] {
    return asksFor(key, this.#database.keyForm, this.#database.roles, this.#rules);
  }
}

/** The asks whose answers count whatever else is found: the address itself, then its grants. All of them if there is no address. */
function firstAsks(asks: readonly Ask[]): readonly Ask[] {
  return asks[0]?.role === "address" ? asks.filter(({ role }, index) => index === 0 || role === "grant") : asks;
}

function restOf(asks: readonly Ask[], first: readonly Ask[]): readonly Ask[] {
  return asks.filter((ask) => !first.includes(ask));
}

/** The findings of all asks: those that were made, at the index of each, and `notAsked` for the others. */
function inOrderOf(asks: readonly Ask[], asked: readonly Ask[], cells: Cells): Cells {
  return asks.map((ask) => cells[asked.indexOf(ask)] ?? notAsked);
}
