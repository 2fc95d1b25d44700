/** Looks for columns in PostgreSQL: those of the tables that an unqualified name finds, and whether the account may read them. */
import type { ColumnState, ProbeColumns } from "../sql/schema.ts";

/** Looks in the system catalog, which everybody may read. */
export const probeColumns: ProbeColumns = async (columns, session) => {
  const states = new Map<string, ColumnState>();
  for (const column of columns) {
    const [table, name] = column.split(".") as [string, string];
    const { rows } = await session.run(
      `SELECT pg_catalog.to_regclass($1) IS NOT NULL,
        a.attname IS NOT NULL,
        pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
        FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_attribute AS a
          ON a.attrelid = pg_catalog.to_regclass($2) AND a.attname = $3 AND NOT a.attisdropped`,
      [table, table, name],
    );
    const [hasTable, hasColumn, isReadable] = rows[0] ?? [];
    states.set(column, stateOf(hasTable === "t", hasColumn === "t", isReadable === "t"));
  }
  return states;
};

function stateOf(hasTable: boolean, hasColumn: boolean, isReadable: boolean): ColumnState {
  if (!hasTable) return "hidden";
  if (!hasColumn) return "missing";
  return isReadable ? "there" : "unreadable";
}
