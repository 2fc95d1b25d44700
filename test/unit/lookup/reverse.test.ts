import { describe, expect, test } from "vitest";
import { ListedMap, linesOf, sendables } from "../../../src/lookup/reverse.ts";
import { type ListedLine, type Listing, noSignal } from "../../../src/model/listing.ts";
import type { Database } from "../../../src/model/source.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";

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

describe("the map as a texthash: file", () => {
  test("names everybody on each line, and gives an address without owner to nobody where a catch-all would take it", () => {
    const map = new ListedMap();
    map.add(lines);
    expect([...map.texthash("<nobody>")]).toEqual([
      ["alice@example.com", "alice@example.com,root"],
      ["sales@example.com", "Alice@Example.com,bob,root"],
      ["off@catch.test", "boss,root"],
      ["@catch.test", "erin,boss,root"],
      ["x@catch.test", "erin,bob,boss,root"],
      ["*", "root"],
    ]);
  });

  test("leaves out an address without owner that no catch-all would take", () => {
    const map = new ListedMap();
    map.add([
      { key: "off@a.test", owner: undefined, kind: "address" },
      { key: "off@b.test", owner: undefined, kind: "address" },
      { key: "@b.test", owner: "erin", kind: "catch-all" },
    ]);
    expect([...map.texthash("<nobody>")]).toEqual([
      ["off@b.test", "<nobody>"],
      ["@b.test", "erin"],
    ]);
  });
});

describe("the lines of several sources", () => {
  const listing = (listed: readonly ListedLine[]): Listing => ({
    async *list() {
      yield listed;
    },
    watchChanges: () => noSignal(""),
  });
  const collect = async (...databases: readonly Database[]) => {
    const keys: string[] = [];
    const request = { databases, deadlineMs: 1000, signal: new AbortController().signal };
    for await (const some of linesOf(request)) keys.push(...some.map(({ key }) => key));
    return keys;
  };

  test("come one after the other, without what a source does not host", async () => {
    const all = { ...fakeDatabase({}), listing: listing(lines), hostedDomains: async () => undefined };
    const some = { ...all, hostedDomains: async () => new Set(["example.com"]) };
    expect(await collect(some)).toEqual(["Alice@Example.com", "sales@example.com", "*"]);
    expect(await collect(some, all)).toHaveLength(3 + lines.length);
    // No lookup can have such a key, so that it does not matter who hosts it.
    const odd = { ...some, listing: listing([{ key: "a\0b@other.test", owner: "alice", kind: "address" }]) };
    expect(await collect(odd)).toEqual(["a\0b@other.test"]);
  });

  test("are none where a source cannot be listed: a part would look like all", async () => {
    await expect(collect({ ...fakeDatabase({}), listing: undefined })).rejects.toThrow("cannot be listed");
  });
});
