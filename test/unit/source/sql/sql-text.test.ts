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

  test("the pieces joined are the text, whatever it is", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", "\n", "'", '"', "`", "\\", "-", "/", "*", "#", "[", "]", "!"),
    });
    fc.assert(
      fc.property(text, fc.constantFrom<SqlDialect>("mysql", "sqlite"), (sql, dialect) => {
        expect(
          tokenizeSql(sql, dialect)
            .map((token) => token.text)
            .join(""),
        ).toBe(sql);
      }),
    );
  });
});
