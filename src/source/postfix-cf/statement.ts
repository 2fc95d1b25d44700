/**
 * Turns the query of a table file into a statement with parameters.
 *
 * Postfix pastes escaped text into the quotes that the query supplies. Here each quoted string that holds an expansion
 * becomes one parameter: its constant text, as the server would read it, with the raw parts of the key between. No part of a
 * key is ever SQL, and the server compares exactly what it would have compared.
 */
import { placeholderAt } from "../sql/named.ts";
import { type SqlDialect, type SqlToken, tokenizeSql } from "../sql/sql-text.ts";
import { canCombine, type Significant } from "./combinable.ts";
import type { Template } from "./expansions.ts";

/** A query with its parameters taken out. */
export interface Statement {
  /** One statement with `?` (or `$1`) placeholders, without comments and trailing `;`. */
  readonly sql: string;
  /** What each placeholder is bound to, in order. */
  readonly parameters: readonly Template[];
  /** See `Arm.isCombinable`. */
  readonly isCombinable: boolean;
  /** What Postfix does with it that its author may not expect; each is a whole sentence. */
  readonly warnings: readonly string[];
}

/** Why a query cannot be bound; each one sentence for its author. */
export interface StatementProblems {
  readonly problems: readonly [string, ...string[]];
}

// Stands for an expansion while the text is cut into tokens. A value of a table file holds no NUL (lines.ts).
const hole = "\0";

/** Compiles a query; what stands outside of quotes is kept as it is, but for comments. */
export function compileStatement(query: Template, dialect: SqlDialect): Statement | StatementProblems {
  const holes = query.filter((piece) => typeof piece !== "string");
  const text = query.map((piece) => (typeof piece === "string" ? piece : hole)).join("");
  const compiler = new Compiler(dialect, holes);
  for (const token of tokenizeSql(text, dialect)) compiler.take(token);
  return compiler.finish();
}

class Compiler {
  readonly #dialect: SqlDialect;
  readonly #holes: Template;
  readonly #problems: string[] = [];
  readonly #warnings: string[] = [];
  readonly #parameters: Template[] = [];
  readonly #significant: Significant[] = [];
  #sql = "";
  #filled = 0;
  /** Whether a `;` has ended the statement; only white space may follow. */
  #hasEnded = false;

  constructor(dialect: SqlDialect, holes: Template) {
    this.#dialect = dialect;
    this.#holes = holes;
  }

  take(token: SqlToken): void {
    if (!token.isClosed) this.#problems.push(`a ${token.kind === "comment" ? "comment" : "quote"} is never closed`);
    if (token.kind === "comment") this.#comment(token.text);
    else if (token.kind === "code") this.#code(token.text);
    else this.#quoted(token);
  }

  finish(): Statement | StatementProblems {
    const sql = this.#sql.trim();
    if (sql === "") this.#problems.push("holds no statement");
    const [first, ...rest] = new Set(this.#problems);
    if (first !== undefined) return { problems: [first, ...rest] };
    return {
      sql,
      parameters: this.#parameters,
      isCombinable: canCombine(this.#significant),
      warnings: this.#warnings,
    };
  }

  #comment(text: string): void {
    if (text.includes(hole)) this.#problems.push("an expansion stands in a comment");
    if (/^(?:#|--)/.test(text) && text.replace(/^(?:#|--)/, "").trim() !== "") {
      this.#warnings.push("everything after the comment is lost: Postfix makes one line of the query");
    }
    this.#skipHoles(text);
    this.#append(" ");
  }

  #code(text: string): void {
    if (text.includes(hole)) {
      this.#problems.push(
        "an expansion stands outside of quotes, where it would be pasted into the SQL; write '%s' with its quotes",
      );
    }
    this.#skipHoles(text);
    const parameter = ownPlaceholders[this.#dialect].exec(text)?.[0];
    if (parameter !== undefined)
      this.#problems.push(`"${parameter}" stands outside of quotes: it is no placeholder here`);
    const [statement = "", ...others] = text.split(";");
    if (this.#hasEnded) this.#afterEnd(text);
    else {
      this.#append(statement);
      if (statement.trim() !== "") this.#significant.push({ kind: "code", text: statement });
      if (others.length > 0) {
        this.#hasEnded = true;
        this.#afterEnd(others.join(" "));
      }
    }
  }

  /**
   * dict_mysql.c sends several statements and fails for their several results; dict_sqlite.c runs the first; with dict_pgsql.c
   * the last one answers, which a statement with parameters cannot do.
   */
  #afterEnd(text: string): void {
    if (text.trim() === "") return;
    const message = "holds more than one statement";
    if (this.#dialect !== "sqlite") this.#problems.push(message);
    else if (!this.#warnings.includes(message)) this.#warnings.push(message);
  }

  #quoted(token: SqlToken): void {
    const isName = token.text.startsWith("`") || token.text.startsWith("[");
    const isString = token.kind === "string" || (this.#dialect === "mysql" && !isName);
    const hasHole = token.text.includes(hole);
    if (this.#hasEnded) {
      this.#skipHoles(token.text);
      this.#afterEnd(token.text);
      return;
    }
    if (isString) this.#refuseNeighbours(hasHole);
    if (!hasHole) {
      this.#append(token.text);
    } else if (!isString) {
      this.#problems.push("an expansion stands in a quoted name; only '…' can hold one");
      this.#skipHoles(token.text);
    } else {
      const isEscaped = this.#takeEscapePrefix();
      this.#parameters.push(this.#contentOf(token.text, isEscaped));
      this.#appendPlaceholder();
    }
    this.#significant.push({ kind: isString ? "string" : "name", text: token.text, hasHole });
  }

  /** What stands before a string can change what it means, which no placeholder can express. */
  #refuseNeighbours(hasHole: boolean): void {
    const before = this.#significant.at(-1);
    if (before?.kind === "string" && this.#dialect === "mysql" && (hasHole || before.hasHole)) {
      this.#problems.push("two strings in a row are joined by MySQL; write them as one where one holds an expansion");
    }
    const prefix = meaningfulPrefixes[this.#dialect].exec(this.#sql)?.[1];
    if (prefix !== undefined && before?.kind === "code" && hasHole) {
      this.#problems.push(`"${prefix.trim()}" in front of a string with an expansion is not supported`);
    }
  }

  /** MySQL reads escapes in every string, PostgreSQL in `E'…'`, whose E is not part of the parameter. */
  #takeEscapePrefix(): boolean {
    if (this.#dialect === "mysql") return true;
    if (this.#dialect === "sqlite" || !/(?:^|[^\w$])E$/i.test(this.#sql)) return false;
    this.#sql = this.#sql.slice(0, -1);
    return true;
  }

  /** Reads a string with expansions as the server would: escapes undone, doubled quotes single. */
  #contentOf(text: string, isEscaped: boolean): Template {
    const quote = text.charAt(0);
    const pieces: Template[number][] = [];
    let constant = "";
    const addHole = () => {
      if (constant !== "") pieces.push(constant);
      constant = "";
      pieces.push(this.#nextHole());
    };
    // $tag$…$tag$ has neither escapes nor quotes.
    const edge = quote === "$" ? text.indexOf("$", 1) + 1 : 1;
    for (let i = edge; i < text.length - edge; i++) {
      const character = text.charAt(i);
      if (character === hole) addHole();
      else if (character === quote && quote !== "$") {
        constant += quote;
        i++;
      } else if (character === "\\" && isEscaped) {
        const { letters, length } = this.#unescaped(text, i + 1);
        constant += letters;
        i += length;
      } else constant += character;
    }
    if (constant !== "") pieces.push(constant);
    return pieces;
  }

  /** What an escape stands for; `at` is where the text after its backslash begins. */
  #unescaped(text: string, at: number): { readonly letters: string; readonly length: number } {
    const { letters, length } = readEscape(text, at, this.#dialect);
    if (text.charAt(at) === hole) {
      this.#problems.push("a backslash stands in front of an expansion");
      this.#nextHole();
    } else if (letters === undefined) {
      this.#problems.push("a byte beyond ASCII is written as an escape; write the letter itself");
    } else return { letters, length };
    return { letters: "", length };
  }

  #nextHole(): Template[number] {
    return this.#holes[this.#filled++] as Template[number];
  }

  #skipHoles(text: string): void {
    this.#filled += text.split(hole).length - 1;
  }

  #appendPlaceholder(): void {
    const placeholder = placeholderAt(this.#parameters.length, this.#dialect);
    // `LIKE'%s'` is a word and a string; `LIKE$1` would be one word to PostgreSQL.
    const isGlued = this.#dialect === "pgsql" && /[\w$\u0080-\uffff]$/.test(this.#sql);
    this.#append(isGlued ? ` ${placeholder}` : placeholder);
  }

  #append(text: string): void {
    this.#sql += text;
  }
}

/** What stands outside of quotes and the server would take for a parameter. */
const ownPlaceholders: Readonly<Record<SqlDialect, RegExp>> = {
  mysql: /\?/,
  pgsql: /(?<![\w$])\$\d/,
  sqlite: /\?|[:@$][A-Za-z_]/,
};

/** What makes something else of the string after it: a character set, a bit string, in PostgreSQL the name of a type. */
const meaningfulPrefixes: Readonly<Record<SqlDialect, RegExp>> = {
  mysql: /(?:^|[^\w$.])(_\w+\s*|[nxb]|@)$/i,
  pgsql:
    /(?:^|[^\w$.])(u&|[nxb]|(?:date|time|timestamp|timestamptz|interval|text|citext|varchar|name|inet|cidr|uuid|numeric|integer|int|bigint|boolean|bool|json|jsonb|bytea|regclass)\s+)$/i,
  sqlite: /(?:^|[^\w$.])(_\w+\s*|[nxb]|@)$/i,
};

const escapes: Readonly<Record<SqlDialect, Readonly<Record<string, string>>>> = {
  mysql: { "0": "\0", b: "\b", n: "\n", r: "\r", t: "\t", Z: "\x1a" },
  pgsql: { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" },
  sqlite: {},
};

/**
 * Reads what follows a backslash. MySQL: `\%` and `\_` keep their backslash, since LIKE needs it. PostgreSQL: characters by
 * their number and bytes by theirs, which are letters only in ASCII. An unknown escape is its letter.
 */
function readEscape(
  text: string,
  at: number,
  dialect: SqlDialect,
): { readonly letters: string | undefined; readonly length: number } {
  const letter = text.charAt(at);
  if (dialect === "mysql" && (letter === "%" || letter === "_")) return { letters: `\\${letter}`, length: 1 };
  const [number, octal, hexadecimal, ...unicode] =
    (dialect === "pgsql" && /^(?:([0-7]{1,3})|x([\da-f]{1,2})|u([\da-f]{4})|U([\da-f]{8}))/i.exec(text.slice(at))) ||
    [];
  if (number === undefined) return { letters: escapes[dialect][letter] ?? letter, length: 1 };
  const byte = octal ?? hexadecimal;
  const code = Number.parseInt(byte ?? unicode.join(""), octal === undefined ? 16 : 8);
  const isLetter = code > 0 && code <= (byte === undefined ? 0x10ffff : 0x7f);
  return { letters: isLetter ? String.fromCodePoint(code) : undefined, length: number.length };
}
