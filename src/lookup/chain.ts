/**
 * Several sources behind one map, asked in turn or joined (`combine`).
 *
 * Each keeps the domain gate of its own: what one source does not host, another may.
 */
import { blame, SourceError } from "../model/errors.ts";
import { notAsked } from "../model/keys.ts";
import { type Answer, absent, Found, foreign, foreignByStaleList, malformed, type Nobody } from "../model/reply.ts";
import type { Database, Doorkeeper, OwnerSource } from "../model/source.ts";
import { toFailure } from "./failure.ts";
import { isHostedBy } from "./hosted.ts";
import { type MapRules, toOwners } from "./ranking.ts";
import type { Resolving, Trace, TracedAsk } from "./trace.ts";
import { type SourceTurn, Turns } from "./turns.ts";

/** One source of a chain, and who refuses the addresses of domains that it does not host. */
interface Link {
  readonly database: Database;
  readonly gate: Doorkeeper;
}

/** For each source why it is not asked, if it is not. */
type Refusals = readonly (Nobody | undefined)[];

/** Asks every source for a key before it asks for the next key: `combine: first`. */
export class Chain implements Resolving {
  readonly #links: readonly Link[];
  readonly #rules: MapRules;

  /** @param links in the order in which they are asked */
  constructor(links: readonly Link[], rules: MapRules) {
    this.#links = links;
    this.#rules = rules;
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const refusals = this.#links.map(({ gate }) => gate.refuses(key));
    return areKnown(refusals)
      ? this.#among(key, refusals, deadlineMs)
      : Promise.all(refusals).then((known) => this.#among(key, known, deadlineMs));
  }

  async trace(key: string, deadlineMs: number): Promise<Trace> {
    const hosting = await Promise.all(
      this.#links.map(({ database }) => isHostedBy(database, key, this.#rules, deadlineMs)),
    );
    const databases = this.#links.filter((_, i) => hosting[i]).map(({ database }) => database);
    const turns = new Turns(key, databases, this.#rules);
    if (turns.turns.length === 0) return { reply: databases.length === 0 ? foreign : malformed, asks: [] };
    try {
      const { answer, winners } = await turns.run(deadlineMs);
      return { reply: answer, asks: turns.turns.map((turn, i) => traced(turn, winners.includes(i))) };
    } catch (error) {
      return { reply: toFailure(error), asks: turns.turns.map((turn) => traced(turn, false)) };
    }
  }

  #among(key: string, refusals: Refusals, deadlineMs: number): Answer | Promise<Answer> {
    const databases = this.#links.filter((_, i) => refusals[i] === undefined).map(({ database }) => database);
    // Only an answer that rests on a list which is overdue is counted as stale.
    if (databases.length === 0) return refusals.find((refusal) => refusal === foreignByStaleList) ?? foreign;
    const turns = new Turns(key, databases, this.#rules);
    if (turns.turns.length === 0) return malformed;
    return turns.run(deadlineMs).then(
      ({ answer }) => answer,
      (error: unknown) => {
        const known = this.#withStale(key, refusals, error);
        if (known === refusals) throw error;
        return this.#among(key, known, deadlineMs);
      },
    );
  }

  /** The refusals with that of the source that failed, if what it hosted last leaves the key to others. */
  #withStale(key: string, refusals: Refusals, error: unknown): Refusals {
    const failed = error instanceof SourceError ? error.source : undefined;
    const at = this.#links.findIndex(({ database }, i) => database.name === failed && refusals[i] === undefined);
    const refusal = this.#links[at]?.gate.refusesAfter(error, key);
    return refusal === undefined ? refusals : refusals.with(at, refusal);
  }
}

function areKnown<T>(values: readonly (T | Promise<T>)[]): values is readonly T[] {
  return values.every((value) => !(value instanceof Promise));
}

function traced({ database, ask, cells, hasFailed }: SourceTurn, won: boolean): TracedAsk {
  const state = hasFailed ? "failed" : cells === undefined || cells === notAsked ? "not_asked" : "answered";
  return { source: database.name, ask, state, cells: cells ?? [], won };
}

/** One source of a union: behind its gate for clients, past it for explanations. */
interface Part {
  readonly database: Pick<Database, "name">;
  readonly gate: OwnerSource;
  readonly resolver: Resolving;
}

function ask({ database, gate }: Part, key: string, deadlineMs: number): Answer | Promise<Answer> {
  const rethrow = (error: unknown): never => {
    throw blame(error, database.name);
  };
  try {
    const answer = gate.ownersOf(key, deadlineMs);
    return answer instanceof Promise ? answer.catch(rethrow) : answer;
  } catch (error) {
    return rethrow(error);
  }
}

/** Joins what each source answers by itself: `combine: union`. One that fails makes the lookup fail. */
export class Union implements Resolving {
  readonly #parts: readonly Part[];
  readonly #rules: MapRules;

  constructor(parts: readonly Part[], rules: MapRules) {
    this.#parts = parts;
    this.#rules = rules;
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const answers = this.#parts.map((part) => ask(part, key, deadlineMs));
    return areKnown(answers) ? this.#join(answers) : Promise.all(answers).then((all) => this.#join(all));
  }

  async trace(key: string, deadlineMs: number): Promise<Trace> {
    const traces = await Promise.all(this.#parts.map(({ resolver }) => resolver.trace(key, deadlineMs)));
    const asks = traces.flatMap((trace) => trace.asks);
    const answers: Answer[] = [];
    for (const { reply } of traces) {
      if (reply.kind !== "ok" && reply.kind !== "notFound") return { reply, asks };
      answers.push(reply);
    }
    return { reply: this.#join(answers), asks };
  }

  #join(answers: readonly Answer[]): Answer {
    const found = answers.filter((answer) => answer.kind === "ok");
    if (found.length > 0) {
      const owners = toOwners(
        found.flatMap((answer) => answer.owners.logins),
        this.#rules,
      );
      // One row that names the address bounds how many such answers there can be.
      return new Found(
        owners,
        found.every(({ derived }) => derived),
      );
    }
    if (answers.includes(absent)) return absent;
    return answers.find((answer) => answer === foreignByStaleList) ?? (answers[0] as Answer);
  }
}
