/** Says how a server would run each query of a plan: `check --connect`. */
import type { Key } from "../../model/keys.ts";
import type { QueryReport } from "../../model/source.ts";
import { unfindableDomains } from "../hosted-domains.ts";
import { SessionError, type StatementSession } from "../session.ts";
import type { Arm, ArmPlan } from "../sql/arm.ts";
import { type ColumnState, countedAsThere, type ProbeColumns } from "../sql/schema.ts";
import type { SqlDialect } from "../sql/sql-text.ts";
import { notingULabels } from "../sql/u-label-rows.ts";

/** What a report asks of a driver. */
export interface ReportDriver {
  readonly dialect: SqlDialect;
  readonly probeColumns: ProbeColumns;
  /**
   * Explains a query that the server accepts.
   *
   * @returns the tables that it reads without an index, by the names that the query gives them; none for what cannot be explained
   * @throws {SessionError}
   */
  fullScans(session: StatementSession, sql: string): Promise<readonly string[]>;
}

/**
 * Prepares every query and explains it.
 *
 * A query that asks for all domains reads all of them by nature; it reports no full scan.
 *
 * @throws {SessionError} when the connection breaks
 */
export async function reportQueries(
  session: StatementSession,
  plan: ArmPlan,
  driver: ReportDriver,
): Promise<readonly QueryReport[]> {
  const { optionalColumns } = plan;
  const states = optionalColumns.length === 0 ? new Map() : await driver.probeColumns(optionalColumns, session);
  const { roles, domains, listing } = plan.arms(countedAsThere(states));
  const queries = Object.entries({ ...roles, ...(domains === undefined ? {} : { domains }) });
  const reports: QueryReport[] = [];
  for (const [query, arm] of queries) reports.push(await reportQuery(session, query, arm, driver));
  const notes = [...(session.unpinned ?? []), ...[...states].flatMap(([column, state]) => noteOn(column, state))];
  const noted = reports.map((report, i) => (i === 0 && notes.length > 0 ? { ...report, notes } : report));
  // Where neither a listing nor the list of domains shows them, rows that nobody finds are looked for in the tables.
  if (listing !== undefined || domains !== undefined) return noted;
  return notingULabels(noted, roles, driver.dialect, async (sql, values) => (await session.run(sql, values)).rows);
}

function noteOn(column: string, state: ColumnState): string[] {
  switch (state) {
    case "there":
      return [];
    case "unreadable":
      return [
        `the account may not read ${column}, without which nobody can be told to be an owner: grant SELECT on it`,
      ];
    case "missing":
      return [`${column} is not there: taken for a version that has no such column`];
    case "hidden":
      return [`${column} is not there, or the account may read nothing of its table: what it says counts for nothing`];
  }
}

async function reportQuery(
  session: StatementSession,
  query: string,
  arm: Arm,
  driver: ReportDriver,
): Promise<QueryReport> {
  try {
    await session.prepare(arm.sql);
    if (query === "domains") return await reportDomains(session, arm);
    return { query, fullScans: await driver.fullScans(session, arm.sql) };
  } catch (error) {
    if (!(error instanceof SessionError) || !session.isOpen) throw error;
    return { query, error: error.message, fullScans: [] };
  }
}

async function reportDomains(session: StatementSession, arm: Arm): Promise<QueryReport> {
  const { rows } = await session.run(arm.sql, arm.bind(noKey) ?? []);
  const problem = unfindableDomains(arm.collect(rows, noKey));
  return { query: "domains", fullScans: [], ...(problem === undefined ? {} : { notes: [problem] }) };
}

const noKey: Key = { email: "", user: "", domain: "" };
