/** The questions of one lookup to a directory, asked together and judged in their order. */
import { type Cells, type Key, notAsked } from "../../model/keys.ts";
import type { Batchable } from "../pool/queue.ts";
import { isAgainstHost, SessionError } from "../session.ts";
import { type ExpandDependencies, expand } from "./expand.ts";
import type { LdapTable } from "./table.ts";
import { turns } from "./turns.ts";

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

/** What speaks against the session or its host is told before what one of its searches met: the lookup can be tried again elsewhere. */
function worst(settled: readonly PromiseSettledResult<unknown>[], first: unknown): unknown {
  const failures = settled.flatMap((outcome): unknown[] => (outcome.status === "rejected" ? [outcome.reason] : []));
  return failures.find((reason) => reason instanceof SessionError && isAgainstHost(reason)) ?? first;
}
