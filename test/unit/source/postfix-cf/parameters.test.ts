import { describe, expect, test } from "vitest";
import { armOf, key, parse, problemsOf, table, warningsOf } from "./table.ts";

const query = "query = SELECT 1 FROM t WHERE a='%s'";

describe("types (cfg_parser.c)", () => {
  test.each(["0", "7", "+7", "-3", "2147483647", "-2147483648"])("%s is a whole number", (value) => {
    expect(() => table(`${query}\nexpansion_limit = ${value}`)).not.toThrow();
  });

  test.each(["1x", "", "1.5", "0x10", "2147483648", "-2147483649", "one"])("%j is no whole number", (value) => {
    expect(problemsOf(() => table(`${query}\nexpansion_limit = ${value}`))).toEqual([
      "expansion_limit: expected a whole number (t.cf line 3)",
    ]);
  });

  test.each([
    ["yes", false],
    ["YES", false],
    ["No", true],
  ])("require_result_set = %s", (value, allows) => {
    expect(armOf(table(`${query}\nrequire_result_set = ${value}`)).allowsNoResultSet).toBe(allows);
  });

  test.each(["true", "false", "1", "", "on"])("%j is neither yes nor no", (value) => {
    expect(problemsOf(() => table(`${query}\nrequire_result_set = ${value}`))).toEqual([
      "require_result_set: expected yes or no (t.cf line 3)",
    ]);
  });

  test("a result set is required by default", () => {
    expect(armOf(table(query)).allowsNoResultSet).toBe(false);
  });

  test.each([
    ["dbname is missing", `user = u\n${query}`, "dbname: is required (t.cf)"],
    ["dbname is empty", `dbname =\n${query}`, "dbname: must not be empty (t.cf line 1)"],
    ["charset is empty", `dbname = d\ncharset =\n${query}`, "charset: must not be empty (t.cf line 2)"],
    [
      "result_format is empty",
      `dbname = d\nresult_format =\n${query}`,
      "result_format: must not be empty (t.cf line 2)",
    ],
    ["dbpath is empty", `dbpath =\n${query}`, "dbpath: must not be empty (t.cf line 1)"],
    [
      "idle_interval is below 1",
      `dbname = d\nidle_interval = 0\n${query}`,
      "idle_interval: expected at least 1 (t.cf line 2)",
    ],
    [
      "retry_interval is no number",
      `dbname = d\nretry_interval = 1m\n${query}`,
      "retry_interval: expected a whole number (t.cf line 2)",
    ],
    ["there is no query at all", "dbname = d\n", "query: is required (t.cf)"],
    ["a value is not UTF-8", `dbname = d\ufffd\n${query}`, "dbname: expected UTF-8 (t.cf line 1)"],
  ])("it is fatal when %s", (_case, text, problem) => {
    expect(problemsOf(() => parse(text))).toEqual([problem]);
  });

  test("bytes that are not UTF-8 do no harm in a comment", () => {
    expect(warningsOf(table(`# caf\ufffd\n${query}`))).toEqual([]);
  });

  test("every problem is said at once", () => {
    expect(problemsOf(() => parse("dbname =\nexpansion_limit = x\nquery = '%x'\n"))).toEqual([
      "dbname: must not be empty (t.cf line 1)",
      "expansion_limit: expected a whole number (t.cf line 2)",
      'query: "%x" is no expansion: expected %% %s %u %d %S %U %D or %1 to %9 (t.cf line 3)',
    ]);
  });
});

describe("the legacy form", () => {
  const legacy = "table = t\nselect_field = owner\nwhere_field = k";

  test("makes the SELECT of Postfix before 2.2", () => {
    const arm = armOf(table(legacy));
    expect(arm.sql).toBe("SELECT owner FROM t WHERE k=?");
    expect(arm.bind(key("a@b.c"))).toEqual(["a@b.c"]);
  });

  test("appends additional_conditions, where a literal % is %% too", () => {
    expect(armOf(table(`${legacy}\nadditional_conditions = and k like '%%b.c'`)).sql).toBe(
      "SELECT owner FROM t WHERE k=? and k like '%b.c'",
    );
  });

  test("expands in every part", () => {
    const arm = armOf(table(`${legacy}\nadditional_conditions = AND d = '%d'`));
    expect(arm.bind(key("a@b.c"))).toEqual(["a@b.c", "b.c"]);
  });

  test("is used when query is empty", () => {
    expect(armOf(table(`query =\n${legacy}`)).sql).toBe("SELECT owner FROM t WHERE k=?");
  });

  test("is ignored when query is set", () => {
    expect(armOf(table(`${query}\n${legacy}`)).sql).toBe("SELECT 1 FROM t WHERE a=?");
  });

  test("is fatal without one of its parts", () => {
    expect(problemsOf(() => table("table = t\nselect_field = owner"))).toEqual(["where_field: is required (t.cf)"]);
  });
});

describe("what Postfix ignores or takes otherwise is a warning", () => {
  test.each([
    [
      "port",
      "port = 3306",
      'port: unknown to Postfix, which ignores it; write the port into hosts, as in "hosts = inet:127.0.0.1:3306" (t.cf line 3)',
    ],
    [
      "a misspelt name",
      "expansion_limits = 1",
      "expansion_limits: unknown to Postfix, which ignores it; the nearest known name is expansion_limit (t.cf line 3)",
    ],
    [
      "a name in another case",
      "Hosts = a",
      "Hosts: unknown to Postfix, which ignores it; the nearest known name is hosts (t.cf line 3)",
    ],
    [
      "a name of pgsql_table(5)",
      "encoding = UTF8",
      "encoding: unknown to Postfix, which ignores it; only pgsql_table(5) has it; here it is charset (t.cf line 3)",
    ],
    [
      "a quoted password",
      'password = "p"',
      "password: the quotes belong to the value, as Postfix reads it (t.cf line 3)",
    ],
    [
      "a comment behind a value",
      "user = vmail # the reader",
      "user: the # and what follows belong to the value: a comment needs a line of its own (t.cf line 3)",
    ],
    [
      "a $name",
      "user = $mail_owner",
      "user: a $ is taken as it is: Postfix expands $name only in main.cf (t.cf line 3)",
    ],
    [
      "an interval",
      "idle_interval = 5",
      "idle_interval: has no effect here: connections are kept, and a host is tried again with a short back-off (t.cf line 3)",
    ],
  ])("%s", (_what, line, warning) => {
    expect(warningsOf(table(`${query}\n${line}`))).toEqual([warning]);
  });

  test("a name set twice with different values: the last one counts", () => {
    const parsed = table(`${query}\nuser = a\nuser = b`);
    expect(parsed.connection).toMatchObject({ user: "b" });
    expect(warningsOf(parsed)).toEqual(["user: set before on line 3; the last one counts (t.cf line 4)"]);
  });

  test("a name set twice with the same value is no matter", () => {
    expect(warningsOf(table(`${query}\nuser = a\nuser = a`))).toEqual([]);
  });

  test("a parameter whose line is indented becomes part of the value before it", () => {
    const parsed = parse(`dbname = d\n user = vmail\n${query}\n`);
    expect(parsed.connection).toMatchObject({ database: "d user = vmail", user: "" });
    expect(warningsOf(parsed)).toEqual([
      'dbname: "user =" is part of this value: its line begins with white space, so it continues this one (t.cf line 1)',
    ]);
  });

  test("a byte order mark costs the first parameter", () => {
    const parsed = parse(`\ufeffuser = vmail\ndbname = d\n${query}\n`);
    expect(parsed.connection).toMatchObject({ user: "" });
    expect(warningsOf(parsed)).toEqual([
      "\ufeffuser: unknown to Postfix, which ignores it; the file begins with a byte order mark, which became part of the name (t.cf line 1)",
    ]);
  });

  test("a password that looks odd is never shown", () => {
    const parsed = table(`${query}\npassword = "s3cret # $x"\npassword = 's3cret'`);
    expect(warningsOf(parsed).join()).not.toContain("s3cret");
  });

  test("a $name in a query is taken as it is", () => {
    const parsed = table("query = SELECT '$hosts' FROM t WHERE a='%s'");
    expect(armOf(parsed).sql).toBe("SELECT '$hosts' FROM t WHERE a=?");
    expect(warningsOf(parsed)).toHaveLength(1);
  });
});

describe("files as editors leave them", () => {
  test("CRLF line ends are white space", () => {
    const parsed = parse("dbname = d\r\nuser = u\r\nquery = SELECT a\r\n FROM t WHERE a='%s'\r\n");
    expect(parsed.connection).toMatchObject({ database: "d", user: "u" });
    expect(armOf(parsed).sql).toBe("SELECT a\r FROM t WHERE a=?");
    expect(warningsOf(parsed)).toEqual([]);
  });

  test("a query goes on over a comment and a blank line in its middle", () => {
    expect(armOf(parse("dbname = d\nquery = SELECT a\n# note\n\n  FROM t\n   WHERE a='%s'\n")).sql).toBe(
      "SELECT a  FROM t   WHERE a=?",
    );
  });
});
