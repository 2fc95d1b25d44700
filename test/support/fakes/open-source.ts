/** Opens a source as the daemon does, for tests that ask it directly. */
import { Resolver } from "../../../src/lookup/resolver.ts";
import { foldKey } from "../../../src/model/address.ts";
import type { Key } from "../../../src/model/keys.ts";
import type { Log } from "../../../src/model/log.ts";
import type { SourceSettings } from "../../../src/model/settings.ts";
import type { Database } from "../../../src/model/source.ts";
import { type SourceTally, sourceTally } from "../../../src/model/tally.ts";
import { openDatabase } from "../../../src/source/open.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, isDebugEnabled: () => false };

/** Long enough for a busy machine; the tests that use it are not about time. */
const deadlineMs = 20_000;

/** Opens a source; the caller closes it. */
export function openSource(
  settings: SourceSettings,
  maxWaitingLookups = 1000,
  tally: SourceTally = sourceTally(),
): Database {
  return openDatabase("mail", settings, {
    clock: { nowMs: () => performance.now() },
    log: silent,
    tally,
    maxWaitingLookups,
  });
}

/** Who owns an address by a source, with `+` as delimiter; no logins when nobody does. */
export async function ownersOf(database: Database, address: string): Promise<readonly string[]> {
  const key = foldKey(address);
  if (key === undefined) return [];
  const resolver = new Resolver(database, { recipientDelimiter: "+", localDomains: new Set() });
  const answer = await resolver.ownersOf(key, performance.now() + deadlineMs);
  return answer.kind === "ok" ? answer.owners.logins : [];
}

/** What the one query of a table file answers to one key, as postmap prints it. */
export async function answerTo(database: Database, email: string): Promise<string | undefined> {
  const ask = { role: "address", key: toKey(email), derived: false } as const;
  const [cells = []] = await database.find([ask], performance.now() + deadlineMs);
  return cells.length === 0 ? undefined : cells.join(",");
}

/** Every domain that a source lists, sorted. */
export async function domainsOf(database: Database): Promise<readonly string[] | undefined> {
  const domains = await database.hostedDomains(performance.now() + deadlineMs);
  return domains === undefined ? undefined : [...domains].sort();
}

/** The tables that each query reads without an index. */
export async function scansOf(database: Database): Promise<Record<string, readonly string[]>> {
  const reports = await database.report(performance.now() + deadlineMs);
  for (const { query, error } of reports) if (error !== undefined) throw new Error(`${query}: ${error}`);
  const scanned = reports.filter(({ fullScans }) => fullScans.length > 0);
  return Object.fromEntries(scanned.map(({ query, fullScans }) => [query, [...fullScans].sort()]));
}

function toKey(email: string): Key {
  const at = email.lastIndexOf("@");
  if (at === -1) return { email, user: email, domain: "" };
  return { email, user: email.slice(0, at), domain: email.slice(at + 1) };
}
