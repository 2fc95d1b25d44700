import { describe, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import type { Row } from "../../../../src/source/sql/arm.ts";
import { armOf, armOfQuery, key, parse, problemsOf, table } from "./table.ts";

const query = "SELECT 1 FROM t WHERE a='%s'";

/** What the table answers, as postmap prints it; `undefined` when the key is not looked up or nothing is left. */
function answer(lines: string, email: string, rows: readonly Row[]): string | undefined {
  const arm = armOf(table(lines));
  if (arm.bind(key(email)) === undefined) return undefined;
  return arm.collect(rows, key(email)).join(",") || undefined;
}

describe("expansions of a query (db_common.c)", () => {
  test.each([
    ["%s", "u@mail.example.com", "u@mail.example.com"],
    ["%S", "u@mail.example.com", "u@mail.example.com"],
    ["%u", "u@mail.example.com", "u"],
    ["%U", "u@mail.example.com", "u"],
    ["%d", "u@mail.example.com", "mail.example.com"],
    ["%D", "u@mail.example.com", "mail.example.com"],
    ["%1", "u@mail.example.com", "com"],
    ["%2", "u@mail.example.com", "example"],
    ["%3", "u@mail.example.com", "mail"],
    ["%u", "plain", "plain"],
    ["%s", "plain", "plain"],
    ["%s", "@example.com", "@example.com"],
    ["%d", "@example.com", "example.com"],
    ["%u", "a@b@example.com", "a@b"],
    ["%d", "a@b@example.com", "example.com"],
    ["%u", '"two words"@example.com', '"two words"'],
    ["%2-%1", "u@a..b", "a-b"],
    ["%2-%1", "u@.a.b.", "a-b"],
    ["@%d", "u@example.com", "@example.com"],
    ["%%@%s", "u@example.com", "%@u@example.com"],
    ["%u%%", "u@example.com", "u%"],
    ["%u+%u@%d", "u@example.com", "u+u@example.com"],
    ["%%", "u@example.com", undefined],
  ])("'%s' of %s", (text, email, expected) => {
    const arm = armOfQuery(`SELECT 1 FROM t WHERE a='${text}'`);
    expect(arm.bind(key(email))).toEqual(expected === undefined ? [] : [expected]);
  });

  test.each([
    ["%d needs a domain", "'%d'", "plain"],
    ["%D needs a domain", "'%D'", "plain"],
    ["%1 needs a domain", "'%1'", "plain"],
    ["%u needs a localpart where there is an @", "'%u'", "@example.com"],
    ["%U needs a localpart where there is an @", "'%U'", "@example.com"],
    ["%u and %d need both", "'%u' AND b='%d'", "plain"],
    ["%4 needs four labels", "'%4'", "u@mail.example.com"],
    ["empty labels do not count", "'%2'", "u@.b"],
    ["the highest label decides", "'%1' AND b='%3'", "u@example.com"],
  ])("suppression: %s", (_rule, text, email) => {
    expect(armOfQuery(`SELECT 1 FROM t WHERE a=${text}`).bind(key(email))).toBeUndefined();
  });

  test("a part outside of the statement that runs suppresses too, as in Postfix", () => {
    const arm = armOf(parse("dbpath = /d\nquery = SELECT 1 FROM t WHERE a='%s'; SELECT '%d'\n"));
    expect(arm.bind(key("plain"))).toBeUndefined();
  });

  test.each(["'%x'", "'%'", "'%0'", "'%"])("%s is an invalid template", (text) => {
    expect(problemsOf(() => armOfQuery(`SELECT 1 FROM t WHERE a=${text}`))[0]).toMatch(/^query: "%.?" is no expansion/);
  });
});

describe("result_format", () => {
  test("expands the parts of cell and key", () => {
    const lines = `query = ${query}\nresult_format = %u|%d|%S|%U|%D|%1|%2`;
    expect(answer(lines, "a@b.c", [["x@y.z"], ["plain"]])).toBe("x|y.z|a@b.c|a|b.c|c|b");
  });

  test.each([
    ["%u of a cell without @ is the cell; @domain has none", "<%u>", [["x@y.z"], ["plain"], ["@dom"]], "<x>,<plain>"],
    ["%d of a cell without domain skips it", "%d", [["x@y.z"], ["plain"], ["x@"]], "y.z"],
    ["%u of a cell that ends in @", "<%u>", [["x@"]], "<x>"],
    ["%% is a percent sign", "%%%s", [["x"]], "%x"],
    ["NULL and empty cells are skipped", "<%s>", [[null], [""], ["x"]], "<x>"],
    [
      "every column of a row counts",
      "%s",
      [
        ["a", null, "b"],
        ["c", "", "d"],
      ],
      "a,b,c,d",
    ],
    ["a cell is taken as it is", "%s", [[" a , b "]], " a , b "],
    ["nothing is not found", "%s", [], undefined],
    ["nothing but NULL is not found", "%s", [[null]], undefined],
  ] as const)("%s", (_rule, format, rows, expected) => {
    expect(answer(`query = ${query}\nresult_format = ${format}`, "u@example.com", rows)).toBe(expected);
  });

  test.each([
    ["%s@%D", "plain"],
    ["%1", "plain"],
    ["%U", "@example.com"],
    ["%3", "u@example.com"],
  ])("%s suppresses the lookup of %s", (format, email) => {
    expect(armOfQuery(query, `result_format = ${format}`).bind(key(email))).toBeUndefined();
  });

  test.each([
    ["%u", "@example.com"],
    ["%d", "plain"],
  ])("%s, being about the cell, does not suppress the lookup of %s", (format, email) => {
    expect(armOfQuery(query, `result_format = ${format}`).bind(key(email))).toEqual([email]);
  });

  test("an invalid one is fatal", () => {
    expect(problemsOf(() => armOfQuery(query, "result_format = %s%"))).toEqual([
      'result_format: "%" is no expansion: expected %% %s %u %d %S %U %D or %1 to %9 (t.cf line 3)',
    ]);
  });
});

describe("expansion_limit", () => {
  const rows = [["1", "2"]];

  test("above it there is no answer", () => {
    const arm = armOfQuery(query, "expansion_limit = 1");
    expect(() => arm.collect(rows, key("u@example.com"))).toThrow(SourceError);
    expect(() => arm.collect(rows, key("u@example.com"))).toThrow(
      expect.objectContaining({ code: "ERR_SOURCE_RESULT", message: "more than expansion_limit = 1 values" }),
    );
  });

  test.each(["2", "0", "-3"])("%s lets two cells through", (limit) => {
    expect(armOfQuery(query, `expansion_limit = ${limit}`).collect(rows, key("u@e"))).toEqual(["1", "2"]);
  });

  test("a cell with commas is one", () => {
    expect(armOfQuery(query, "expansion_limit = 1").collect([["a,b,c"]], key("u@e"))).toEqual(["a,b,c"]);
  });

  test("cells that are skipped do not count", () => {
    const arm = armOfQuery(query, "expansion_limit = 1\nresult_format = %d");
    expect(
      arm.collect(
        [
          [null, ""],
          ["plain", "a@b"],
        ],
        key("u@e"),
      ),
    ).toEqual(["b"]);
  });
});

describe("a sqlite_table(5)", () => {
  test("answers with the first column only", () => {
    const arm = armOf(parse(`dbpath = /d\nquery = ${query}\n`));
    expect(arm.collect([["a", "b"], [null, "c"], ["d", "e"], []], key("u@e"))).toEqual(["a", "d"]);
  });

  test("counts the first column only", () => {
    const arm = armOf(parse(`dbpath = /d\nexpansion_limit = 1\nquery = ${query}\n`));
    expect(arm.collect([["a", "b"]], key("u@e"))).toEqual(["a"]);
  });
});
