/**
 * Decides whether a query of a table file may stand in a derived table, so that several keys go in one round trip.
 *
 * A list of what is known to be safe, not of what is known to break: whatever is not on it is sent alone, which is slower and
 * never wrong.
 */

/** A piece of the statement that is neither a comment nor white space. */
export interface Significant {
  /** SQL outside of quotes, a string literal, or a quoted name. */
  readonly kind: "code" | "string" | "name";
  readonly text: string;
  /** Whether an expansion stands in it. */
  readonly hasHole?: boolean;
}

// Clauses and functions whose meaning depends on being outermost, on running once, or on the session.
const unsafeWords = new Set([
  "BENCHMARK",
  "FOR",
  "FOUND_ROWS",
  "GET_LOCK",
  "HIGH_PRIORITY",
  "INTO",
  "LAST_INSERT_ID",
  "LASTVAL",
  "LOCK",
  "NEXTVAL",
  "ORDER",
  "PROCEDURE",
  "RAND",
  "RANDOM",
  "RELEASE_LOCK",
  "ROW_COUNT",
  "SETVAL",
  "SLEEP",
  "UUID",
  "UUID_SHORT",
  "VALUES",
  "WITH",
]);

// ORDER in GROUP_CONCAT(… ORDER BY …) is inside of parentheses and safe; so is every other word but functions there.
const safeWhenNested = new Set(["ORDER"]);

const lexeme = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[^\s\w]/g;

/**
 * Whether the statement is a SELECT of one column whose rows are the same inside of `SELECT … FROM (…) AS t`.
 *
 * One column, since a derived table cannot have two of one name. No expansion in its columns, nor in those of the SELECT that
 * it stands in, since what a bare parameter is in a UNION depends on the server. No order, no user variables, no executable
 * comments, nothing that counts its calls.
 */
export function canCombine(pieces: readonly Significant[]): boolean {
  let depth = 0;
  let first: string | undefined;
  const selects: OpenSelect[] = [];
  for (const piece of pieces) {
    if (piece.kind !== "code") {
      if (piece.hasHole && (selects.at(0)?.isListing || selects.at(-1)?.isListing)) return false;
      first ??= piece.text;
      continue;
    }
    if (piece.text.includes("/*") || piece.text.includes(":=") || piece.text.includes("@")) return false;
    for (const [text] of piece.text.matchAll(lexeme)) {
      const word = text.toUpperCase();
      first ??= word;
      if (unsafeWords.has(word) && !(depth > 0 && safeWhenNested.has(word))) return false;
      if (word.startsWith("SQL_")) return false;
      if (word === "(") depth++;
      else if (word === ")") {
        depth--;
        if (depth < 0) return false;
        while ((selects.at(-1)?.depth ?? 0) > depth) selects.pop();
      } else if (word === "SELECT") openSelect(selects, depth);
      else if (word === "FROM") closeList(selects, depth);
      else if (depth === 0 && selects.at(0)?.isListing && (word === "," || word === "*")) return false;
    }
  }
  return first === "SELECT" && depth === 0;
}

/** A SELECT whose parenthesis, if it stands in one, is still open. */
interface OpenSelect {
  readonly depth: number;
  /** Whether its columns are being listed: its FROM has not come yet. */
  isListing: boolean;
}

/** The second SELECT of a UNION takes the place of the first. */
function openSelect(selects: OpenSelect[], depth: number): void {
  if (selects.at(-1)?.depth === depth) selects.pop();
  selects.push({ depth, isListing: true });
}

/** FROM also stands in `SUBSTRING(x FROM 1)`, one parenthesis deeper than the SELECT. */
function closeList(selects: readonly OpenSelect[], depth: number): void {
  const innermost = selects.at(-1);
  if (innermost?.depth === depth) innermost.isListing = false;
}
