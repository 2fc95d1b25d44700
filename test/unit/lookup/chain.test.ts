/** `combine: first`: each key in every source before the next key; sources that fail; gates. */
import { beforeEach, describe, expect, test } from "vitest";
import { combine } from "../../../src/lookup/combine.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { foreign, foreignByStaleList, malformed } from "../../../src/model/reply.ts";
import type { Doorkeeper } from "../../../src/model/source.ts";
import { type FakeDatabase, fakeDatabase } from "../../support/fakes/fakes.ts";
import { away, chainOf, hangs, membersOf, ownersOf, rules, table } from "../../support/fakes/tables.ts";

describe("first: each key in every source before the next key", () => {
  test("a catch-all of the first does not hide a mailbox of the second", async () => {
    const chain = chainOf(table({ "@x": "boss" }), table({ "bob@x": "bob" }));
    expect(await ownersOf(chain, "bob@x")).toBe("bob");
    expect(await ownersOf(chain, "bob+t@x")).toBe("bob");
    expect(await ownersOf(chain, "nobody@x")).toBe("boss");
    expect(await ownersOf(chain, "a@y")).toBe("absent");
  });

  test("a tagged address of the second goes before the address without its tag of the first", async () => {
    const chain = chainOf(table({ "bob@x": "bob" }), table({ "bob+news@x": "alice" }));
    expect(await ownersOf(chain, "bob+news@x")).toBe("alice");
    expect(await ownersOf(chain, "bob+other@x")).toBe("bob");
  });

  test("within a key the first source wins", async () => {
    const chain = chainOf(table({ "bob@x": "first" }), table({ "bob@x": "second" }));
    expect(await ownersOf(chain, "bob@x")).toBe("first");
  });

  test("a cell without a login ends the search in a table of Postfix, and not by role", async () => {
    const second = table({ "bob@x": "bob" });
    expect(await ownersOf(chainOf(table({ "bob@x": " ," }), second), "bob@x")).toBe(",");
    expect(await ownersOf(chainOf(table({ "bob@x": " ," }, { keyForm: "roles" }), second), "bob@x")).toBe("bob");
  });

  test("grants of every source are merged into whichever answered", async () => {
    const preset = table({ "grant bob@x": "boss" }, { keyForm: "roles" });
    const other = table({ "bob@x": "bob", "grant bob@x": "eve" }, { keyForm: "roles" });
    expect(await ownersOf(chainOf(preset, other), "bob@x")).toBe("bob,boss,eve");
    expect(await ownersOf(chainOf(preset, table({})), "bob@x")).toBe("boss");
  });

  test("sources by role and tables of Postfix are asked in one order", async () => {
    const preset = table({ "domain x": "catchall", "bob@x": "bob" }, { keyForm: "roles" });
    const list = table({ "bob+t@x": "carol", "@x": "list" });
    expect(await ownersOf(chainOf(preset, list), "bob+t@x")).toBe("carol");
    expect(await ownersOf(chainOf(preset, list), "bob+u@x")).toBe("bob");
    expect(await ownersOf(chainOf(preset, list), "z@x")).toBe("catchall");
    expect(await ownersOf(chainOf(list, preset), "z@x")).toBe("list");
  });

  test("each source is asked once, for the keys that can still decide", async () => {
    const [first, second, third] = [table({ "@x": "boss" }), table({ "bob@x": "bob" }), table({})];
    await ownersOf(chainOf(first, second, third), "bob+t@x");
    expect(first.asked).toEqual(["bob+t@x", "bob@x", "@x"]);
    expect(second.asked).toEqual(["bob+t@x", "bob@x"]);
    expect(third.asked).toEqual(["bob+t@x"]);
  });

  test("a key that is no address has no owner and asks nobody", async () => {
    const [first, second] = [table({}), table({})];
    expect(chainOf(first, second).ownersOf("@", 0)).toBe(malformed);
    expect(first.asked).toEqual([]);
  });
});

describe("first: a source that fails", () => {
  let broken: FakeDatabase;

  beforeEach(() => {
    broken = table({});
    broken.error = away;
  });

  test("does not matter to what was answered before its turn", async () => {
    const chain = chainOf(table({ "alice@x": "alice", "@x": "boss" }), broken);
    expect(await ownersOf(chain, "alice@x")).toBe("alice");
    await expect(ownersOf(chain, "alice+t@x")).rejects.toBe(away);
    await expect(ownersOf(chain, "z@x")).rejects.toBe(away);
  });

  test("fails the lookup when it comes first, whatever the others have", async () => {
    await expect(ownersOf(chainOf(broken, table({ "alice@x": "alice" })), "alice@x")).rejects.toBe(away);
  });

  test("does not matter where it is only asked for the domain, and an address is found before", async () => {
    const catchAlls = fakeDatabase({}, { isAsync: true, roles: ["domain"] });
    catchAlls.error = hangs;
    const chain = chainOf(catchAlls, table({ "alice@x": "alice" }));
    expect(await ownersOf(chain, "alice+t@x")).toBe("alice");
    await expect(ownersOf(chain, "z@x")).rejects.toBe(hangs);
  });

  test("fails the lookup when its grants are missing, which could add owners", async () => {
    const grants = fakeDatabase({}, { isAsync: true, roles: ["grant"] });
    grants.error = away;
    await expect(ownersOf(chainOf(table({ "alice@x": "alice" }), grants), "alice@x")).rejects.toBe(away);
  });

  test("that refuses one key is asked key by key, and an answer before that key stands", async () => {
    const refused = new SourceError("ERR_SOURCE_RESULT", "too many values");
    const first = table({ "bob@x": "bob" });
    const { find } = first;
    first.find = (asks, deadlineMs) =>
      asks.some(({ key }) => key.email === "@x") ? Promise.reject(refused) : find(asks, deadlineMs);
    const chain = chainOf(first, table({ "carol@x": "carol" }));
    expect(await ownersOf(chain, "bob+t@x")).toBe("bob");
    expect(await ownersOf(chain, "carol+t@x")).toBe("carol");
    await expect(ownersOf(chain, "nobody@x")).rejects.toBe(refused);
  });

  test("that hangs is not waited for twice", async () => {
    broken.error = hangs;
    await expect(ownersOf(chainOf(broken, table({})), "bob+t@x")).rejects.toBe(hangs);
    expect(broken.asked).toEqual(["bob+t@x", "bob@x", "@x"]);
  });

  test("is a bug's failure as well", async () => {
    const bug = new TypeError("a bug");
    broken.error = bug;
    await expect(ownersOf(chainOf(broken, table({})), "bob@x")).rejects.toBe(bug);
  });
});

describe("first: gates", () => {
  const refusesAfter = () => undefined;
  const closed: Doorkeeper = { refuses: () => foreign, refusesAfter };
  const late: Doorkeeper = { refuses: async () => foreign, refusesAfter };
  const open: Doorkeeper = { refuses: async () => undefined, refusesAfter };

  test("a source that does not host the domain is not asked, so it need not be there", async () => {
    const broken = table({});
    broken.error = away;
    const rows = table({ "alice@x": "alice" });
    for (const gate of [closed, late]) {
      const { source } = combine(membersOf([broken, rows], [gate, open]), rules, "first");
      expect(await ownersOf(source, "alice@x")).toBe("alice");
    }
    expect(broken.asked).toEqual([]);
  });

  test("an address that no source hosts is foreign, at once", () => {
    const { source } = combine(membersOf([table({}), table({})], [closed, closed]), rules, "first");
    expect(source.ownersOf("alice@x", 0)).toBe(foreign);
  });

  test("a source that fails is left out where the list that it gave last has not the domain", async () => {
    const broken = table({});
    broken.error = hangs;
    const stale: Doorkeeper = { refuses: () => undefined, refusesAfter: () => foreignByStaleList };
    const { source } = combine(membersOf([broken, table({ "alice@x": "alice" })], [stale, open]), rules, "first");
    expect(await ownersOf(source, "alice@x")).toBe("alice");
    expect(await ownersOf(source, "z@x")).toBe("absent");
    const alone = combine(membersOf([broken, table({})], [stale, closed]), rules, "first").source;
    expect(await alone.ownersOf("alice@x", 0)).toBe(foreignByStaleList);
  });

  test("a source that fails for another source's sake is not", async () => {
    const broken = table({});
    broken.error = hangs;
    const stale: Doorkeeper = { refuses: () => undefined, refusesAfter: () => foreignByStaleList };
    const { source } = combine(membersOf([table({}), broken], [stale, open]), rules, "first");
    await expect(ownersOf(source, "alice@x")).rejects.toBe(hangs);
  });

  test("it is so by a list that is overdue when one of them is", () => {
    const stale: Doorkeeper = { refuses: () => foreignByStaleList, refusesAfter };
    const { source } = combine(membersOf([table({}), table({})], [closed, stale]), rules, "first");
    expect(source.ownersOf("alice@x", 0)).toBe(foreignByStaleList);
  });
});

test("first: what no source is asked for is explained as foreign, or as no address", async () => {
  const elsewhere = () => fakeDatabase({}, { isAsync: true, domains: ["y"] });
  const { resolver } = combine(membersOf([elsewhere(), elsewhere()]), rules, "first");
  expect(await resolver.trace("bob@x", 0)).toEqual({ reply: foreign, asks: [] });
  const byRole = () => fakeDatabase({}, { isAsync: true });
  const open = combine(membersOf([byRole(), byRole()]), rules, "first").resolver;
  expect(await open.trace("@", 0)).toEqual({ reply: malformed, asks: [] });
});
