import { describe, expect, test } from "vitest";
import { armOf, armOfQuery, key, parse, problemsOf, table, warningsOf } from "./table.ts";

const alice = key("alice@example.com");

/** SQL and parameters of a query for alice@example.com. */
function bound(query: string): [string, ...string[]] {
  const arm = armOfQuery(query);
  return [arm.sql, ...(arm.bind(alice) ?? ["suppressed"])];
}

function boundBySqlite(query: string): [string, ...string[]] {
  const arm = armOf(parse(`dbpath = /d\nquery = ${query}\n`));
  return [arm.sql, ...(arm.bind(alice) ?? ["suppressed"])];
}

describe("a quoted string with an expansion becomes one parameter", () => {
  test.each([
    ["the whole string", "SELECT a FROM t WHERE b='%s'", ["SELECT a FROM t WHERE b=?", "alice@example.com"]],
    [
      "double quotes are quotes in MySQL",
      'SELECT a FROM t WHERE b="%s"',
      ["SELECT a FROM t WHERE b=?", "alice@example.com"],
    ],
    ["with constant text around", "SELECT a FROM t WHERE b='x-%u-y'", ["SELECT a FROM t WHERE b=?", "x-alice-y"]],
    ["with several expansions", "SELECT a FROM t WHERE b='%u@%d'", ["SELECT a FROM t WHERE b=?", "alice@example.com"]],
    ["a LIKE pattern", "SELECT a FROM t WHERE b LIKE '%%@%d'", ["SELECT a FROM t WHERE b LIKE ?", "%@example.com"]],
    [
      "several strings, in order",
      "SELECT a FROM t WHERE b='%d' AND c='%u'",
      ["SELECT a FROM t WHERE b=? AND c=?", "example.com", "alice"],
    ],
    ["a doubled quote is one", "SELECT a FROM t WHERE b='''%u'''", ["SELECT a FROM t WHERE b=?", "'alice'"]],
    ["the other quote needs no doubling", "SELECT a FROM t WHERE b='\"%u\"'", ["SELECT a FROM t WHERE b=?", '"alice"']],
    ["escapes are undone", "SELECT a FROM t WHERE b='\\'%u\\n\\\\\\x'", ["SELECT a FROM t WHERE b=?", "'alice\n\\x"]],
    [
      "escaped wildcards keep their backslash",
      "SELECT a FROM t WHERE b LIKE '\\_%u\\%%'",
      ["SELECT a FROM t WHERE b LIKE ?", "\\_alice\\%"],
    ],
    [
      "strings without expansion stay",
      "SELECT 'a?''b' FROM t WHERE b='%s'",
      ["SELECT 'a?''b' FROM t WHERE b=?", "alice@example.com"],
    ],
    ["quoted names stay", "SELECT `a?` FROM t WHERE b='%s'", ["SELECT `a?` FROM t WHERE b=?", "alice@example.com"]],
    ["a query without expansions has no parameters", "SELECT 1", ["SELECT 1"]],
    ["a CALL can have one", "CALL lookup('%s')", ["CALL lookup(?)", "alice@example.com"]],
    [
      "a qualified name before the string is no prefix",
      "SELECT a FROM t WHERE t.n='%s'",
      ["SELECT a FROM t WHERE t.n=?", "alice@example.com"],
    ],
    [
      "a word before the string is no prefix",
      "SELECT a FROM t WHERE b LIKE'%s'",
      ["SELECT a FROM t WHERE b LIKE?", "alice@example.com"],
    ],
  ] as const)("%s", (_rule, query, expected) => {
    expect(bound(query)).toEqual(expected);
  });

  test.each([
    ["no backslash escapes", "SELECT a FROM t WHERE b='\\n%u'", ["SELECT a FROM t WHERE b=?", "\\nalice"]],
    ["a doubled quote is one", "SELECT a FROM t WHERE b='''%u'", ["SELECT a FROM t WHERE b=?", "'alice"]],
    [
      "names in double quotes and brackets stay",
      "SELECT \"a?\", [b:c] FROM t WHERE b='%s'",
      ['SELECT "a?", [b:c] FROM t WHERE b=?', "alice@example.com"],
    ],
  ] as const)("SQLite: %s", (_rule, query, expected) => {
    expect(boundBySqlite(query)).toEqual(expected);
  });
});

describe("a key is never SQL", () => {
  test.each(["o'brien@x", "a\\@x", "%@x", "_@x", '"@x', "`@x", "a';--@x", "?@x", "a\0b@x", "日本@x"])("%j", (email) => {
    const arm = armOfQuery("SELECT a FROM t WHERE b='%s' AND c LIKE '%u%%'");
    expect(arm.sql).toBe("SELECT a FROM t WHERE b=? AND c LIKE ?");
    expect(arm.bind(key(email))).toEqual([email, `${key(email).user}%`]);
  });
});

describe("what cannot be bound is refused", () => {
  const outside =
    "an expansion stands outside of quotes, where it would be pasted into the SQL; write '%s' with its quotes";
  test.each([
    ["an expansion outside of quotes", "SELECT a FROM t WHERE b=%s", outside],
    ["a table name", "SELECT a FROM t_%u WHERE b='%s'", outside],
    ["an expansion in an executable comment", "SELECT /*! %s */ a FROM t", outside],
    [
      "a quoted name",
      "SELECT a FROM `t_%u` WHERE b='%s'",
      "an expansion stands in a quoted name; only '…' can hold one",
    ],
    ["a comment", "SELECT a /* %u */ FROM t WHERE b='%s'", "an expansion stands in a comment"],
    [
      "a backslash in front of an expansion",
      "SELECT a FROM t WHERE b='\\%u'",
      "a backslash stands in front of an expansion",
    ],
    ["a quote that is never closed", "SELECT a FROM t WHERE b='%s", "a quote is never closed"],
    ["a comment that is never closed", "SELECT a FROM t /* WHERE", "a comment is never closed"],
    ["a ? of its own", "SELECT a FROM t WHERE b=?", '"?" stands outside of quotes: it is no placeholder here'],
    ["two statements", "SELECT 1; SELECT '%s'", "holds more than one statement"],
    [
      "two strings in a row",
      "SELECT a FROM t WHERE b='x' '%s'",
      "two strings in a row are joined by MySQL; write them as one where one holds an expansion",
    ],
    [
      "two strings with a comment between",
      "SELECT a FROM t WHERE b='x'/**/'%s'",
      "two strings in a row are joined by MySQL; write them as one where one holds an expansion",
    ],
    [
      "a character set introducer",
      "SELECT a FROM t WHERE b=_latin1 '%s'",
      '"_latin1" in front of a string with an expansion is not supported',
    ],
    [
      "a national string",
      "SELECT a FROM t WHERE b=N'%s'",
      '"N" in front of a string with an expansion is not supported',
    ],
    [
      "a hexadecimal string",
      "SELECT a FROM t WHERE b=x'%s'",
      '"x" in front of a string with an expansion is not supported',
    ],
    ["a user variable", "SELECT @'%s'", '"@" in front of a string with an expansion is not supported'],
    ["nothing", ";", "holds no statement"],
  ])("%s", (_what, query, problem) => {
    expect(problemsOf(() => armOfQuery(query))).toContain(`query: ${problem} (t.cf line 2)`);
  });

  test("a constant string may follow one with an expansion only as one string", () => {
    expect(problemsOf(() => armOfQuery("SELECT a FROM t WHERE b='%s' 'x'"))).toHaveLength(1);
  });

  test.each([
    [
      "double quotes are names",
      'SELECT a FROM t WHERE b="%s"',
      "an expansion stands in a quoted name; only '…' can hold one",
    ],
    [
      "a parameter of its own",
      "SELECT a FROM t WHERE b=:x AND c='%s'",
      '":x" stands outside of quotes: it is no placeholder here',
    ],
  ])("SQLite: %s", (_what, query, problem) => {
    expect(problemsOf(() => boundBySqlite(query))).toEqual([`query: ${problem} (t.cf line 2)`]);
  });
});

describe("the end of a query", () => {
  test.each(["SELECT 1;", "SELECT 1 ; ", "SELECT 1;;", "SELECT 1; -- done", "SELECT 1; /* done */"])("%s", (query) => {
    expect(armOfQuery(query).sql).toBe("SELECT 1");
  });

  test("a ; in quotes ends nothing", () => {
    expect(bound("SELECT ';' FROM t WHERE b=';%u'")).toEqual(["SELECT ';' FROM t WHERE b=?", ";alice"]);
  });

  test("SQLite runs the first of several statements, with a warning", () => {
    const parsed = parse("dbpath = /d\nquery = SELECT a FROM t WHERE b='%s'; SELECT 'x' FROM u WHERE c='%d'\n");
    expect(armOf(parsed).sql).toBe("SELECT a FROM t WHERE b=?");
    expect(armOf(parsed).bind(alice)).toEqual(["alice@example.com"]);
    expect(warningsOf(parsed)).toEqual(["query: holds more than one statement (t.cf line 2)"]);
  });
});

describe("comments", () => {
  test("are taken out, and separate words", () => {
    expect(armOfQuery("SELECT/* a */b FROM t").sql).toBe("SELECT b FROM t");
  });

  test("-- and # swallow the rest, since Postfix makes one line of the query", () => {
    const parsed = table("query = SELECT a FROM t -- the owners\n  WHERE b = 1");
    expect(armOf(parsed).sql).toBe("SELECT a FROM t");
    expect(warningsOf(parsed)).toEqual([
      "query: everything after the comment is lost: Postfix makes one line of the query (t.cf line 2)",
    ]);
  });

  test("-- without a blank is an operator in MySQL", () => {
    expect(armOfQuery("SELECT 1--1").sql).toBe("SELECT 1--1");
  });

  test("executable comments stay", () => {
    expect(armOfQuery("SELECT /*!50000 STRAIGHT_JOIN */ a FROM t").sql).toBe(
      "SELECT /*!50000 STRAIGHT_JOIN */ a FROM t",
    );
  });
});

describe("whether several keys can go in one round trip", () => {
  test.each([
    "SELECT a FROM t WHERE b='%s'",
    "select t.a from t join u on t.i=u.i where u.b='%u' and u.c='%d'",
    "SELECT DISTINCT a FROM t WHERE b='%s' LIMIT 1",
    "SELECT GROUP_CONCAT(DISTINCT a ORDER BY a SEPARATOR ' ') FROM t WHERE b='%s'",
    "SELECT a FROM t WHERE b='%s' UNION SELECT c FROM u WHERE d IN (SELECT e FROM v WHERE f='%d')",
    "SELECT CONCAT(a,'@',b) FROM t WHERE a='%u'",
    "SELECT COUNT(*) FROM t WHERE a='%u'",
    "SELECT a FROM t WHERE i IN (SELECT COALESCE((SELECT i FROM u WHERE b='%s'), (SELECT i FROM u WHERE b='@%d')))",
    "SELECT SUBSTRING(a FROM 2) FROM t WHERE a='%u'",
  ])("%s can", (query) => {
    expect(armOfQuery(query).isCombinable).toBe(true);
  });

  test.each([
    ["a procedure", "CALL lookup('%s')"],
    ["no query", "DO SLEEP('%s')"],
    ["two columns, whose names may be the same", "SELECT a, b FROM t WHERE b='%s'"],
    ["an unknown number of columns", "SELECT * FROM t WHERE b='%s'"],
    ["an unknown number of columns of one table", "SELECT t.* FROM t WHERE b='%s'"],
    ["an order that a derived table would lose", "SELECT a FROM t WHERE b='%s' ORDER BY a"],
    ["an expansion among the columns", "SELECT CONCAT(a, '%d') FROM t WHERE b='%s'"],
    ["an expansion among the columns of a second SELECT", "SELECT a FROM t UNION SELECT '%s' FROM u"],
    ["an expansion in a subquery among the columns", "SELECT (SELECT a FROM u WHERE b='%s') FROM t"],
    ["an expansion among the columns of a subquery", "SELECT a FROM t WHERE b IN (SELECT '%s' UNION SELECT c FROM u)"],
    ["a user variable", "SELECT a FROM t WHERE b='%s' AND @x"],
    ["a lock", "SELECT a FROM t WHERE b='%s' FOR UPDATE"],
    ["an executable comment", "SELECT /*! a */ FROM t WHERE b='%s'"],
    ["a function that counts its calls", "SELECT RAND() FROM t WHERE b='%s'"],
    ["an option of the outermost SELECT", "SELECT SQL_NO_CACHE a FROM t WHERE b='%s'"],
    ["a common table expression", "WITH x AS (SELECT a FROM t WHERE b='%s') SELECT a FROM x"],
    ["parentheses around it all", "(SELECT a FROM t WHERE b='%s') UNION (SELECT c FROM u)"],
    ["parentheses that do not match", "SELECT a FROM t) AS x, (SELECT b FROM u WHERE c='%s'"],
  ])("%s: sent alone", (_why, query) => {
    expect(armOfQuery(query).isCombinable).toBe(false);
  });
});
