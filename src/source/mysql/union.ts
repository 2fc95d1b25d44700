/** Puts several questions into one statement of MySQL or MariaDB. Pure. */
import type { ArmText } from "../sql/lookup.ts";

/**
 * How many questions may share a statement. MariaDB keeps a temporary table for every query with a UNION in it: up to some 24
 * in one statement each costs the same; from 32 on a statement takes several times as long (measured on 10.11).
 */
export const maxArms = 24;

/**
 * Writes the statement that asks all arms at once: each is an arm `SELECT <n>, t.* FROM (<sql>) AS t` of a UNION ALL and carries
 * its number; placeholders stay placeholders, in the order of the arms.
 *
 * A first arm without rows gives the columns their type: text, utf8mb4, by an explicit collation. Without it a source whose
 * tables differ in their collations could not be asked at all (error 1271), and numbers or dates would come back as such.
 * Arms with fewer columns than others are filled up with NULL.
 */
export function combineArms(arms: readonly ArmText[]): string {
  const width = Math.max(1, ...arms.map((arm) => arm.columnCount));
  const columns = Array.from({ length: width }, (_, i) => `_utf8mb4'' COLLATE utf8mb4_bin AS c${i + 1}`);
  const typing = `SELECT 0 AS arm, ${columns.join(", ")} FROM DUAL WHERE FALSE`;
  const asked = arms.map(({ sql, columnCount }, i) => {
    const padding = ", NULL".repeat(width - columnCount);
    return `SELECT ${i}, t.*${padding} FROM (${sql}) AS t`;
  });
  return [typing, ...asked].join(" UNION ALL ");
}

/**
 * Gives the columns of a listing their type in the same way; tables that differ in their collations could not be listed in one
 * statement otherwise. Still a union at the top, which the server sends as it goes; inside `FROM (…)` it would write everything to
 * a temporary table first.
 *
 * @param columnCount how many columns it has; `undefined` = not known, and the statement stays as it is
 */
export function typeListing(sql: string, columnCount: number | undefined): string {
  if (columnCount === undefined) return sql;
  const columns = Array.from({ length: columnCount }, () => "_utf8mb4'' COLLATE utf8mb4_bin");
  return `SELECT ${columns.join(", ")} FROM DUAL WHERE FALSE UNION ALL ${sql}`;
}
