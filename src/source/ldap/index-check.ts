/**
 * Which indexes a filter wants, and which of them a server seems not to have: no client can see them, but an attribute without one
 * makes the server look at every entry.
 */
import type { Key } from "../../model/keys.ts";
import { isAgainstHost } from "../session.ts";
import { LdapError, resultCode } from "./errors.ts";
import type { FilterTemplate } from "./filter-template.ts";
import { constantEnd } from "./key-text.ts";
import { oneEntry, type Search } from "./search.ts";
import type { LdapSession } from "./session.ts";
import type { LdapTable } from "./table.ts";

/** A comparison with a part of the key, which is what a server has to find entries by. */
export interface WantedIndex {
  /** As slapd names it: `mail eq`. */
  readonly name: string;
  readonly attribute: string;
  readonly comparison: FilterTemplate;
}

/** The indexes that a filter wants, each once. */
export function wantedIndexes(filter: FilterTemplate): readonly WantedIndex[] {
  const wanted = comparisonsIn(filter);
  return [...new Map(wanted.map((one) => [one.name.toLowerCase(), one])).values()];
}

function comparisonsIn(filter: FilterTemplate): WantedIndex[] {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.filters.flatMap(comparisonsIn);
    case "substrings":
      return [{ name: `${filter.attribute} sub`, attribute: filter.attribute, comparison: filter }];
    case "equal": {
      const hasKey = filter.value.some((piece) => typeof piece === "function");
      return hasKey ? [{ name: `${filter.attribute} eq`, attribute: filter.attribute, comparison: filter }] : [];
    }
    default:
      return [];
  }
}

// The quickest of so many shows what the server needs, whatever else the machine does.
const tries = 3;
// With an index a server finds a value about as fast as an entry by its name; without one, some thousand entries take this longer.
const slowMs = 5;
const slowTimes = 3;

/**
 * Times each comparison alone against reading one entry.
 *
 * @param key that no entry has
 * @returns one sentence for each attribute that seems to have no index
 * @throws {SessionError} when the session breaks
 */
export async function slowComparisons(
  session: LdapSession,
  table: LdapTable,
  key: Key,
  wanted: readonly WantedIndex[],
): Promise<string[]> {
  const base = constantEnd(table.base);
  if (base === "") return [];
  const entry = { ...oneEntry(base), attributes: ["1.1"] };
  const entryMs = await quickest(session, entry);
  const notes: string[] = [];
  for (const { attribute, comparison } of wanted) {
    const ms = await quickest(session, { ...entry, scope: table.scope, filter: comparison, key });
    if (ms === "refused")
      notes.push(`${attribute} seems to have no index: the server gives up on it (adminLimitExceeded)`);
    else if (entryMs !== "refused" && ms > entryMs + slowMs && ms > slowTimes * entryMs) {
      notes.push(
        `${attribute} seems to have no index: to find a value takes ${ms.toFixed(0)} ms, an entry ${entryMs.toFixed(1)} ms`,
      );
    }
  }
  return notes;
}

/** @returns how long a search takes; `refused` when the server has more candidates for it than it looks at */
async function quickest(session: LdapSession, search: Search): Promise<number | "refused"> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    const startMs = performance.now();
    try {
      await session.search(search);
    } catch (error) {
      if (!(error instanceof LdapError) || isAgainstHost(error) || !session.isOpen) throw error;
      if (error.resultCode === resultCode.adminLimitExceeded) return "refused";
    }
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return bestMs;
}
