/** Puts several questions into one statement of PostgreSQL. Pure. */
import type { ArmText } from "../sql/lookup.ts";
import { tokenizeSql } from "../sql/sql-text.ts";

/** How many questions may share a statement: planning one takes as long as running it, and grows with them. */
export const maxArms = 24;

/**
 * Writes the statement that asks all arms at once: a UNION ALL in which each arm carries its number, with the parameters numbered
 * through.
 *
 * Columns of different types cannot stand below each other, and a cast to text is not what the server writes for every type
 * (`true` for `t`, `10.0.0.1/32` for `10.0.0.1`, no blanks at the end of a `char`). `concat` of one value is: it writes as the
 * server does for its clients. It makes an empty string of NULL, which counts as little. Arms with fewer columns than others are
 * filled up.
 */
export function combineArms(arms: readonly ArmText[]): string {
  const width = Math.max(1, ...arms.map(({ columnCount }) => columnCount));
  let parameters = 0;
  const asked = arms.map(({ sql, columnCount }, i) => {
    const names = Array.from({ length: columnCount }, (_, column) => `c${column + 1}`);
    const columns = Array.from({ length: width }, (_, column) =>
      column < columnCount ? `concat(t.c${column + 1})` : "''",
    );
    const shifted = shiftParameters(sql, parameters);
    parameters += shifted.count;
    return `SELECT ${i} AS arm, ${columns.join(", ")} FROM (${shifted.sql}) AS t (${names.join(", ")})`;
  });
  return asked.join(" UNION ALL ");
}

/** Adds to the number of every parameter; `count` is the highest number before. */
function shiftParameters(sql: string, by: number): { readonly sql: string; readonly count: number } {
  let count = 0;
  const shifted = tokenizeSql(sql, "pgsql").map(({ kind, text }) => {
    if (kind !== "code") return text;
    return text.replaceAll(/(?<![\w$])\$(\d+)/g, (_, number: string) => {
      count = Math.max(count, Number(number));
      return `$${Number(number) + by}`;
    });
  });
  return { sql: shifted.join(""), count };
}
