/**
 * Which of the cells that a lookup found are its answer. Pure: knows neither sources nor when they are asked.
 *
 * The first address with owners wins; the domain answers only when no address did; grants are merged into whichever answered,
 * so that neither a catch-all nor a grant hides the owner of a tagged address.
 */
import type { Ask, Cells, KeyForm } from "../model/keys.ts";
import { withoutRealm, withULabels } from "../model/owner-forms.ts";
import { holdsOwner, OwnerList, toOwnerList } from "../model/owner-list.ts";
import { type Answer, absent, Found } from "../model/reply.ts";
import type { KeyRules } from "./keys.ts";

/** What a map says about addresses and about owners. */
export interface MapRules extends KeyRules {
  /** Owners in this folded domain are answered without it too. */
  readonly loginRealm?: string | undefined;
}

/** An ask that was put to a source, with what it found. */
export interface Finding {
  readonly ask: Ask;
  readonly cells: Cells[number];
  /** How its source is asked: a table of Postfix answers what it says, letter by letter. */
  readonly form: KeyForm;
}

/** What the asks of a lookup found, and which of them decided. */
export interface Ranking {
  readonly answer: Answer;
  /** Indexes of the asks whose cells are in the answer. */
  readonly winners: readonly number[];
}

/** Whether cells end the search: to Postfix any does, even one that holds no login; by role only one that names an owner. */
export function endsSearch(cells: Cells[number], form: KeyForm): boolean {
  return form === "postfix" ? cells.length > 0 : holdsOwner(cells);
}

/** Whether a finding has a part in an answer. */
export function counts({ ask, cells, form }: Finding): boolean {
  return ask.role === "grant" ? holdsOwner(cells) : endsSearch(cells, form);
}

/** Ranks findings, in the order in which they are asked, into an answer. */
export function rank(findings: readonly Finding[], rules: MapRules): Ranking {
  let base = -1;
  const grants: number[] = [];
  for (const [index, finding] of findings.entries()) {
    if (!counts(finding)) continue;
    if (finding.ask.role === "grant") grants.push(index);
    else if (base === -1) base = index;
  }
  const winners = base === -1 ? grants : [base, ...grants];
  if (winners.length === 0) return { answer: absent, winners };
  const cells = winners.flatMap((index) => ownersIn(findings[index] as Finding));
  const isDerived = base === -1 || (findings[base] as Finding).ask.derived;
  return { answer: new Found(toOwners(cells, rules), isDerived), winners };
}

/**
 * Makes the owner list of an answer. A cell of a table of Postfix may hold separators only: the address is known then, and
 * nobody may send as it.
 */
export function toOwners(cells: readonly string[], { loginRealm }: MapRules): OwnerList {
  const all = loginRealm === undefined ? cells : withoutRealm(cells, loginRealm);
  return toOwnerList(all) ?? new OwnerList([]);
}

function ownersIn({ cells, form }: Finding): readonly string[] {
  return form === "postfix" ? cells : withULabels(cells);
}
