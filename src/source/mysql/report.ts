/** Says which tables MySQL or MariaDB would read without an index for a query. */
import type { ResultSet, StatementSession } from "../session.ts";
import { tokenizeSql } from "../sql/sql-text.ts";
import { tablesBehind } from "../sql/table-names.ts";

/** Explains a query; a CALL cannot be. Throws as `StatementSession.run`. */
export async function fullScans(session: StatementSession, sql: string): Promise<readonly string[]> {
  if (!/^[\s(]*(?:SELECT|WITH)\b/i.test(sql)) return [];
  return tablesBehind(scannedNames(await session.run(`EXPLAIN ${sql}`, sampleValues(sql))), sql, "mysql");
}

// The optimizer plans for the values that it sees; a plain address is what they will be.
function sampleValues(sql: string): string[] {
  const code = tokenizeSql(sql, "mysql").filter(({ kind }) => kind === "code");
  const count = code.reduce((sum, { text }) => sum + text.split("?").length - 1, 0);
  return Array.from({ length: count }, () => "somebody@example.com");
}

// Below this a table is read whole even where an index fits, since that is faster.
const smallTableRows = 1000;

function scannedNames({ columns, rows }: ResultSet): string[] {
  const at = (name: string) => columns.indexOf(name);
  const scanned = rows.filter((row) => {
    const [table, type, keys] = [row[at("table")], row[at("type")], row[at("possible_keys")]];
    if (table === null || table === undefined || table.startsWith("<")) return false;
    if (type !== "ALL" && type !== "index") return false;
    return keys === null || Number(row[at("rows")]) >= smallTableRows;
  });
  return [...new Set(scanned.map((row) => row[at("table")] as string))];
}
