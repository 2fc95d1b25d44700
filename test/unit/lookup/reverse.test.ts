import { describe, expect, test } from "vitest";
import { ListedMap, sendables } from "../../../src/lookup/reverse.ts";
import type { ListedLine } from "../../../src/model/listing.ts";

const lines: readonly ListedLine[] = [
  { key: "Alice@Example.com", owner: "alice@example.com", kind: "address" },
  { key: "sales@example.com", owner: "Alice@Example.com, bob", kind: "alias" },
  { key: "off@catch.test", owner: undefined, kind: "address" },
  { key: "@catch.test", owner: "erin", kind: "catch-all" },
  { key: "@catch.test", owner: "boss", kind: "grant" },
  { key: "x@catch.test", owner: "bob", kind: "grant" },
  { key: "*", owner: "root", kind: "grant" },
];

describe("what a login may send as", () => {
  test("is found caselessly, with the reason of each", () => {
    expect([...sendables(lines, { login: "ALICE@example.com" })]).toEqual([
      { key: "alice@example.com", login: "alice@example.com", kind: "address" },
      { key: "sales@example.com", login: "Alice@Example.com", kind: "alias" },
    ]);
  });

  test("can be asked of one domain, of which a grant to everything is part", () => {
    expect([...sendables(lines, { domain: "catch.test" })].map(({ key, login }) => `${key} ${login}`)).toEqual([
      "@catch.test erin",
      "@catch.test boss",
      "x@catch.test bob",
      "* root",
    ]);
  });
});

describe("who owns a key by a listing", () => {
  const map = new ListedMap();
  map.add(lines);

  test.each([
    ["alice@example.com", ["alice@example.com", "root"]],
    ["made-up@example.com", ["root"]],
    ["made-up@catch.test", ["erin", "boss", "root"]],
    ["x@catch.test", ["erin", "bob", "boss", "root"]],
    ["off@catch.test", ["boss", "root"]],
    ["@catch.test", ["erin", "boss", "root"]],
  ])("%s: %j", (key, owners) => {
    expect(map.ownersOf(key)).toEqual(owners);
  });

  test("a row whose key can be no address is of nobody", () => {
    const odd = new ListedMap();
    odd.add([{ key: "bob@\u00e4/x", owner: "bob", kind: "address" }]);
    expect([...odd.keys()]).toEqual([]);
  });

  test("without grants to everything and without rows nobody owns anything", () => {
    const none = new ListedMap();
    expect(none.ownersOf("alice@example.com")).toEqual([]);
    expect(none.ownersOf("@example.com")).toEqual([]);
  });

  test("of a domain without its grants, the catch-all is left", () => {
    expect(map.ownersOf("@catch.test", false)).toEqual(["erin"]);
  });
});
