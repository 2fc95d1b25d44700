import { describe, expect, test } from "vitest";
import { ListedSource } from "../../../src/lookup/listed-source.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import { ListedMap, listMap, type MapOrder } from "../../../src/lookup/reverse.ts";
import { type ListedLine, type Listing, noSignal } from "../../../src/model/listing.ts";
import type { Database } from "../../../src/model/source.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";
import { rules } from "../../support/fakes/tables.ts";

const lines: readonly ListedLine[] = [
  { key: "Alice@Example.com", owner: "alice@example.com", kind: "address" },
  { key: "sales@example.com", owner: "Alice@Example.com, bob", kind: "alias" },
  { key: "off@catch.test", owner: undefined, kind: "address" },
  { key: "@catch.test", owner: "erin", kind: "catch-all" },
  { key: "@catch.test", owner: "boss", kind: "grant" },
  { key: "x@catch.test", owner: "bob", kind: "grant" },
  { key: "*", owner: "root", kind: "grant" },
];

/** A map of sources by role, named `a`, `b` …, that list so. */
function mapOf(sources: readonly (readonly ListedLine[])[], order: Partial<MapOrder> = {}): ListedMap {
  const map = new ListedMap({ rules, combine: "first", ...order });
  for (const [i, listed] of sources.entries()) {
    const source = new ListedSource({ ...fakeDatabase({}), name: "abc".charAt(i) }, undefined);
    map.addSource(source);
    map.add(source, listed);
  }
  return map;
}

const address = (key: string, owner?: string): ListedLine => ({ key, owner, kind: "address" });

describe("what a login may send as", () => {
  test("is found caselessly, with the reason of each", () => {
    expect([...mapOf([lines]).sendables({ login: "ALICE@example.com" })]).toEqual([
      { key: "alice@example.com", login: "alice@example.com", kind: "address" },
      { key: "sales@example.com", login: "Alice@Example.com", kind: "alias" },
    ]);
  });

  test("can be asked of one domain, of which a grant to everything is part", () => {
    const found = [...mapOf([lines]).sendables({ domain: "catch.test" })];
    expect(found.map(({ key, login, kind }) => `${key} ${login} ${kind}`)).toEqual([
      "@catch.test erin catch-all",
      "@catch.test boss grant",
      // A grant keeps no catch-all away.
      "x@catch.test erin catch-all",
      "x@catch.test bob grant",
      "* root grant",
    ]);
  });

  test("of several sources, the first with an owner for the key counts, and is named", () => {
    const sources = [[address("sales@x", "alice")], [address("sales@x", "bob"), address("bob@x", "bob")]];
    expect([...mapOf(sources).sendables({})]).toEqual([
      { key: "sales@x", login: "alice", kind: "address", source: "a" },
      { key: "bob@x", login: "bob", kind: "address", source: "b" },
    ]);
    expect([...mapOf(sources, { combine: "union" }).sendables({ login: "bob" })]).toEqual([
      { key: "sales@x", login: "bob", kind: "address", source: "b" },
      { key: "bob@x", login: "bob", kind: "address", source: "b" },
    ]);
  });

  test("a row without owner in the first source leaves the key to the next, and its catch-all away only there", () => {
    const catchAll: ListedLine = { key: "@x", owner: "erin", kind: "catch-all" };
    const off = [address("off@x"), catchAll];
    expect(mapOf([off, [address("off@x", "bob")]]).ownersOf("off@x")).toEqual(["bob"]);
    expect(mapOf([off]).ownersOf("off@x")).toEqual([]);
    expect(mapOf([[address("off@x")], [catchAll]]).ownersOf("off@x")).toEqual(["erin"]);
    expect(mapOf([[catchAll], [address("bob@x", "bob")]]).ownersOf("bob@x")).toEqual(["bob"]);
  });

  test("is told in every form of a login that a lookup answers", () => {
    const realm = { rules: { ...rules, loginRealm: "example.com" } };
    const map = mapOf(
      [[address("alice@example.com", "alice@example.com"), address("b@x", "b@xn--exmple-cua.com")]],
      realm,
    );
    expect([...map.sendables({ login: "Alice" })]).toEqual([
      { key: "alice@example.com", login: "alice", kind: "address" },
    ]);
    expect([...map.sendables({ login: "b@exämple.com" })].map(({ key }) => key)).toEqual(["b@x"]);
    expect([...map.texthash("<nobody>")]).toEqual([
      ["alice@example.com", "alice@example.com,alice"],
      ["b@x", "b@xn--exmple-cua.com,b@exämple.com"],
    ]);
  });

  test("a table of Postfix is told letter by letter", () => {
    const map = new ListedMap({ rules, combine: "first" });
    const source = new ListedSource(fakeDatabase({}, { keyForm: "postfix" }), undefined);
    map.addSource(source);
    map.add(source, [address("b@x", "b@xn--exmple-cua.com"), address("none@x", ",")]);
    expect([...map.texthash("<nobody>")]).toEqual([
      ["b@x", "b@xn--exmple-cua.com"],
      ["none@x", "<nobody>"],
    ]);
  });
});

describe("who owns a key by a listing", () => {
  const map = mapOf([lines]);

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
    const odd = mapOf([[address("bob@\u00e4/x", "bob")]]);
    expect([...odd.keys()]).toEqual([]);
  });

  test("without grants to everything and without rows nobody owns anything", () => {
    const none = mapOf([[]]);
    expect(none.ownersOf("alice@example.com")).toEqual([]);
    expect(none.ownersOf("@example.com")).toEqual([]);
  });

  test("of a domain without its grants, the catch-all is left", () => {
    expect(map.ownersOf("@catch.test", false)).toEqual(["erin"]);
  });
});

describe("the map as a texthash: file", () => {
  test("names everybody on each line, and gives an address without owner to nobody where a catch-all would take it", () => {
    expect([...mapOf([lines]).texthash("<nobody>")]).toEqual([
      ["alice@example.com", "alice@example.com,root"],
      ["sales@example.com", "Alice@Example.com,bob,root"],
      ["off@catch.test", "boss,root"],
      ["@catch.test", "erin,boss,root"],
      ["x@catch.test", "erin,bob,boss,root"],
      ["*", "root"],
    ]);
  });

  test("leaves out an address without owner that no catch-all would take", () => {
    const map = mapOf([
      [
        { key: "off@a.test", owner: undefined, kind: "address" },
        { key: "off@b.test", owner: undefined, kind: "address" },
        { key: "@b.test", owner: "erin", kind: "catch-all" },
      ],
    ]);
    expect([...map.texthash("<nobody>")]).toEqual([
      ["off@b.test", "<nobody>"],
      ["@b.test", "erin"],
    ]);
  });

  test("has each address once, in the form in which smtpd asks", () => {
    const map = mapOf([[address("two words@x", "alice")], [address('"two words"@x', "bob")]]);
    expect([...map.texthash("<nobody>")].map(([key]) => key)).toEqual(['"two words"@x']);
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
    const { signal } = new AbortController();
    return [...(await listMap({ databases, rules, combine: "first", deadlineMs: 1000, signal })).keys()];
  };

  test("come one after the other, without what a source does not host", async () => {
    const all = { ...fakeDatabase({}), listing: listing(lines), hostedDomains: async () => undefined };
    const some = { ...all, hostedDomains: async () => new Set(["example.com"]) };
    expect(await collect(some)).toEqual(["alice@example.com", "sales@example.com", "*"]);
    expect(await collect(some, all)).toHaveLength(new Set(lines.map(({ key }) => key)).size);
    // No lookup can have such a key.
    const odd = { ...some, listing: listing([{ key: "a\0b@other.test", owner: "alice", kind: "address" }]) };
    expect(await collect(odd)).toEqual([]);
  });

  test("are there for a local domain that the source does not list, as a lookup finds it", async () => {
    const localRules = { ...rules, localDomains: new Set(["catch.test"]) };
    const database = {
      ...fakeDatabase({ "x@catch.test": "bob" }, { domains: ["example.com"] }),
      listing: listing([address("x@catch.test", "bob"), address("x@other.test", "bob")]),
    };
    const { signal } = new AbortController();
    const request = { databases: [database], rules: localRules, combine: "first" as const, deadlineMs: 1000, signal };
    expect([...(await listMap(request)).sendables({})]).toEqual([
      { key: "x@catch.test", login: "bob", kind: "address" },
    ]);
    const { reply } = await new Resolver(database, localRules).trace("x@catch.test", 0);
    expect(reply).toMatchObject({ kind: "ok", owners: { text: "bob" } });
  });

  test("are none where a source cannot be listed: a part would look like all", async () => {
    await expect(collect({ ...fakeDatabase({}), listing: undefined })).rejects.toThrow("cannot be listed");
  });
});
