import { describe, expect, test } from "vitest";
import { ConfigError, formatProblem } from "../../../../src/model/errors.ts";
import type { FilterSettings } from "../../../../src/model/settings.ts";
import { planOfFilters } from "../../../../src/source/ldap/filters.ts";

function settings(changes: Partial<FilterSettings> = {}): FilterSettings {
  return {
    searchBase: "dc=x",
    scope: "sub",
    filters: { address: "(mail=:email)" },
    resultAttribute: [],
    loginAttribute: "uid",
    memberAttribute: [],
    domainAttribute: ["dc"],
    ...changes,
  };
}

function problemsOf(changes: Partial<FilterSettings>): string[] {
  try {
    planOfFilters(settings(changes));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe("placeholders", () => {
  const bound = { email: "a@x", user: "a", domain: "x" };

  test.each([
    ["(mail=:email)", ["a@x"]],
    ["(&(uid=:user)(dc=:domain))", ["a", "x"]],
    ["(proxyAddresses=smtp::email)", ["smtp:", "a@x"]],
    ["(mail=:user@:domain)", ["a", "@", "x"]],
    ["(ou:dn:=people)", ["people"]],
    ["(uid:caseExactMatch:=:user)", ["a"]],
    ["(note=12:30)", ["12:30"]],
  ])("%s", (address, values) => {
    const filter = planOfFilters(settings({ filters: { address } })).roles.address?.filter;
    const found: string[] = [];
    JSON.stringify(filter, (name, value) => {
      if (name === "value")
        for (const piece of value) found.push(typeof piece === "function" ? piece(bound) : String(piece));
      return value;
    });
    expect(found).toEqual(values);
  });

  test.each([
    [
      { filters: { address: "(mail=:emial)" } },
      "filters.address: there is no placeholder :emial: expected :email, :user or :domain; the nearest is :email",
    ],
    [
      { filters: { address: "(:email=x)" } },
      "filters.address: has a part of the key where an attribute is expected: it may stand in values only",
    ],
    [{ filters: { address: "(mail=:email" } }, "filters.address: lacks a closing parenthesis"],
    [
      { filters: { address: "(a=b)", domains: "(dc=:domain)" } },
      "filters.domains: lists all domains: no part of an address can stand in it",
    ],
  ])("%j is refused", (changes, problem) => {
    expect(problemsOf(changes)).toEqual([problem]);
  });
});

describe("keys that are not asked for", () => {
  const taken = (changes: Partial<FilterSettings>, user: string, domain: string) =>
    planOfFilters(settings(changes)).roles.address?.takes({ email: `${user}@${domain}`, user, domain });

  test.each([
    ["a domain that the filter takes is missing", { filters: { address: "(dc=:domain)" } }, "alice", "", false],
    ["a domain that the base takes is missing", { searchBase: "dc=:domain" }, "alice", "", false],
    ["no domain is taken", {}, "alice", "", true],
    ["a blank at the end, which a directory does not compare", {}, "alice ", "x", false],
    ["a blank at the beginning", {}, " alice", "x", false],
    ["two blanks in a row", {}, "a  b", "x", false],
    ["one blank is compared", {}, "a b", "x", true],
  ])("%s", (_, changes, user, domain, isTaken) => {
    expect(taken(changes, user, domain)).toBe(isTaken);
  });
});

test("logins of people, not of groups; names of domains by their own attribute", () => {
  const plan = planOfFilters(
    settings({ filters: { address: "(a=b)", domains: "(c=d)" }, resultAttribute: ["r"], memberAttribute: ["member"] }),
  );
  expect(plan.roles.address?.attributes).toEqual({ result: ["r"], leaf: ["uid"], terminal: [], special: ["member"] });
  expect(plan.domains?.attributes).toEqual({ result: ["dc"], leaf: [], terminal: [], special: [] });
  expect(plan.roles.address?.format("", { email: "", user: "", domain: "" })).toBeUndefined();
});

describe("a listing", () => {
  const listing = "(objectClass=mailUser)";

  test.each([
    [
      "of nothing",
      { filters: { address: "(uid=:user)", listing } },
      "no other filter compares an attribute with :email",
    ],
    ["of one address", { filters: { address: "(mail=:email)", listing: "(mail=:email)" } }, "lists everything"],
    [
      "below a base that is another for each key",
      { searchBase: "dc=:domain,dc=x", filters: { address: "(mail=:email)", listing } },
      "needs a search_base in which no part of an address stands",
    ],
  ])("%s is refused", (_, changes, words) => {
    expect(problemsOf(changes)).toEqual([expect.stringContaining(words)]);
  });
});
