/** `combine: union`, and what holds however sources are combined. */
import { describe, expect, test } from "vitest";
import { combine, rulesOf, ungated } from "../../../src/lookup/combine.ts";
import { absent, type Found, foreign } from "../../../src/model/reply.ts";
import { away, chainOf, membersOf, ownersOf, rules, settings, table, unionOf } from "../../support/fakes/tables.ts";

describe("union: each source's own answer", () => {
  test("is joined without duplicates, in the order of the sources", async () => {
    const union = unionOf(table({ "bob@x": "bob,boss" }), table({ "@x": "boss,eve" }), table({}));
    expect(await ownersOf(union, "bob@x")).toBe("bob,boss,eve");
    expect(await ownersOf(union, "z@x")).toBe("boss,eve");
    expect(await ownersOf(union, "z@y")).toBe("absent");
  });

  test("is joined at once when every source answers at once", () => {
    const union = unionOf(table({ "bob@x": "bob" }, { isAsync: false }), table({}, { isAsync: false }));
    expect(union.ownersOf("bob@x", 0)).toMatchObject({ kind: "ok", derived: false });
  });

  test("is no answer when one source has none", async () => {
    const broken = table({});
    broken.error = away;
    await expect(ownersOf(unionOf(table({ "bob@x": "bob" }), broken), "bob@x")).rejects.toBe(away);
  });

  test("counts as found for the address when one of them was", async () => {
    const direct = await unionOf(table({ "bob@x": "bob" }), table({ "@x": "boss" })).ownersOf("bob@x", 0);
    const derived = await unionOf(table({}), table({ "@x": "boss" })).ownersOf("bob@x", 0);
    expect([(direct as Found).derived, (derived as Found).derived]).toEqual([false, true]);
  });

  test("is foreign when every source says so", async () => {
    const closed = { refuses: () => foreign, refusesAfter: () => undefined, ownersOf: () => foreign };
    const both = membersOf([table({}), table({})]).map((member) => ({ ...member, gate: closed }));
    expect(await combine(both, rules, "union").source.ownersOf("a@x", 0)).toBe(foreign);
    const [first] = both;
    const other = membersOf([table({})]);
    expect(await combine([first!, ...other], rules, "union").source.ownersOf("a@x", 0)).toBe(absent);
  });

  test("is explained as it is answered", async () => {
    const { resolver } = combine(membersOf([table({ "bob@x": "bob" }), table({ "@x": "boss" })]), rules, "union");
    const { reply, asks } = await resolver.trace("bob@x", 0);
    expect(reply).toMatchObject({ owners: { text: "bob,boss" } });
    expect(asks.map(({ state, won }) => `${state} ${won}`)).toEqual([
      "answered true",
      "not_asked false",
      "answered false",
      "answered true",
    ]);
    const broken = table({});
    broken.error = away;
    const failed = combine(membersOf([table({ "bob@x": "bob" }), broken]), rules, "union").resolver;
    expect((await failed.trace("bob@x", 0)).reply).toMatchObject({ kind: "temporary", cause: away });
  });
});

test("one source is asked as if there were no others to combine it with", () => {
  const [member] = membersOf([table({})]);
  expect(combine([member!], rules, "union")).toEqual({ source: member!.gate, resolver: member!.resolver });
});

test("owners in the realm of the map are answered without it too, whichever source has them", async () => {
  const realm = rulesOf({ ...settings, loginRealm: "x" });
  const databases = [table({ "bob@x": "bob@x" }), table({ "@x": "boss@x" })];
  const members = databases.map((database) => ungated(database, realm));
  expect(await ownersOf(combine(members, realm, "first").source, "bob@x")).toBe("bob@x,bob");
  expect(await ownersOf(combine(members, realm, "union").source, "bob@x")).toBe("bob@x,bob,boss@x,boss");
});

test("owners are answered with their U-label by role, and as they stand by a table of Postfix", async () => {
  const rows = { "bob@x": "bob@xn--exmple-cua.com" };
  const byRole = table(rows, { keyForm: "roles" });
  expect(await ownersOf(chainOf(byRole, table({})), "bob@x")).toBe("bob@xn--exmple-cua.com,bob@exämple.com");
  expect(await ownersOf(chainOf(table(rows), byRole), "bob@x")).toBe("bob@xn--exmple-cua.com");
});
