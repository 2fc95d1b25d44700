import { describe, expect, test } from "vitest";
import { type Ask, notAsked } from "../../../../src/model/keys.ts";
import { bindAsks, dealRows, findingsOf } from "../../../../src/source/sql/lookup.ts";
import { armsOfQueries } from "../../../../src/source/sql/queries.ts";

const set = armsOfQueries(
  { address: "SELECT a FROM t WHERE e = :email", domain: "SELECT d FROM t WHERE d = :domain" },
  "mysql",
);

function ask(role: Ask["role"], email: string): Ask {
  const [user = "", domain = ""] = email.split("@");
  return { role, key: { email, user, domain }, derived: false };
}

describe("bindAsks", () => {
  test("keeps the order of the asks and says which ask each arm answers", () => {
    const lookup = bindAsks(set, [ask("grant", "a@b"), ask("address", "a@b"), ask("domain", "a@b")]);
    expect(lookup.askCount).toBe(3);
    expect(lookup.shape).toBe("address domain");
    expect(lookup.arms.map(({ ask, role, values }) => [ask, role, values])).toEqual([
      [1, "address", ["a@b"]],
      [2, "domain", ["b"]],
    ]);
  });

  test("has no arm for an ask whose query does not take the key", () => {
    expect(bindAsks(set, [ask("domain", "plain")])).toEqual({ arms: [], askCount: 1, shape: "" });
  });

  test("keeps keys beyond ASCII apart, so that one that a column cannot hold fails no other", () => {
    expect(bindAsks(set, [ask("address", "日本@b")]).shape).toBe("address beyond-ascii");
  });
});

describe("dealRows", () => {
  test("gives each arm its rows without number and padding, in the order of the database", () => {
    const rows = [
      ["1", "x", "y"],
      ["0", "a", null],
      ["1", "z", null],
    ];
    expect(dealRows(rows, [1, 2, 1])).toEqual([
      [["a"]],
      [
        ["x", "y"],
        ["z", null],
      ],
      [],
    ]);
  });

  test.each([[["2", "a"]], [["-1", "a"]], [["x", "a"]], [[null, "a"]]])("does not take row %j for no owners", (row) => {
    expect(() => dealRows([row], [1, 1])).toThrow("a row carries no arm's number");
  });
});

test("findingsOf tells asks that were not put to the database from those that found nothing", () => {
  const lookup = bindAsks(set, [ask("address", "plain"), ask("domain", "plain"), ask("address", "a@b")]);
  const findings = findingsOf(lookup, [["x"], []]);
  expect(findings).toEqual([["x"], [], []]);
  expect(findings.map((cells) => cells === notAsked)).toEqual([false, true, false]);
  // An arm that comes after the one that ended the search has no cells.
  expect(findingsOf(lookup, [["x"]])[2]).toBe(notAsked);
});
