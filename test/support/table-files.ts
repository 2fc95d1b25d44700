/** Table files of one SQL type, answered by loginmapd's reader and by Postfix itself (`postmap -q`) on the same database. */
import type { Database } from "../../src/model/source.ts";
import { answerTo, openSource } from "./fakes/open-source.ts";
import type { PostfixHome } from "./servers/postfix.ts";
import { postmapAll } from "./servers/postmap-all.ts";

/** Keys of every shape, of which the tests' rows have some. */
// biome-ignore format: a list of words
export const oddKeys: readonly string[] = [
  "a@b.c", "u@mail.example.com", "@example.com", "@mail.example.com", "plain", "u", "o'brien@b.c", "a\\b@b.c",
  '"two words"@b.c', "two words@b.c", "ü@b.c", "日本@b.c", "%@b.c", "_@b.c", "empty@b.c", "list@b.c", "x'u'@b.c", 'x"u"@b.c',
  "u+tag@b.c", "a@b@b.c", "nobody@b.c", "a@b..c", "a@.b", "a@b.", "a@c", "u@sub.mail.example.com", "' or '1'='1", "';--@b.c",
  "a@ex.com", "u@other.org", "@", "u@", "a@xn--exmple-cua.com", "\\", "'", "a@b.c'", "a@b.c\\",
];

/** What each side answers to the keys that it has. */
export interface Compared {
  readonly theirs: Readonly<Record<string, string>>;
  readonly ours: Readonly<Record<string, string>>;
}

/** The files of one test, and the databases that were opened for them. */
export class TableFiles {
  readonly #type: "mysql" | "pgsql";
  readonly #postfix: () => PostfixHome;
  readonly #textOf: (lines: string) => string;
  readonly #opened: Database[] = [];
  #count = 0;

  /**
   * @param postfix where the files are written; asked for when one is
   * @param textOf the whole file of what a test says of a table: with the connection before it
   */
  constructor(type: "mysql" | "pgsql", postfix: () => PostfixHome, textOf: (lines: string) => string) {
    this.#type = type;
    this.#postfix = postfix;
    this.#textOf = textOf;
  }

  /** Writes a file of its own for a table. @returns its path */
  write(lines: string): Promise<string> {
    return this.#postfix().writeTable(`${this.#type}-${this.#count++}.cf`, this.#textOf(lines));
  }

  /** The table as main.cf names it. */
  nameOf(file: string): string {
    return `${this.#type}:${file}`;
  }

  /** Opens a table file as the daemon does; `close` closes it. */
  open(file: string): Database {
    const database = this.#open(file);
    this.#opened.push(database);
    return database;
  }

  /** One answer by a database of its own: tests that run side by side must not close each other's. */
  async answerOnce(file: string, key: string): Promise<string | undefined> {
    const database = this.#open(file);
    try {
      return await answerTo(database, key);
    } finally {
      await database.close();
    }
  }

  /** What we answer to the keys, one after the other; those that have no owner are left out. */
  async allOurs(file: string, asked: readonly string[]): Promise<Record<string, string>> {
    const database = this.open(file);
    const found: Record<string, string> = {};
    for (const key of asked) {
      const answer = await answerTo(database, key);
      if (answer !== undefined) found[key] = answer;
    }
    return found;
  }

  /** What Postfix and what we answer to every key. */
  async compare(lines: string, asked: readonly string[]): Promise<Compared> {
    const file = await this.write(lines);
    return {
      theirs: await postmapAll(this.#postfix(), this.nameOf(file), asked),
      ours: await this.allOurs(file, asked),
    };
  }

  /** After each test. */
  async close(): Promise<void> {
    for (const database of this.#opened.splice(0)) await database.close();
  }

  #open(file: string): Database {
    const overrides = { poolSize: 2, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };
    const queries = { kind: "postfix_cf", file: this.nameOf(file), overrides } as const;
    return openSource({ connection: undefined, queries });
  }
}
