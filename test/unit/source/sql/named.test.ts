import { describe, expect, test } from "vitest";
import { compileNamed } from "../../../../src/source/sql/named.ts";

const names = new Set(["email", "user", "domain"]);

describe("compileNamed", () => {
  test("makes names positional and keeps their order, however often each occurs", () => {
    expect(compileNamed("SELECT a FROM t WHERE b = :email OR c IN (:domain, :email)", "mysql", names)).toEqual({
      sql: "SELECT a FROM t WHERE b = ? OR c IN (?, ?)",
      binds: ["email", "domain", "email"],
    });
  });

  test.each([
    ["strings", "SELECT ':email' FROM t", "SELECT ':email' FROM t"],
    ["quoted names", 'SELECT `:email`, ":user" FROM t', 'SELECT `:email`, ":user" FROM t'],
    ["comments, which are dropped", "SELECT a -- :email\nFROM t /* :user */", "SELECT a FROM t"],
    ["casts", "SELECT a::email FROM t", "SELECT a::email FROM t"],
  ])("leaves what only looks like a name alone in %s", (_, text, sql) => {
    const compiled = compileNamed(text, "sqlite", names);
    expect(compiled).toEqual({ sql: expect.any(String), binds: [] });
    expect("sql" in compiled && compiled.sql.replace(/ +/g, " ")).toBe(sql);
  });

  test("drops one trailing semicolon and the comment after it, so that the SQL can stand in brackets", () => {
    expect(compileNamed("SELECT 1 ; -- done", "mysql", names)).toEqual({ sql: "SELECT 1", binds: [] });
  });

  test("numbers the placeholders of PostgreSQL, and leaves its operators alone", () => {
    const text =
      "SELECT a::text, b -> 'c' ? 'd' FROM t WHERE e = :email AND f @> g AND h$1 = 1 AND i IN (:domain, :email)";
    expect(compileNamed(text, "pgsql", names)).toEqual({
      sql: "SELECT a::text, b -> 'c' ? 'd' FROM t WHERE e = $1 AND f @> g AND h$1 = 1 AND i IN ($2, $3)",
      binds: ["email", "domain", "email"],
    });
  });

  test("leaves user variables of MySQL alone", () => {
    expect(compileNamed("SELECT @a FROM t", "mysql", names)).toEqual({ sql: "SELECT @a FROM t", binds: [] });
  });

  test.each([
    [
      "a parameter of PostgreSQL's own",
      "SELECT $1",
      "pgsql",
      "placeholders are named: expected :email, :user, :domain, found $1",
    ],
    ["an unknown name", "SELECT :mail", "mysql", "unknown placeholder :mail; expected one of :email, :user, :domain"],
    [
      "a positional placeholder",
      "SELECT ?",
      "mysql",
      "placeholders are named: expected :email, :user, :domain, found ?",
    ],
    [
      "SQLite's other placeholders",
      "SELECT $mail",
      "sqlite",
      "unknown placeholder $mail; expected :email, :user, :domain",
    ],
    ["a second statement", "SELECT 1; DELETE FROM t", "mysql", "expected one statement, found a ; between two"],
    ["anything but a SELECT", "DELETE FROM t", "mysql", "expected one SELECT statement"],
    ["nothing", "", "mysql", "expected one SELECT statement"],
    ["a quote without end", "SELECT 'a", "mysql", "a quote (') is never closed"],
    ["a comment without end", "SELECT a /* b", "mysql", "a comment is never closed"],
  ] as const)("refuses %s", (_, text, dialect, problem) => {
    expect(compileNamed(text, dialect, names)).toEqual({ problems: [problem] });
  });

  test("names every problem at once", () => {
    expect(compileNamed("DELETE FROM t WHERE a = :a AND b = ?", "mysql", new Set())).toEqual({
      problems: [
        "unknown placeholder :a; expected none",
        "placeholders are named: expected none, found ?",
        "expected one SELECT statement",
      ],
    });
  });

  test.each(["(SELECT 1) UNION (SELECT 2)", "WITH a AS (SELECT 1) SELECT * FROM a", "select 1"])("takes %s", (sql) => {
    expect(compileNamed(sql, "mysql", names)).toEqual({ sql, binds: [] });
  });
});
