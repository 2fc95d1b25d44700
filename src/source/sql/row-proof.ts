/**
 * Finds out whether a query that a site wrote compares the whole address with what is in the database, or may have an answer for any
 * number of addresses (`… OR address = '@%d'`, LIKE, a function).
 *
 * Proves what it can and takes the rest for unproven: that costs room in the cache, and no answer.
 */
import type { Key } from "../../model/keys.ts";
import type { RowProof } from "../../model/source.ts";
import { type SqlDialect, tokenizeSql } from "./sql-text.ts";

/** A key by which the values of placeholders are told: no constant of a query holds its parts. */
export const sampleKey: Key = {
  email: "loginmapd-7c1f@sample-7c1f.invalid",
  user: "loginmapd-7c1f",
  domain: "sample-7c1f.invalid",
};

/** Whether a text was made from the sample, or from a part of it. */
export function holdsSample(text: string): boolean {
  return text.includes(sampleKey.user) || text.includes(sampleKey.domain);
}

// Signs for placeholders and for comparisons with them, which no code of a query holds: of the whole address, of its localpart, of
// its domain, and of anything else.
const [email, user, domain, other] = ["\u0001", "\u0002", "\u0003", "\u0004"] as const;
const [isEmail, isUser, isDomain] = ["\u0011", "\u0012", "\u0013"] as const;
const holes = /[\u0001-\u0004]/;

/**
 * What shows that an answer is of a row of its own.
 *
 * @param values of the placeholders for the sample key, in order
 * @param echoes whether what the query gives is put together with the key
 */
export function rowProofOf(sql: string, values: readonly string[], dialect: SqlDialect, echoes = false): RowProof {
  const text = signed(sql, values, dialect);
  if (isProven(text, dialect)) return "query";
  return echoes || givesOut(text) ? "none" : "owner";
}

/** The code of a query in capitals, its strings and names gone, its placeholders replaced by signs. */
function signed(sql: string, values: readonly string[], dialect: SqlDialect): string {
  const placeholder = dialect === "pgsql" ? /(?<![\w$])\$\d+(?:::\w+)?/g : /\?/g;
  let at = 0;
  return tokenizeSql(sql, dialect)
    .map(({ kind, text }) => {
      if (kind === "comment") return " ";
      if (kind !== "code") return " S ";
      return text.toUpperCase().replace(placeholder, () => signOf(values[at++] ?? ""));
    })
    .join("")
    .replaceAll(/\bIS\s+NOT\s+NULL\b/g, "");
}

function signOf(value: string): string {
  if (value.includes(sampleKey.email)) return email;
  if (value.includes(sampleKey.user)) return value.includes(sampleKey.domain) ? other : user;
  return value.includes(sampleKey.domain) ? domain : other;
}

/** Whether a parameter stands where columns are named: a query may give out what it was given. */
function givesOut(text: string): boolean {
  return text.split(/\bSELECT\b/).some((part) => holes.test(part.split(/\bFROM\b/)[0] as string));
}

/** Whether every way to a row leads over a comparison with the whole address. */
function isProven(text: string, dialect: SqlDialect): boolean {
  if (/\b(?:NOT|CASE|XOR|WITH|EXCEPT|INTERSECT)\b|\bIF\s*\(|\)\s*IS\b|![^=]/.test(text) || givesOut(text)) return false;
  let left = text
    .replaceAll(/\b(?:LOWER|UPPER|LCASE|UCASE)\s*\(\s*([\u0001-\u0003])\s*\)/g, "$1")
    .replaceAll(/\bIN\s*\(\s*([\u0001-\u0003])\s*\)/g, "= $1");
  if (/[\u0001-\u0004]\s*=+\s*[\u0001-\u0004]/.test(left)) return false;
  left = left
    .replaceAll(/(?<![<>!:])=+\s*([\u0001-\u0003])(?!\s*[|+\-*/%&^=<>:[])/g, (_, sign: string) => comparisonWith(sign))
    .replaceAll(/(?<=(?:\(|\bWHERE|\bAND|\bOR|\bON)\s*)([\u0001-\u0003])\s*=+/g, (_, sign: string) =>
      comparisonWith(sign),
    );
  if (/[\u0001\u0002\u0004]/.test(left)) return false;
  // The innermost parentheses first: each is what it proves.
  for (let before = ""; before !== left; ) {
    before = left;
    left = left.replace(
      /(\w*)\s*\(([^()]*)\)/,
      (_, word: string, inner: string) => `${word} ${provenBy(inner, word, dialect)} `,
    );
  }
  return provenBy(left, "", dialect).includes(isEmail);
}

function comparisonWith(sign: string): string {
  return { [email]: isEmail, [user]: isUser, [domain]: isDomain }[sign] as string;
}

/** What all alternatives of an expression compare with. Arguments of a function are alternatives, but for those of a subquery. */
function provenBy(text: string, word: string, dialect: SqlDialect): string {
  const isSelect = /^\s*SELECT\b/.test(text);
  const isCall = word !== "" && !isSelect && !/^(?:AND|OR|WHERE|ON|IN|EXISTS|FROM|JOIN|UNION|ALL|SELECT)$/.test(word);
  const between = dialect === "mysql" ? /\b(?:UNION|OR)\b|\|\|/ : /\b(?:UNION|OR)\b/;
  const alternatives = text.split(isCall ? /,/ : between).map(comparedIn);
  const all = [isEmail, isUser, isDomain].filter((one) =>
    alternatives.every((alternative) => alternative.includes(one)),
  );
  return all.join("");
}

/** What one alternative compares with: of a SELECT behind its columns, and with an outer join only what its WHERE says. */
function comparedIn(text: string): string {
  const from = text.search(/\bFROM\b/);
  const rows = /\bSELECT\b/.test(text) ? text.slice(from === -1 ? text.length : from) : text;
  const isOuter = /\b(?:LEFT|RIGHT|FULL)\b/.test(rows);
  const where = rows.search(/\bWHERE\b/);
  const compared = isOuter ? rows.slice(where === -1 ? rows.length : where) : rows;
  const isWhole = compared.includes(isEmail) || (compared.includes(isUser) && compared.includes(isDomain));
  return isWhole ? `${compared}${isEmail}` : compared;
}
