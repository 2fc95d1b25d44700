/** The tables that a query reads, and what it compares in them. */
import { type SqlDialect, tokenizeSql } from "./sql-text.ts";

/**
 * Gives the tables that `names`, as EXPLAIN gives them, stand for: `FROM mailbox AS m` is `mailbox`, which its administrator
 * knows. A name that stands for no table, or for several, stays as it is.
 */
export function tablesBehind(names: readonly string[], sql: string, dialect: SqlDialect): readonly string[] {
  const text = withoutStrings(sql, dialect);
  const named = new Map<string, Set<string>>();
  for (const [, table = "", alias = ""] of text.matchAll(/\b(?:FROM|JOIN)\s+([\w$.`"]+)\s+(?:AS\s+)?[`"]?([\w$]+)/gi))
    named.set(alias, (named.get(alias) ?? new Set()).add(table.replaceAll(/[`"]/g, "")));
  const tables = names.map((name) => {
    const [table, ...others] = named.get(name) ?? [];
    return table === undefined || others.length > 0 ? name : table;
  });
  return [...new Set(tables)];
}

/** Gives the tables that a query names after FROM and JOIN, as it writes them; for a subquery in their place, those in it. */
export function tablesIn(sql: string, dialect: SqlDialect): readonly string[] {
  const lists = withoutStrings(sql, dialect).matchAll(
    /\b(?:FROM|JOIN)\s+([^()]+?)(?=\s*(?:[();]|$)|\s(?:WHERE|ON|USING|INNER|LEFT|RIGHT|CROSS|NATURAL|JOIN|GROUP|ORDER|HAVING|LIMIT|UNION|EXCEPT|INTERSECT)\b)/gi,
  );
  const names = [...lists].flatMap(([, list = ""]) =>
    list.split(",").map((entry) => entry.trim().split(/\s/)[0] ?? ""),
  );
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Gives every word of a query outside of what it selects, lower case: the names of the columns that it compares are among them. */
export function conditionWords(sql: string, dialect: SqlDialect): ReadonlySet<string> {
  const conditions = withoutStrings(sql, dialect).replaceAll(/\bSELECT\b[\s\S]*?\bFROM\b/gi, " ");
  return new Set((conditions.match(/[\w$\x80-\uffff]+/g) ?? []).map((word) => word.toLowerCase()));
}

function withoutStrings(sql: string, dialect: SqlDialect): string {
  return tokenizeSql(sql, dialect)
    .map(({ kind, text }) => (kind === "string" || kind === "comment" ? " " : text))
    .join("");
}
