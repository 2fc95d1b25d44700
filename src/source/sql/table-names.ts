/** The tables behind the names by which a query calls them. */
import { type SqlDialect, tokenizeSql } from "./sql-text.ts";

/**
 * Gives the tables that `names`, as EXPLAIN gives them, stand for: `FROM mailbox AS m` is `mailbox`, which its administrator
 * knows. A name that stands for no table, or for several, stays as it is.
 */
export function tablesBehind(names: readonly string[], sql: string, dialect: SqlDialect): readonly string[] {
  const text = tokenizeSql(sql, dialect)
    .map(({ kind, text: piece }) => (kind === "string" || kind === "comment" ? " " : piece))
    .join("");
  const named = new Map<string, Set<string>>();
  for (const [, table = "", alias = ""] of text.matchAll(/\b(?:FROM|JOIN)\s+([\w$.`"]+)\s+(?:AS\s+)?[`"]?([\w$]+)/gi))
    named.set(alias, (named.get(alias) ?? new Set()).add(table.replaceAll(/[`"]/g, "")));
  const tables = names.map((name) => {
    const [table, ...others] = named.get(name) ?? [];
    return table === undefined || others.length > 0 ? name : table;
  });
  return [...new Set(tables)];
}
