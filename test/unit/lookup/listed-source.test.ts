import { describe, expect, test } from "vitest";
import { ListedSource } from "../../../src/lookup/listed-source.ts";
import type { Role } from "../../../src/model/keys.ts";
import { type ListedLine, toListedLine } from "../../../src/model/listing.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";
import { rules } from "../../support/fakes/tables.ts";

const rows: [string, string | null, string | null][] = [
  ["Alice@X.test", "alice", "address"],
  ["off@x.test", null, "address"],
  ["@x.test", "erin", "catch-all"],
  ["new@x.test", "bob", "grant"],
  ["unset@x.test", null, "grant"],
  ["@x.test", "boss", "grant"],
  ["*", "root", "grant"],
];

function sourceOf(hosted?: ReadonlySet<string>): ListedSource {
  const source = new ListedSource(fakeDatabase({}), hosted);
  for (const row of rows) source.add(toListedLine(row) as ListedLine, rules);
  return source;
}

function answerOf(source: ListedSource, role: Role, user: string): string[] {
  const key = { email: `${user}@x.test`, user, domain: "x.test" };
  return source.answer({ role, key, derived: false }).map(({ owner }) => owner);
}

describe("what a source would say by its listing", () => {
  test.each([
    ["address", "alice", ["alice"]],
    ["address", "off", []],
    ["domain", "alice", []],
    ["domain", "off", []],
    // A grant is no row that keeps the catch-all away.
    ["domain", "new", ["erin"]],
    ["domain", "unset", ["erin"]],
    ["grant", "new", ["bob", "boss", "root"]],
    ["grant", "alice", ["boss", "root"]],
  ] as const)("%s of %s@x.test: %j", (role, user, owners) => {
    expect(answerOf(sourceOf(), role, user)).toEqual(owners);
  });

  test("is nothing of a domain that it does not host, save for who may send as everything", () => {
    const source = sourceOf(new Set(["other.test"]));
    expect(answerOf(source, "address", "alice")).toEqual([]);
    expect(source.grantsToEverything().map(({ owner }) => owner)).toEqual(["root"]);
    expect([source.hosts("a@other.test", rules), source.hosts("a@x.test", rules)]).toEqual([true, false]);
    expect(source.hosts("a@x.test", { ...rules, localDomains: new Set(["x.test"]) })).toBe(true);
  });
});
