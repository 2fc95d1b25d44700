/** Says how MySQL or MariaDB would run each query of a plan: `check --connect`. */

import type { Key } from "../../model/keys.ts";
import type { QueryReport } from "../../model/source.ts";
import { unfindableDomains } from "../hosted-domains.ts";
import type { Arm, ArmPlan } from "../sql/arm.ts";
import { tokenizeSql } from "../sql/sql-text.ts";
import { tablesBehind } from "../sql/table-names.ts";
import { type ColumnState, countedAsThere, probeColumns } from "./schema.ts";
import { type Lane, LaneError, type ResultSet } from "./session.ts";

/**
 * Prepares every query and explains it.
 *
 * A query that asks for all domains reads all of them by nature; it reports no full scan.
 *
 * @throws {LaneError} when the connection breaks
 */
export async function reportQueries(lane: Lane, plan: ArmPlan): Promise<readonly QueryReport[]> {
  const { optionalColumns } = plan;
  const states = optionalColumns.length === 0 ? new Map() : await probeColumns(optionalColumns, lane);
  const { roles, domains } = plan.arms(countedAsThere(states));
  const queries = Object.entries({ ...roles, ...(domains === undefined ? {} : { domains }) });
  const reports: QueryReport[] = [];
  for (const [query, arm] of queries) reports.push(await reportQuery(lane, query, arm));
  const notes = [...states].flatMap(([column, state]) => noteOn(column, state));
  return reports.map((report, i) => (i === 0 && notes.length > 0 ? { ...report, notes } : report));
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

async function reportQuery(lane: Lane, query: string, arm: Arm): Promise<QueryReport> {
  try {
    await lane.prepare(arm.sql);
    if (query === "domains") return await reportDomains(lane, arm);
    // A CALL cannot be explained.
    if (!/^[\s(]*(?:SELECT|WITH)\b/i.test(arm.sql)) return { query, fullScans: [] };
    const plan = await lane.run(`EXPLAIN ${arm.sql}`, sampleValues(arm.sql));
    return { query, fullScans: tablesBehind(fullScans(plan), arm.sql, "mysql") };
  } catch (error) {
    if (!(error instanceof LaneError) || !lane.isOpen) throw error;
    return { query, error: error.message, fullScans: [] };
  }
}

async function reportDomains(lane: Lane, arm: Arm): Promise<QueryReport> {
  const { rows } = await lane.run(arm.sql, arm.bind(noKey) ?? []);
  const problem = unfindableDomains(arm.collect(rows, noKey));
  return { query: "domains", fullScans: [], ...(problem === undefined ? {} : { notes: [problem] }) };
}

const noKey: Key = { email: "", user: "", domain: "" };

// The optimizer plans for the values that it sees; a plain address is what they will be.
function sampleValues(sql: string): string[] {
  const code = tokenizeSql(sql, "mysql").filter(({ kind }) => kind === "code");
  const count = code.reduce((sum, { text }) => sum + text.split("?").length - 1, 0);
  return Array.from({ length: count }, () => "somebody@example.com");
}

// Below this a table is read whole even where an index fits, since that is faster.
const smallTableRows = 1000;

function fullScans({ columns, rows }: ResultSet): string[] {
  const at = (name: string) => columns.indexOf(name);
  const scanned = rows.filter((row) => {
    const [table, type, keys] = [row[at("table")], row[at("type")], row[at("possible_keys")]];
    if (table === null || table === undefined || table.startsWith("<")) return false;
    if (type !== "ALL" && type !== "index") return false;
    return keys === null || Number(row[at("rows")]) >= smallTableRows;
  });
  return [...new Set(scanned.map((row) => row[at("table")] as string))];
}
