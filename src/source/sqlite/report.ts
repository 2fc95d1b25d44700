/** Says which tables SQLite would read from end to end for a query. */
import type Libsql from "libsql";
import type { QueryReport } from "../../model/source.ts";
import type { ArmSet } from "../sql/arm.ts";
import { tablesBehind } from "../sql/table-names.ts";
import { notingULabels } from "../sql/u-label-rows.ts";
import { openReadOnly, toCell } from "./open-file.ts";

/**
 * Explains a query.
 *
 * @returns the tables that it reads without an index, or along a whole index
 */
export function fullScansOf(database: Libsql.Database, sql: string): readonly string[] {
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { readonly detail: string }[];
  const details = steps.map(({ detail }) => detail);
  // What a subquery has produced is read whole, and rightly.
  const produced = new Set(details.map((detail) => /^(?:CO-ROUTINE|MATERIALIZE) (\S+)/.exec(detail)?.[1]));
  const scanned = details.map((detail) => /^SCAN (?!CONSTANT ROW)(\S+)/.exec(detail)?.[1]);
  const names = scanned.filter((table) => table !== undefined && !produced.has(table) && !table.startsWith("("));
  return tablesBehind(names as string[], sql, "sqlite");
}

/** Adds to the reports which rows nobody finds, for roles where neither a listing nor the list of domains shows them. */
export async function withUnlistedRows(
  path: string,
  roles: ArmSet["roles"],
  reports: readonly QueryReport[],
): Promise<readonly QueryReport[]> {
  const database = openReadOnly(path);
  try {
    return await notingULabels(reports, roles, "sqlite", async (sql, values) => {
      const rows = database.prepare<unknown[]>(sql).raw().all(values) as unknown[][];
      return rows.map((row) => row.map(toCell));
    });
  } finally {
    database.close();
  }
}
