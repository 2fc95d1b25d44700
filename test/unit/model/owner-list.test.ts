import { describe, expect, test } from "vitest";
import { isOwner, splitOwners, toOwnerList } from "../../../src/model/owner-list.ts";

describe("splitOwners", () => {
  test.each([
    ["a@x,b@x", ["a@x", "b@x"]],
    ["a@x, b@x", ["a@x", "b@x"]],
    ["a@x b@x", ["a@x", "b@x"]],
    ["a@x\tb@x\r\nc@x", ["a@x", "b@x", "c@x"]],
    [" a@x ", ["a@x"]],
    ["a;b", ["a;b"]],
    ["al\u00a0ice", ["al\u00a0ice"]],
    ["al\u3000ice", ["al\u3000ice"]],
    ["al\vice\f", ["al\vice\f"]],
    ["", []],
    [" , ", []],
  ])("splits %j into %j", (cell, owners) => {
    expect(splitOwners(cell)).toEqual(owners);
  });
});

describe("toOwnerList", () => {
  test("drops NULL and empty cells", () => {
    expect(toOwnerList([null, "", "a@x", null])?.logins).toEqual(["a@x"]);
  });

  test("drops caseless duplicates and keeps the first spelling and the order", () => {
    const owners = toOwnerList(["Bob@X", "alice@x,bob@x", "ALICE@x"])!;
    expect(owners.logins).toEqual(["Bob@X", "alice@x"]);
    expect(owners.text).toBe("Bob@X,alice@x");
  });

  test("is no list when nothing is left", () => {
    expect(toOwnerList([null, "", " ,"])).toBeUndefined();
    expect(toOwnerList([])).toBeUndefined();
  });
});

describe("isOwner", () => {
  test("compares caselessly, whole logins only", () => {
    const owners = toOwnerList(["Alice@Example.com"])!;
    expect(isOwner(owners, "alice@example.COM")).toBe(true);
    expect(isOwner(owners, "alice")).toBe(false);
    expect(isOwner(toOwnerList(["weiß@example.com"])!, "WEISS@example.com")).toBe(true);
  });
});
