/**
 * Gives a parameter the type `text` where the server cannot tell its type from its place: in a function that takes values of any
 * type, as `CONCAT($1, '@', $2)`.
 *
 * Everywhere else the place decides, as it does for the literal that Postfix writes there: with `citext = $1` the letters' case
 * does not count, with `citext = $1::text` it would.
 */
import type { SessionError } from "../session.ts";
import { tokenizeSql } from "../sql/sql-text.ts";

/** Remembers for the statements of one source which of their parameters need a type. */
export class ParameterTypes {
  readonly #typed = new Map<string, string>();

  /** The statement with the types that were found to be missing so far. */
  of(sql: string): string {
    return this.#typed.get(sql) ?? sql;
  }

  /**
   * Does something with a statement, adding types until the server knows that of each parameter.
   *
   * @throws what `work` throws for another reason
   */
  async known<T>(sql: string, work: (typed: string) => Promise<T>): Promise<T> {
    for (;;) {
      const typed = this.of(sql);
      try {
        return await work(typed);
      } catch (error) {
        const next = withType(typed, parameterWithoutType(error));
        if (next === typed) throw error;
        this.#typed.set(sql, next);
      }
    }
  }
}

/** The number that the server names in "could not determine data type of parameter $1" (42P18), in whatever language. */
function parameterWithoutType(error: unknown): string | undefined {
  const { code, message } = ((error as SessionError | undefined)?.cause ?? {}) as Record<string, unknown>;
  if (code !== "42P18" || typeof message !== "string") return undefined;
  return /\$(\d+)/.exec(message)?.[1];
}

function withType(sql: string, parameter: string | undefined): string {
  if (parameter === undefined) return sql;
  return tokenizeSql(sql, "pgsql")
    .map(({ kind, text }) => (kind === "code" ? text.replaceAll(parameterPattern, typedIfIt(parameter)) : text))
    .join("");
}

// Not `a$1`, which is a name.
const parameterPattern = /(?<![\w$])\$(\d+)(?!\d|::text)/g;

function typedIfIt(parameter: string): (found: string, number: string) => string {
  return (found, number) => (number === parameter ? `${found}::text` : found);
}
