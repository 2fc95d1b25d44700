/**
 * The reader of table files under text of every kind: it understands a file or says why not, and a key is never SQL.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ConfigError } from "../../src/model/errors.ts";
import type { Key } from "../../src/model/keys.ts";
import { parsePostfixCf } from "../../src/source/postfix-cf/index.ts";
import { tokenizeSql } from "../../src/source/sql/sql-text.ts";
import { cfFragments, cfNames, checkPostfixCf, sqlPlan } from "../support/postfix-cf-check.ts";

const corpusFolder = join(import.meta.dirname, "corpus", "postfix-cf");
const corpus = readdirSync(corpusFolder).map((name) => readFileSync(join(corpusFolder, name), "latin1"));

/** Text of a table file, mostly of the right shape. */
const file = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: assignment() },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(...cfFragments)).map((parts) => parts.join("")) },
      { weight: 1, arbitrary: fc.constantFrom("# note", "", "   ", "\tcontinued", "broken line") },
    ),
    { maxLength: 12 },
  )
  .map((lines) => lines.join("\n"));

function assignment() {
  return fc
    .tuple(
      fc.constantFrom(...cfNames),
      fc.constantFrom(" = ", "=", " ", "\t=\t"),
      fc.array(fc.constantFrom(...cfFragments)),
    )
    .map(([name, equals, value]) => name + equals + value.join(""));
}

/** A file of the corpus with a few pieces cut out, doubled or put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...corpus),
    fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.constantFrom("", ...cfFragments)), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, cuts]) =>
    cuts.reduce((current, [position, length, put]) => {
      const at = position % (current.length + 1);
      return current.slice(0, at) + put + current.slice(at + length);
    }, text),
  );

const localparts = fc.oneof(
  fc.string({ unit: "binary", minLength: 0, maxLength: 12 }),
  fc.constantFrom("o'brien", "a\\", "%", "_", '"two words"', "x';--", "?", "日本", ""),
);
const keys: fc.Arbitrary<Key> = fc
  .tuple(localparts, fc.constantFrom("", "example.com", "mail.example.com", "a", "..a", "xn--exmple-cua.com"))
  .filter(([user, domain]) => user !== "" || domain !== "")
  .map(([user, domain]) => ({ email: domain === "" ? user : `${user}@${domain}`, user, domain }));

describe("the reader of table files", () => {
  test.each([
    ["text of the right shape", file],
    ["mutated files of the corpus", mutated],
    ["any text", fc.string({ unit: "binary", maxLength: 200 })],
  ])("yields a table or throws a ConfigError, for %s", (_kind, texts) => {
    fc.assert(
      fc.property(texts, keys, (text, key) => void checkPostfixCf(text, key)),
      { numRuns: 3000 },
    );
  });

  test("the corpus itself is read as it always was", () => {
    // What the fuzzer kept is named by its hash.
    const named = readdirSync(corpusFolder).filter((name) => !/^[0-9a-f]{12}\./.test(name));
    const outcomes = named.map((name) => {
      try {
        parsePostfixCf(readFileSync(join(corpusFolder, name), "utf8"), name, { readFile: () => "" });
        return `${name} ok`;
      } catch (error) {
        return `${name} ${(error as ConfigError).problems.length} problems`;
      }
    });
    expect(outcomes).toEqual([
      "broken.cf 3 problems",
      "iredmail.cf ok",
      "legacy.cf ok",
      "mailcow.cf ok",
      "options.cf ok",
      "pgsql.cf ok",
      "sqlite.cf ok",
      "windows.cf 1 problems",
    ]);
  });
});

test.each(readdirSync(corpusFolder))("the kept corpus of the fuzzer holds: %s", (name) => {
  const text = readFileSync(join(corpusFolder, name), "utf8");
  for (const key of [
    { email: "o'brien@mail.example.com", user: "o'brien", domain: "mail.example.com" },
    { email: "@a", user: "", domain: "a" },
    { email: "日本", user: "日本", domain: "" },
  ])
    checkPostfixCf(text, key);
});

describe("binding", () => {
  /** Strings with expansions among constant SQL, so that most of them can be bound. */
  const constant = fc.constantFrom(
    "x",
    "@",
    "-",
    "%%",
    "''",
    "\\'",
    "\\\\",
    "\\%%",
    "_",
    "é",
    "?",
    ";",
    "--",
    "/*",
    '"',
    "\\n",
    "\\0",
    "\\t",
    "\\b",
    "\\q",
  );
  const expansion = fc.constantFrom("%s", "%u", "%d", "%S", "%U", "%D", "%1");
  const literal = fc
    .array(fc.oneof(constant, expansion), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join(""))
    .filter((text) => !/\\%[sudSUD1]/.test(text.replace(/\\\\/g, "").replace(/%%/g, "")));
  const template = fc
    .array(literal, { minLength: 1, maxLength: 4 })
    .map((literals) => `SELECT a FROM t WHERE ${literals.map((text, i) => `c${i} = '${text}'`).join(" OR ")}`);

  test("sends the server what pasting escaped text would have made of the query", () => {
    let bound = 0;
    fc.assert(
      fc.property(template, keys, (query, key) => {
        const arm = sqlPlan(parsePostfixCf(`dbname = d\nquery = ${query}\n`, "t.cf")).arms(new Set()).roles.address;
        const values = arm?.bind(key);
        if (arm === undefined || values === undefined) return;
        bound++;
        expect(meaning(arm.sql, values)).toEqual(meaning(pasted(query, key), []));
      }),
      { numRuns: 3000 },
    );
    expect(bound).toBeGreaterThan(1000);
  });

  test("PostgreSQL: no key enters the SQL, and each string with an expansion is one parameter", () => {
    const strings = fc
      .array(fc.oneof(fc.constantFrom("x", "@", "%%", "''", "\\", "$", "é", ";", "--", "/*"), expansion), {
        minLength: 1,
      })
      .map((parts) => `'${parts.join("")}'`);
    const forms = fc.oneof(
      strings,
      expansion.map((one) => `$$${one}$$`),
      expansion.map((one) => `E'\\'${one}'`),
    );
    fc.assert(
      fc.property(fc.array(forms, { minLength: 1, maxLength: 4 }), keys, (literals, key) => {
        const query = `SELECT a FROM t WHERE ${literals.map((text, i) => `c${i} = ${text}`).join(" OR ")}`;
        const table = parsePostfixCf(`dbname = d\nquery = ${query}\n`, "t.cf", { type: "pgsql" });
        const arm = sqlPlan(table).arms(new Set()).roles.address;
        const values = arm?.bind({ ...key, domain: "mark.example" });
        const withHole = literals.filter((text) => /%[sudSUD1]/.test(text.replaceAll("%%", "")));
        if (values !== undefined) expect(values).toHaveLength(withHole.length);
        expect(arm?.sql.match(/= \$\d+/g) ?? []).toHaveLength(withHole.length);
        expect(arm?.sql).not.toContain("mark.example");
      }),
    );
  });

  test("never lets a key into the SQL", () => {
    fc.assert(
      fc.property(template, keys, (query, key) => {
        const arm = sqlPlan(parsePostfixCf(`dbname = d\nquery = ${query}\n`, "t.cf")).arms(new Set()).roles.address;
        const before = arm?.sql;
        arm?.bind(key);
        expect(arm?.sql).toBe(before);
        const marked = `zq${key.user}qz@mark.example`;
        arm?.bind({ email: marked, user: `zq${key.user}qz`, domain: "mark.example" });
        expect(arm?.sql).not.toContain("zq");
      }),
    );
  });
});

/** Expands as Postfix does: the escapes of mysql_real_escape_string(3), pasted into the quotes of the template. */
function pasted(query: string, { email, user, domain }: Key): string {
  const parts: Readonly<Record<string, string>> = { s: email, u: user, d: domain };
  const escaped = (text: string) =>
    text.replace(/[\0\n\r\\'"\x1a]/g, (c) => `\\${{ "\0": "0", "\n": "n", "\r": "r", "\x1a": "Z" }[c] ?? c}`);
  return query.replace(/%(.)/g, (_, letter: string) => {
    if (letter === "%") return "%";
    if (letter === "1") return escaped(domain.split(".").filter(Boolean).at(-1) as string);
    return escaped(parts[letter.toLowerCase()] as string);
  });
}

/** What the server makes of a statement: its code, and the value of each string or parameter. */
function meaning(sql: string, values: readonly string[]): string[] {
  const left = [...values];
  return tokenizeSql(sql, "mysql").flatMap((token) => {
    if (token.kind === "string") return [`= ${contentOf(token.text)}`];
    return token.text
      .split(/(\?)/)
      .map((part) => (part === "?" ? `= ${left.shift()}` : part))
      .filter((part) => part !== "");
  });
}

function contentOf(literal: string): string {
  const escapes: Readonly<Record<string, string>> = {
    "0": "\0",
    n: "\n",
    r: "\r",
    t: "\t",
    b: "\b",
    Z: "\x1a",
    "%": "\\%",
    _: "\\_",
  };
  return literal
    .slice(1, -1)
    .replace(/''|\\([\s\S])/g, (found, letter?: string) =>
      letter === undefined ? found.charAt(0) : (escapes[letter] ?? letter),
    );
}
