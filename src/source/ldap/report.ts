/** Says how a directory takes each query of a source: `check --connect`. */

import { SourceError } from "../../model/errors.ts";
import type { Key, Role } from "../../model/keys.ts";
import type { QueryReport } from "../../model/source.ts";
import { unfindableDomains } from "../hosted-domains.ts";
import { isAgainstHost, SessionError } from "../session.ts";
import { LdapError, resultCode } from "./errors.ts";
import { expand } from "./expand.ts";
import { slowComparisons, wantedIndexes } from "./index-check.ts";
import { escapeDnPart, fillText, hasKeyPart } from "./key-text.ts";
import { noKey, oneEntry } from "./search.ts";
import type { LdapSession } from "./session.ts";
import type { LdapPlan, LdapTable } from "./table.ts";
import { noteOnULabels } from "./u-labels.ts";

/** What no directory holds: a sample that costs a search and finds nobody. */
const sampleKey: Key = { email: "loginmapd-check@example.invalid", user: "loginmapd-check", domain: "example.invalid" };

/**
 * Looks for the base of each query, and asks it for an address that nobody has: that shows whether the bind, the base and the
 * filter are taken.
 *
 * @throws {SessionError} when the connection breaks
 */
export async function reportTables(
  session: LdapSession,
  { roles, domains, listing }: LdapPlan,
): Promise<readonly QueryReport[]> {
  const tables = Object.entries({ ...roles, ...(domains === undefined ? {} : { domains }) });
  const isListed = domains !== undefined || listing !== undefined;
  const reports: QueryReport[] = [];
  for (const [query, table] of tables) {
    const report = await reportTable(session, query, table);
    const note =
      isListed || report.error !== undefined ? undefined : await noteOnULabels(session, query as Role, table);
    reports.push(note === undefined ? report : { ...report, notes: [...(report.notes ?? []), note] });
  }
  return reports;
}

async function reportTable(session: LdapSession, query: string, table: LdapTable): Promise<QueryReport> {
  const wanted = wantedIndexes(table.filter);
  const names = wanted.map(({ name }) => name).join(", ");
  const notes: string[] = [];
  try {
    await checkBase(session, table);
    const onDangling = () => notes.push("an entry names another that is not there, or may not be read");
    const key = query === "domains" ? noKey : sampleKey;
    const cells = await expand(table, key, { search: (search) => session.search(search), onDangling });
    const problem = query === "domains" ? unfindableDomains(cells) : foundAnyway(cells);
    if (problem !== undefined) notes.push(problem);
    if (names !== "") notes.push(`quick only with these indexes on the server: ${names}`);
    notes.push(...(await slowComparisons(session, table, key, wanted)));
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof SessionError) || !session.isOpen) throw error;
    if (error instanceof SessionError && isAgainstHost(error)) throw error;
    return { query, error: `${error.message}${remedyFor(error, names)}`, fullScans: [] };
  }
  return { query, fullScans: [], hasHiddenIndexes: true, ...(notes.length > 0 ? { notes: [...new Set(notes)] } : {}) };
}

/** A server that looks at no more entries than it likes gives up on an attribute without index. */
function remedyFor(error: Error, indexes: string): string {
  if (!(error instanceof LdapError) || error.resultCode !== resultCode.adminLimitExceeded || indexes === "") return "";
  return `; the server looks at no more entries: does it have the indexes ${indexes}?`;
}

/** A base that is the same for every key has to be there. */
async function checkBase(session: LdapSession, { base, dereference }: LdapTable): Promise<void> {
  if (hasKeyPart(base)) return;
  const dn = fillText(base, noKey, escapeDnPart);
  const found = await session.search({ ...oneEntry(dn), attributes: ["1.1"], dereference });
  if (found.length === 0) throw new SourceError("ERR_SOURCE_RESULT", "the search base may not be read by this account");
}

function foundAnyway(cells: readonly string[]): string | undefined {
  if (cells.length === 0) return undefined;
  return `gives an owner for ${sampleKey.email}, which nobody has: does its filter use the key?`;
}
