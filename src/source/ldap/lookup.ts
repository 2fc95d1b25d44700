/** The questions of one lookup to a directory, asked together and judged in their order. */
import { type Cells, type Key, notAsked } from "../../model/keys.ts";
import type { Batchable } from "../pool/queue.ts";
import { SessionError } from "../session.ts";
import { type ExpandDependencies, expand, type InTurn } from "./expand.ts";
import type { LdapTable } from "./table.ts";

/** One question: a table asked for a key; without a table nothing is found. */
export interface Question {
  readonly table: LdapTable | undefined;
  readonly key: Key;
}

/** Everything that one lookup asks. */
export interface Lookup extends Batchable {
  readonly arms: readonly Question[];
  /** Whether only the first question with values counts, as with Postfix's own tables. */
  readonly isFirstHitOnly: boolean;
  readonly deadlineMs: number;
}

// A lookup that leads to a group of thousands leaves room on its connection for the lookups beside it.
const maxSearchesUnderWay = 6;

/**
 * Asks all questions at once.
 *
 * @returns the cells of each, at its index. Where only the first hit counts, what came of later questions is no matter, not even
 *   a failure.
 * @throws as `expand`
 */
export async function answerAsks(lookup: Lookup, needs: ExpandDependencies): Promise<Cells> {
  const inTurn = turns(maxSearchesUnderWay);
  const asked = lookup.arms.map(({ table, key }) =>
    table?.takes(key) === true ? expand(table, key, { ...needs, inTurn }) : notAsked,
  );
  const settled = await Promise.allSettled(asked);
  const cells: Cells[number][] = [];
  let isDecided = false;
  for (const outcome of settled) {
    if (isDecided) cells.push(notAsked);
    else if (outcome.status === "rejected") throw worst(settled, outcome.reason);
    else {
      cells.push(outcome.value);
      isDecided = lookup.isFirstHitOnly && outcome.value.length > 0;
    }
  }
  return cells;
}

/** A session that broke is told before what one of its searches met: the lookup can be tried again on another. */
function worst(settled: readonly PromiseSettledResult<unknown>[], first: unknown): unknown {
  const broken = settled.find(
    (outcome) =>
      outcome.status === "rejected" && outcome.reason instanceof SessionError && outcome.reason.kind === "connection",
  );
  return broken?.status === "rejected" ? broken.reason : first;
}

/** Lets at most so many pieces of work run at a time; the others wait in their order. */
function turns(max: number): InTurn {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (work) => {
    if (underWay < max) underWay++;
    // Whoever ends hands its place on.
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay--;
      else next();
    }
  };
}
