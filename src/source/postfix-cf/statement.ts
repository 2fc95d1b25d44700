/**
 * Turns the query of a table file into a statement with parameters.
 *
 * Postfix pastes escaped text into the quotes that the query supplies. Here each quoted string that holds an expansion
 * becomes one parameter: its constant text, as the server would read it, with the raw parts of the key between. No part of a
 * key is ever SQL, and the server compares exactly what it would have compared.
 */
import { type SqlDialect, type SqlToken, tokenizeSql } from "../sql/sql-text.ts";
import { canCombine, type Significant } from "./combinable.ts";
import type { Template } from "./expansions.ts";

/** A query with its parameters taken out. */
export interface Statement {
  /** One statement with `?` placeholders, without comments and trailing `;`. */
  readonly sql: string;
  /** What each placeholder is bound to, in order. */
  readonly parameters: readonly Template[];
  /** See `Arm.isCombinable`. */
  readonly isCombinable: boolean;
  /** What Postfix does with it that its author may not expect; each completes nothing and is one sentence. */
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
    const parameter = (this.#dialect === "sqlite" ? /\?|[:@$][A-Za-z_]/ : /\?/).exec(text)?.[0];
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

  /** dict_mysql.c sends several statements and fails for their several results; dict_sqlite.c runs the first. */
  #afterEnd(text: string): void {
    if (text.trim() === "") return;
    const message = "holds more than one statement";
    if (this.#dialect === "mysql") this.#problems.push(message);
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
      this.#parameters.push(this.#contentOf(token.text));
      this.#append("?");
    }
    this.#significant.push({ kind: isString ? "string" : "name", text: token.text, hasHole });
  }

  /** What stands before a string can change what it means, which no placeholder can express. */
  #refuseNeighbours(hasHole: boolean): void {
    const before = this.#significant.at(-1);
    if (before?.kind === "string" && this.#dialect === "mysql" && (hasHole || before.hasHole)) {
      this.#problems.push("two strings in a row are joined by MySQL; write them as one where one holds an expansion");
    }
    const prefix = /(?:^|[^\w$.])(_\w+\s*|[nxb]|@)$/i.exec(this.#sql)?.[1];
    if (prefix !== undefined && before?.kind === "code" && hasHole) {
      this.#problems.push(`"${prefix.trim()}" in front of a string with an expansion is not supported`);
    }
  }

  /** Reads a string with expansions as the server would: escapes undone, doubled quotes single. */
  #contentOf(text: string): Template {
    const quote = text.charAt(0);
    const pieces: Template[number][] = [];
    let constant = "";
    for (let i = 1; i < text.length - 1; i++) {
      const character = text.charAt(i);
      if (character === hole) {
        if (constant !== "") pieces.push(constant);
        constant = "";
        pieces.push(this.#nextHole());
      } else if (character === quote) {
        constant += quote;
        i++;
      } else if (character === "\\" && this.#dialect === "mysql") constant += this.#unescaped(text.charAt(++i));
      else constant += character;
    }
    if (constant !== "") pieces.push(constant);
    return pieces;
  }

  #unescaped(character: string): string {
    if (character !== hole) return unescapeLetter(character);
    this.#problems.push("a backslash stands in front of an expansion");
    this.#nextHole();
    return "";
  }

  #nextHole(): Template[number] {
    return this.#holes[this.#filled++] as Template[number];
  }

  #skipHoles(text: string): void {
    this.#filled += text.split(hole).length - 1;
  }

  #append(text: string): void {
    this.#sql += text;
  }
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\x1a",
};

/** MySQL string literals: `\%` and `\_` keep their backslash, since LIKE needs it; an unknown escape is its letter. */
function unescapeLetter(letter: string): string {
  if (letter === "%" || letter === "_") return `\\${letter}`;
  return escapes[letter] ?? letter;
}
