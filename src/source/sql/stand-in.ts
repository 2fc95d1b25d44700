/**
 * What a query answers for a key that one of its columns cannot hold.
 *
 * A column of latin1, ascii or three-byte UTF-8 (or a database of PostgreSQL in such an encoding; none of its text holds a NUL)
 * cannot contain such a key, so comparing it has a right answer, "not equal"; the server refuses the whole statement instead. Another column of the same statement may hold the key, and its row may
 * have the owner, so the statement cannot be taken for "not found" as a whole. Each parameter is compared on its own: those
 * that the server refuses are given a stand-in that every column can hold and none contains.
 */
import { randomInt } from "node:crypto";
import type { ResultSet } from "../session.ts";

/** Asks the query with other values. @returns `undefined` when the server refuses them for their characters */
export type AskWith = (values: readonly string[]) => Promise<ResultSet | undefined>;

/**
 * Asks a query again that was refused for characters of its parameters.
 *
 * @param values those that were refused
 * @returns `undefined` when there is no telling: the characters are not what is wrong (columns of two collations are compared
 *   with each other, which fails for every key), or the query gives out what it was given
 */
export async function askWithStandIns(values: readonly string[], ask: AskWith): Promise<ResultSet | undefined> {
  // Letters would be subject to the collation, which also ignores the control character in part; nobody can guess the digits.
  const standIn = `\u0001${randomInt(2 ** 47)}`.padEnd(18, "0");
  const replaced = values.map((value) => value.replace(beyondAscii, standIn));
  const wide = [...values.keys()].filter((i) => values[i] !== replaced[i]);
  let result = await ask(replaced);
  if (result === undefined) return undefined;
  // One alone is the one that was refused.
  if (wide.length > 1) {
    const held = new Set<number>();
    for (const i of wide) {
      if ((await ask(replaced.with(i, values[i] as string))) !== undefined) held.add(i);
    }
    if (held.size > 0) result = await ask(values.map((value, i) => (held.has(i) ? value : (replaced[i] as string))));
  }
  const givesOut = result?.rows.some((row) => row.some((cell) => cell?.includes(standIn.slice(1)) === true));
  return givesOut === true ? undefined : result;
}

// A run of them at once: what stands around it (the domain, an extension) keeps its place.
const beyondAscii = /[^\x01-\x7f]+/g;
