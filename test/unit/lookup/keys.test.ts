import { describe, expect, test } from "vitest";
import { asksFor, type KeyRules } from "../../../src/lookup/keys.ts";
import type { KeyForm, Role } from "../../../src/model/keys.ts";

const allRoles = new Set<Role>(["address", "domain", "grant"]);

function keysOf(key: string, form: KeyForm, rules: Partial<KeyRules> = {}, roles = allRoles): string[] {
  const full = { recipientDelimiter: "+", localDomains: new Set<string>(["local.example"]), ...rules };
  return asksFor(key, form, roles, full).map((ask) => `${ask.role} ${ask.key.email}${ask.derived ? "" : " exact"}`);
}

describe("asks by role", () => {
  test("an address is asked whole, then without its extension; its domain and its grants once each", () => {
    expect(keysOf("alice+tag@example.com", "roles")).toEqual([
      "address alice+tag@example.com exact",
      "address alice@example.com",
      "domain alice@example.com",
      "grant alice+tag@example.com",
      "grant alice@example.com",
    ]);
  });

  test("an address of a local domain is also asked as bare localpart", () => {
    expect(keysOf("alice+tag@local.example", "roles").slice(0, 4)).toEqual([
      "address alice+tag@local.example exact",
      "address alice@local.example",
      "address alice+tag exact",
      "address alice",
    ]);
  });

  test("an address of a local domain without an extension is asked whole and bare", () => {
    expect(keysOf("alice@local.example", "roles").slice(0, 2)).toEqual([
      "address alice@local.example exact",
      "address alice exact",
    ]);
    expect(keysOf("alice@local.example", "postfix", {}, new Set<Role>(["address"]))).toEqual([
      "address alice@local.example exact",
      "address alice exact",
      "address @local.example",
    ]);
  });

  test("a quoted localpart is asked in both forms, since rows may hold either", () => {
    expect(keysOf('"two words"@example.com', "roles")).toEqual([
      'address "two words"@example.com exact',
      "address two words@example.com exact",
      "domain two words@example.com",
      'grant "two words"@example.com',
      "grant two words@example.com",
    ]);
  });

  test.each([["two words"], ["back\\slash"], ['quo"te'], ["alice\\"], ['alice"'], ['"alice"']])(
    "%s is not what smtpd asks for first, so it is literal",
    (localpart) => {
      expect(keysOf(`${localpart}@example.com`, "roles")).toEqual([
        `address ${localpart}@example.com exact`,
        `domain ${localpart}@example.com`,
        `grant ${localpart}@example.com`,
      ]);
      expect(keysOf(`${localpart}@example.com`, "postfix", {}, new Set<Role>(["address"]))).toEqual([
        `address ${localpart}@example.com exact`,
        "address @example.com",
      ]);
    },
  );

  test("a localpart that ends in a blank is asked in quotes only: PAD SPACE columns would match it without", () => {
    expect(keysOf('"zz "@example.com', "roles")).toEqual([
      'address "zz "@example.com exact',
      'domain "zz "@example.com',
      'grant "zz "@example.com',
    ]);
    expect(keysOf("zz @example.com", "roles")).toEqual(['domain "zz "@example.com']);
    expect(keysOf('"alice+x "@example.com', "roles")).toEqual([
      'address "alice+x "@example.com exact',
      "address alice@example.com",
      "domain alice@example.com",
      'grant "alice+x "@example.com',
      "grant alice@example.com",
    ]);
  });

  test("an empty localpart is one, which a catch-all owns", () => {
    expect(keysOf('""@example.com', "roles")).toEqual([
      'address ""@example.com exact',
      'domain ""@example.com',
      'grant ""@example.com',
    ]);
  });

  test("@domain asks the domain role only, with no address that a row of the catch-all could be taken for", () => {
    expect(keysOf("@example.com", "roles")).toEqual(["domain "]);
    expect(
      asksFor("@example.com", "roles", allRoles, { recipientDelimiter: "", localDomains: new Set() })[0]?.key,
    ).toEqual({
      email: "",
      user: "",
      domain: "example.com",
    });
  });

  test("a bare localpart is asked only where there are local domains", () => {
    expect(keysOf("alice+tag", "roles")).toEqual(["address alice+tag exact", "address alice"]);
    expect(keysOf("alice", "roles", { localDomains: new Set() })).toEqual([]);
  });

  test.each([["@"], [""]])("%s can have no owner", (key) => {
    expect(keysOf(key, "roles")).toEqual([]);
  });

  test("roles without a query are not asked", () => {
    expect(keysOf("alice@example.com", "roles", {}, new Set<Role>(["address"]))).toEqual([
      "address alice@example.com exact",
    ]);
  });

  test("every spelling of a key is given", () => {
    const [ask] = asksFor("a@b@example.com", "roles", allRoles, { recipientDelimiter: "", localDomains: new Set() });
    expect(ask?.key).toEqual({ email: "a@b@example.com", user: "a@b", domain: "example.com" });
  });
});

describe("asks in Postfix's own order", () => {
  const keysOfTable = (key: string) => keysOf(key, "postfix", {}, new Set<Role>(["address"]));

  test("follow mail_addr_find for a local domain", () => {
    expect(keysOfTable("user+e@local.example")).toEqual([
      "address user+e@local.example exact",
      "address user@local.example",
      "address user+e exact",
      "address user",
      "address @local.example",
    ]);
  });

  test("leave bare localparts out for other domains", () => {
    expect(keysOfTable("user+e@example.com")).toEqual([
      "address user+e@example.com exact",
      "address user@example.com",
      "address @example.com",
    ]);
  });

  test("ask a quoted localpart in external form first, each time", () => {
    expect(keysOfTable('"two words+e"@local.example')).toEqual([
      'address "two words+e"@local.example exact',
      "address two words+e@local.example exact",
      'address "two words"@local.example',
      "address two words@local.example",
      'address "two words+e" exact',
      "address two words+e exact",
      'address "two words"',
      "address two words",
      "address @local.example",
    ]);
  });

  test("ask a localpart in internal form as it is, since smtpd asked its quoted form before", () => {
    expect(keysOfTable("two words@example.com")).toEqual([
      "address two words@example.com exact",
      "address @example.com",
    ]);
  });

  test("ask for an empty localpart in quotes, then for the domain", () => {
    expect(keysOf('""@local.example', "postfix", {}, new Set<Role>(["address"]))).toEqual([
      'address ""@local.example exact',
      "address @local.example",
    ]);
  });

  test("ask for the grants of the address, if the source has any", () => {
    expect(keysOf("user+e@example.com", "postfix").at(-1)).toBe("grant user+e@example.com");
    expect(keysOfTable("@example.com")).toEqual(["address @example.com"]);
  });

  test("ask partial keys as they are", () => {
    expect(keysOfTable("user+e")).toEqual(["address user+e exact"]);
    expect(keysOfTable("@example.com")).toEqual(["address @example.com"]);
  });
});

describe("places", () => {
  test.each<[KeyForm, string]>([
    ["roles", '"two words+e"@local.example'],
    ["postfix", '"two words+e"@local.example'],
    ["postfix", '""@local.example'],
  ])("follow the order of the asks: %s, %s", (form, key) => {
    const rules = { recipientDelimiter: "+", localDomains: new Set(["local.example"]) };
    const places = asksFor(key, form, allRoles, rules).map(({ place }) => place);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("are the same for both forms, so that sources of both can be asked in turn", () => {
    const rules = { recipientDelimiter: "+", localDomains: new Set(["local.example"]) };
    const placesOf = (form: KeyForm) =>
      asksFor('"two words+e"@local.example', form, allRoles, rules).map(({ place }) => place);
    expect(placesOf("roles").slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(placesOf("postfix").slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("an address that still has its extension says so", () => {
    const asks = asksFor("alice+t@x", "roles", allRoles, { recipientDelimiter: "+", localDomains: new Set() });
    expect(asks.filter(({ role }) => role === "address").map(({ isTagged = false }) => isTagged)).toEqual([
      true,
      false,
    ]);
  });
});
