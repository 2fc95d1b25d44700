import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SqlDialect, tokenizeSql } from "../../../../src/source/sql/sql-text.ts";

function pieces(sql: string, dialect: SqlDialect): string[] {
  return tokenizeSql(sql, dialect).map(({ kind, text, isClosed }) => `${kind}${isClosed ? "" : "!"} ${text}`);
}

describe("tokenizeSql", () => {
  test.each([
    ["strings with doubled quotes", "a = 'it''s' b", ["code a = ", "string 'it''s'", "code  b"]],
    ["quoted names of both kinds", '`a``b` "c""d"', ["quoted `a``b`", "code  ", 'quoted "c""d"']],
    ["block comments", "a /* ' */ b", ["code a ", "comment /* ' */", "code  b"]],
    ["line comments up to the end of the line", "a -- ' :x\nb", ["code a ", "comment -- ' :x", "code \nb"]],
    ["a comment that ends the text", "a --", ["code a ", "comment --"]],
    ["an unclosed string", "a 'b", ["code a ", "string! 'b"]],
    ["an unclosed comment", "a /* b", ["code a ", "comment! /* b"]],
  ])("%s are told apart in both dialects", (_, sql, expected) => {
    expect(pieces(sql, "mysql")).toEqual(expected);
    expect(pieces(sql, "sqlite")).toEqual(expected);
  });

  test.each([
    [
      "a backslash escapes a quote in MySQL alone",
      "'a\\'b'",
      ["string 'a\\'b'"],
      ["string 'a\\'", "code b", "string! '"],
    ],
    ["# begins a comment in MySQL alone", "a #'", ["code a ", "comment #'"], ["code a #", "string! '"]],
    ["-- without white space is no comment in MySQL", "1--1", ["code 1--1"], ["code 1", "comment --1"]],
    ["[…] quotes a name in SQLite alone", "[a'b]", ["code [a", "string! 'b]"], ["quoted [a'b]"]],
    [
      "executable comments are code in MySQL",
      "/*! a */ /*M! b */",
      ["code /*! a */ /*M! b */"],
      ["comment /*! a */", "code  ", "comment /*M! b */"],
    ],
    ["optimizer hints are code in MySQL", "/*+ a */", ["code /*+ a */"], ["comment /*+ a */"]],
  ])("%s", (_, sql, mysql, sqlite) => {
    expect(pieces(sql, "mysql")).toEqual(mysql);
    expect(pieces(sql, "sqlite")).toEqual(sqlite);
  });

  test.each([
    ["a backslash is a letter", "'a\\' b", ["string 'a\\'", "code  b"]],
    ["but in E'…' it escapes", "E'a\\'b' e'\\'' c", ["code E", "string 'a\\'b'", "code  e", "string '\\''", "code  c"]],
    ["a name that ends in e is no E", "type'a\\' b", ["code type", "string 'a\\'", "code  b"]],
    ["$$…$$ and $tag$…$tag$ are strings", "$$a'b$$ $t$ $$ $t$", ["string $$a'b$$", "code  ", "string $t$ $$ $t$"]],
    ["$1 and a$b$ are none", "$1 = a$b$ 'x'", ["code $1 = a$b$ ", "string 'x'"]],
    ["comments nest", "a /* b /* c */ ' */ d", ["code a ", "comment /* b /* c */ ' */", "code  d"]],
    ["a comment inside of one that is not closed leaves both open", "/* a /* b */", ["comment! /* a /* b */"]],
    ["[ and ` are operators, # too", "a[1] # `", ["code a[1] # `"]],
    ["-- needs no white space", "1--1\n+1", ["code 1", "comment --1", "code \n+1"]],
    ['"…" is a name', '"a\\" b', ['quoted "a\\"', "code  b"]],
    ["an unclosed dollar quote", "$a$ b $A$", ["string! $a$ b $A$"]],
  ])("PostgreSQL: %s", (_, sql, expected) => {
    expect(pieces(sql, "pgsql")).toEqual(expected);
  });

  test("the pieces joined are the text, whatever it is", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", "\n", "'", '"', "`", "\\", "-", "/", "*", "#", "[", "]", "!", "$", "E"),
    });
    fc.assert(
      fc.property(text, fc.constantFrom<SqlDialect>("mysql", "pgsql", "sqlite"), (sql, dialect) => {
        expect(
          tokenizeSql(sql, dialect)
            .map((token) => token.text)
            .join(""),
        ).toBe(sql);
      }),
    );
  });
});
