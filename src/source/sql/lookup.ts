/**
 * Makes the questions of a lookup out of its asks, and deals the rows of a statement that asked several back to them. Pure.
 *
 * How several become one statement is the driver's (`mysql/union.ts`, `pgsql/union.ts`).
 */
import { type Ask, type Cells, type Key, notAsked, type QueryName } from "../../model/keys.ts";
import type { Arm, ArmSet, Row } from "./arm.ts";

/** A question ready to be sent: an arm with its parameters. */
export interface BoundArm {
  readonly role: QueryName;
  readonly arm: Arm;
  readonly key: Key;
  readonly values: readonly string[];
  /** Index of the ask that it answers. */
  readonly ask: number;
}

/** Everything that one lookup asks the database. */
export interface Lookup {
  /** Asks that need no query (no such role, or a key that the arm does not take) have none here: nothing is found. */
  readonly arms: readonly BoundArm[];
  /** How many asks there were, those without an arm included. */
  readonly askCount: number;
  /**
   * The roles of the arms in order, and the variant of their set: lookups of one shape can share a statement text. Keys beyond ASCII have shapes of their
   * own, since one that a column cannot hold makes the whole statement fail: it must not slow down the others.
   */
  readonly shape: string;
}

/** Binds the asks of a lookup to the arms of a source. */
export function bindAsks(set: ArmSet, asks: readonly Ask[]): Lookup {
  const arms: BoundArm[] = [];
  let roles = "";
  let isAscii = true;
  for (let ask = 0; ask < asks.length; ask++) {
    const { role, key } = asks[ask] as Ask;
    const arm = set.roles[role];
    const values = arm?.bind(key);
    if (arm === undefined || values === undefined) continue;
    arms.push({ role, arm, key, values, ask });
    roles += roles === "" ? role : ` ${role}`;
    isAscii &&= !beyondAscii.test(key.email);
  }
  const shape = set.variant === undefined ? roles : `${roles} ${set.variant}`;
  return { arms, askCount: asks.length, shape: isAscii ? shape : `${shape} beyond-ascii` };
}

const beyondAscii = /[^\x01-\x7f]/;

/** The SQL of an arm and how many columns it gives. */
export interface ArmText {
  readonly sql: string;
  readonly columnCount: number;
}

/** Writes one statement that asks all arms, in the way of a database; each row of its result begins with the number of its arm. */
export type CombineArms = (arms: readonly ArmText[]) => string;

/**
 * Deals the rows of a combined statement to its arms, without their numbers and padding.
 *
 * @returns the rows of each arm, at the arm's index
 * @throws {Error} for a row that belongs to no arm: an answer that is not understood must not look like "no owners"
 */
export function dealRows(rows: readonly Row[], columnCounts: readonly number[]): readonly (readonly Row[])[] {
  const dealt: Row[][] = columnCounts.map(() => []);
  for (const row of rows) {
    const arm = row[0] === null ? Number.NaN : Number(row[0]);
    const hand = dealt[arm];
    if (hand === undefined) throw new Error("a row carries no arm's number");
    hand.push(row.slice(1, 1 + (columnCounts[arm] as number)));
  }
  return dealt;
}

/**
 * Lays the cells of the arms out by ask.
 *
 * @param cells what was collected for each arm of the lookup, at its index; none for arms after the one that ended the search
 */
export function findingsOf(lookup: Lookup, cells: readonly (readonly string[])[]): Cells {
  const findings: (readonly string[])[] = [];
  while (findings.length < lookup.askCount) findings.push(notAsked);
  for (let i = 0; i < cells.length; i++) findings[(lookup.arms[i] as BoundArm).ask] = cells[i] as readonly string[];
  return findings;
}
