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

const lexemes = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[^\s\w]/g;

/**
 * Whether the statement is a SELECT of one column whose rows are the same inside of `SELECT … FROM (…) AS t`.
 *
 * One column, since a derived table cannot have two of one name. No expansion in its columns, nor in those of the SELECT that
 * it stands in, since what a bare parameter is in a UNION depends on the server. No order, no user variables, no executable
 * comments, nothing that counts its calls.
 */
export function canCombine(pieces: readonly Significant[]): boolean {
  const scan = new Scan();
  return pieces.every((piece) => scan.takes(piece)) && scan.isSelect;
}

/** A SELECT whose parenthesis, if it stands in one, is still open. */
interface OpenSelect {
  readonly depth: number;
  /** Whether its columns are being listed: its FROM has not come yet. */
  isListing: boolean;
}

/** Reads a statement piece by piece, and says at the first one that makes it unsafe. */
class Scan {
  #depth = 0;
  #first: string | undefined;
  readonly #selects: OpenSelect[] = [];

  /** Whether what was read is one whole SELECT. */
  get isSelect(): boolean {
    return this.#first === "SELECT" && this.#depth === 0;
  }

  /** @returns whether the statement may still be combined */
  takes({ kind, text, hasHole }: Significant): boolean {
    if (kind === "code") return this.#takesCode(text);
    this.#first ??= text;
    return hasHole !== true || !(this.#isListing(0) || this.#isListing(-1));
  }

  #takesCode(text: string): boolean {
    if (text.includes("/*") || text.includes(":=") || text.includes("@")) return false;
    for (const [lexeme] of text.matchAll(lexemes)) if (!this.#takesWord(lexeme.toUpperCase())) return false;
    return true;
  }

  #takesWord(word: string): boolean {
    this.#first ??= word;
    const isSafeHere = this.#depth > 0 && safeWhenNested.has(word);
    if (word.startsWith("SQL_") || (unsafeWords.has(word) && !isSafeHere)) return false;
    switch (word) {
      case "(":
        this.#depth++;
        return true;
      case ")":
        return this.#closes();
      case "SELECT":
        this.#opensSelect();
        return true;
      case "FROM":
        this.#closesList();
        return true;
      case ",":
      case "*":
        // A second column, or who knows how many.
        return this.#depth > 0 || !this.#isListing(0);
      default:
        return true;
    }
  }

  #isListing(index: 0 | -1): boolean {
    return this.#selects.at(index)?.isListing === true;
  }

  #closes(): boolean {
    this.#depth--;
    while ((this.#selects.at(-1)?.depth ?? 0) > this.#depth && this.#selects.length > 0) this.#selects.pop();
    return this.#depth >= 0;
  }

  /** The second SELECT of a UNION takes the place of the first. */
  #opensSelect(): void {
    if (this.#selects.at(-1)?.depth === this.#depth) this.#selects.pop();
    this.#selects.push({ depth: this.#depth, isListing: true });
  }

  /** FROM also stands in `SUBSTRING(x FROM 1)`, one parenthesis deeper than the SELECT. */
  #closesList(): void {
    const innermost = this.#selects.at(-1);
    if (innermost?.depth === this.#depth) innermost.isListing = false;
  }
}
