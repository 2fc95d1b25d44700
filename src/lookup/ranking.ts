/**
 * Which of the cells that a lookup found are its answer. Pure: knows neither sources nor when they are asked.
 *
 * The first address with owners wins; the domain answers only when no address did; grants are merged into whichever answered,
 * so that neither a catch-all nor a grant hides the owner of a tagged address.
 */
import { type Ask, type Cells, type KeyForm, notAsked, type Role } from "../model/keys.ts";
import { withoutRealm, withULabels } from "../model/owner-forms.ts";
import { holdsOwner, OwnerList, splitOwners, toOwnerList } from "../model/owner-list.ts";
import { type Answer, absent, Found } from "../model/reply.ts";
import type { Database } from "../model/source.ts";
import type { KeyRules } from "./keys.ts";

/** What a map says about addresses and about owners. */
export interface MapRules extends KeyRules {
  /** Owners in this folded domain are answered without it too. */
  readonly loginRealm?: string | undefined;
}

/** What the asks of a lookup found, and which of them decided. */
export interface Ranking {
  readonly answer: Answer;
  /** Indexes of the asks whose cells are in the answer. */
  readonly winners: readonly number[];
}

/** What a ranking wants to know of the source of an ask. */
export type RankedSource = Pick<Database, "keyForm" | "rowProof">;

/** Whether cells end the search: to Postfix any does, even one that holds no login; by role only one that names an owner. */
export function endsSearch(cells: Cells[number], form: KeyForm): boolean {
  return form === "postfix" ? cells.length > 0 : holdsOwner(cells);
}

/** Whether cells have a part in an answer: those of a grant only with an owner in them. */
function counts(role: Role, cells: Cells[number], form: KeyForm): boolean {
  return role === "grant" ? holdsOwner(cells) : endsSearch(cells, form);
}

/**
 * Ranks findings, in the order in which they are asked, into an answer.
 *
 * @param found the cells of each ask, at its index; those that are missing were not asked
 * @param sourceOf how the source of an ask is asked (a table of Postfix answers what it says, letter by letter), and what shows that
 *   an answer is of a row of its own
 */
export function rank(
  asks: readonly Ask[],
  found: readonly (Cells[number] | undefined)[],
  sourceOf: (index: number) => RankedSource,
  rules: MapRules,
): Ranking {
  let base = -1;
  const grants: number[] = [];
  for (let index = 0; index < asks.length; index++) {
    const { role } = asks[index] as Ask;
    if (!counts(role, found[index] ?? notAsked, sourceOf(index).keyForm)) continue;
    if (role === "grant") grants.push(index);
    else if (base === -1) base = index;
  }
  const winners = base === -1 ? grants : [base, ...grants];
  if (winners.length === 0) return { answer: absent, winners };
  const cells = winners.flatMap((index) => ownersIn(found[index] as Cells[number], sourceOf(index).keyForm));
  const isDerived = base === -1 || !isOfOwnRow(asks[base] as Ask, found[base] as Cells[number], sourceOf(base));
  return { answer: new Found(toOwners(cells, rules), isDerived), winners };
}

/** Whether there are no more answers like this one than rows in the database, whatever a sender makes up. */
function isOfOwnRow({ derived, key }: Ask, cells: Cells[number], { rowProof = "query" }: RankedSource): boolean {
  if (derived || rowProof === "none") return false;
  return (
    rowProof === "query" || cells.some((cell) => splitOwners(cell).some((owner) => owner.toLowerCase() === key.email))
  );
}

/**
 * Makes the owner list of an answer. A cell of a table of Postfix may hold separators only: the address is known then, and
 * nobody may send as it.
 */
export function toOwners(cells: readonly string[], { loginRealm }: MapRules): OwnerList {
  const all = loginRealm === undefined ? cells : withoutRealm(cells, loginRealm);
  return toOwnerList(all) ?? new OwnerList([]);
}

function ownersIn(cells: Cells[number], form: KeyForm): readonly string[] {
  return form === "postfix" ? cells : withULabels(cells);
}
