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
    expect(keysOf("alice@local.example", "postfix")).toEqual([
      "address alice@local.example exact",
      "address alice exact",
      "address @local.example",
    ]);
  });

  test("both spellings of a quoted localpart are asked in internal form", () => {
    expect(keysOf('"two words"@example.com', "roles")).toEqual(keysOf("two words@example.com", "roles"));
    expect(keysOf('"two words"@example.com', "roles")[0]).toBe("address two words@example.com exact");
  });

  test("a localpart that ends in a blank is not asked as an address, which PAD SPACE columns would match", () => {
    expect(keysOf("alice @example.com", "roles")).toEqual(["domain alice @example.com", "grant alice @example.com"]);
  });

  test("@domain asks the domain role only", () => {
    expect(keysOf("@example.com", "roles")).toEqual(["domain @example.com"]);
    expect(
      asksFor("@example.com", "roles", allRoles, { recipientDelimiter: "", localDomains: new Set() })[0]?.key,
    ).toEqual({
      email: "@example.com",
      user: "",
      domain: "example.com",
    });
  });

  test("a bare localpart is asked only where there are local domains", () => {
    expect(keysOf("alice+tag", "roles")).toEqual(["address alice+tag exact", "address alice"]);
    expect(keysOf("alice", "roles", { localDomains: new Set() })).toEqual([]);
  });

  test.each([["@"], ['""@example.com'], ['""']])("%s can have no owner", (key) => {
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
  test("follow mail_addr_find for a local domain", () => {
    expect(keysOf("user+e@local.example", "postfix")).toEqual([
      "address user+e@local.example exact",
      "address user@local.example",
      "address user+e exact",
      "address user",
      "address @local.example",
    ]);
  });

  test("leave bare localparts out for other domains", () => {
    expect(keysOf("user+e@example.com", "postfix")).toEqual([
      "address user+e@example.com exact",
      "address user@example.com",
      "address @example.com",
    ]);
  });

  test("ask a quoted localpart in external form first, each time", () => {
    expect(keysOf('"two words+e"@local.example', "postfix")).toEqual([
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
    expect(keysOf("two words@example.com", "postfix")).toEqual([
      "address two words@example.com exact",
      "address @example.com",
    ]);
  });

  test("drop quotes that are not needed, as smtpd does", () => {
    expect(keysOf('"plain"@example.com', "postfix")[0]).toBe("address plain@example.com exact");
  });

  test("ask partial keys as they are", () => {
    expect(keysOf("user+e", "postfix")).toEqual(["address user+e exact"]);
    expect(keysOf("@example.com", "postfix")).toEqual(["address @example.com"]);
  });
});
