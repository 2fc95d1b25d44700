/** Looks for columns in MySQL or MariaDB, and tells one that is not there from one that the account may not read. */
import { SessionError } from "../session.ts";
import type { ColumnState, ProbeColumns, ProbeSession } from "../sql/schema.ts";

/** Looks for columns in `information_schema`, which lists what the account has some right to. */
export const probeColumns: ProbeColumns = async (columns, session) => {
  const tables = [...new Set(columns.map((column) => splitColumn(column).table))];
  const marks = tables.map(() => "?").join(", ");
  // Lists what the account has some right to, and nothing else.
  const { rows } = await session.run(
    `SELECT table_name, CONCAT(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (${marks})`,
    tables,
  );
  const [seenTables, seenColumns] = [0, 1].map((i) => new Set(rows.map((row) => row[i]?.toLowerCase()))) as [
    Set<string | undefined>,
    Set<string | undefined>,
  ];
  const states = new Map<string, ColumnState>();
  for (const column of columns) {
    const { table } = splitColumn(column);
    if (seenColumns.has(column.toLowerCase())) states.set(column, "there");
    else if (!seenTables.has(table.toLowerCase())) states.set(column, "hidden");
    else states.set(column, (await isUnreadable(column, session)) ? "unreadable" : "missing");
  }
  return states;
};

/**
 * Tells a column that may not be read from one that is not there. Asked plainly the server says the same of both (1143). In
 * a subquery a name that its table does not have is taken from outside, where it is; one that the table has is refused.
 */
async function isUnreadable(column: string, session: ProbeSession): Promise<boolean> {
  const { table, name } = splitColumn(column);
  try {
    await session.run(
      `SELECT (SELECT MAX(${name}) FROM ${table} WHERE FALSE) FROM (SELECT 1 AS ${name}) AS outside`,
      [],
    );
    return false;
  } catch (error) {
    if (error instanceof SessionError && error.kind === "statement" && session.isOpen) return true;
    throw error;
  }
}

function splitColumn(column: string): { readonly table: string; readonly name: string } {
  const [table, name] = column.split(".") as [string, string];
  return { table, name };
}
