import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../../src/model/errors.ts";
import { armsOfQueries, planOfQueries } from "../../../../src/source/sql/queries.ts";

const key = { email: "alice@example.com", user: "alice", domain: "example.com" };

function problemsOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return "no problem";
}

describe("armsOfQueries", () => {
  test("binds the parts of the key and the constants by their names", () => {
    const { roles } = armsOfQueries(
      { address: "SELECT a FROM t WHERE s = :server_id AND u = :user AND d = :domain AND e = :email" },
      "mysql",
      { server_id: "7" },
    );
    expect(roles.address?.sql).toBe("SELECT a FROM t WHERE s = ? AND u = ? AND d = ? AND e = ?");
    expect(roles.address?.bind(key)).toEqual(["7", "alice", "example.com", "alice@example.com"]);
  });

  test("a value that looks like SQL stays a value", () => {
    const { roles } = armsOfQueries({ address: "SELECT a FROM t WHERE b = :email" }, "mysql");
    const evil = { email: "x' OR '1'='1", user: "x' OR '1'='1", domain: "" };
    expect(roles.address?.sql).toBe("SELECT a FROM t WHERE b = ?");
    expect(roles.address?.bind(evil)).toEqual(["x' OR '1'='1"]);
  });

  test.each([
    [
      "no domain, by a query with :domain",
      "SELECT a FROM t WHERE b = :domain",
      { email: "alice", user: "alice", domain: "" },
    ],
    [
      "a localpart that ends in a blank",
      "SELECT a FROM t WHERE b = :email",
      { email: "alice @x", user: "alice ", domain: "x" },
    ],
    [
      "a domain that ends in a blank",
      "SELECT a FROM t WHERE b = :email",
      { email: "alice@x ", user: "alice", domain: "x " },
    ],
  ])("a key with %s is not asked", (_, sql, odd) => {
    expect(armsOfQueries({ address: sql }, "mysql").roles.address?.bind(odd)).toBeUndefined();
  });

  test("a key without domain is asked by a query that needs none", () => {
    const { roles } = armsOfQueries({ address: "SELECT a FROM t WHERE b = :email" }, "mysql");
    expect(roles.address?.bind({ email: "alice", user: "alice", domain: "" })).toEqual(["alice"]);
  });

  test("collects every cell of every row but NULL and the empty one", () => {
    const { roles } = armsOfQueries({ grant: "SELECT a, b FROM t" }, "mysql");
    expect(
      roles.grant?.collect(
        [
          ["a", null],
          ["", "b, c"],
          ["a", "d"],
        ],
        key,
      ),
    ).toEqual(["a", "b, c", "a", "d"]);
  });

  test("collects the first column of the query for domains", () => {
    const { domains } = armsOfQueries({ address: "SELECT a", domains: "SELECT d, x FROM t" }, "mysql");
    expect(
      domains?.collect(
        [
          ["example.com", "x"],
          [null, "y"],
          ["", "z"],
        ],
        key,
      ),
    ).toEqual(["example.com"]);
  });

  test("names every problem of every query at once", () => {
    expect(
      problemsOf(() =>
        armsOfQueries({ address: "SELECT :a", grant: "DROP TABLE t", domains: "SELECT :email" }, "mysql"),
      ),
    ).toEqual([
      { path: "address", message: "unknown placeholder :a; expected one of :email, :user, :domain" },
      { path: "grant", message: "expected one SELECT statement" },
      { path: "domains", message: "unknown placeholder :email; expected none" },
    ]);
  });

  test("refuses a source that can find no owner", () => {
    expect(problemsOf(() => armsOfQueries({ domains: "SELECT d FROM t" }, "mysql"))).toEqual([
      { path: "", message: "expected a query for at least one of address, domain, grant" },
    ]);
  });
});

test("planOfQueries needs no column to be probed", () => {
  const plan = planOfQueries({ address: "SELECT a FROM t WHERE b = :email" }, "sqlite");
  expect(plan.optionalColumns).toEqual([]);
  expect(plan.arms(new Set()).keyForm).toBe("roles");
});
