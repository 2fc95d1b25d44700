import { describe, expect, test } from "vitest";
import { missingRange, useOf } from "../../../../src/source/ldap/attributes.ts";
import { anyEntry } from "../../../../src/source/ldap/filter-template.ts";
import { attributesInCommon, isLdapUrl, parseLdapUrl } from "../../../../src/source/ldap/url.ts";

test.each([
  ["ldap:///dc=x", true],
  ["LDAPS://host/dc=x", true],
  ["ldapi://%2Fs/dc=x", true],
  ["<URL:ldap://h/dc=x>", true],
  ["uid=a,dc=x", false],
  ["ldap=a,dc=x", false],
])("%s is a URL: %s", (value, isUrl) => {
  expect(isLdapUrl(value)).toBe(isUrl);
});

describe("parseLdapUrl", () => {
  test.each([
    ["ldap://other:389/dc=x", { base: "dc=x", scope: "base", filter: anyEntry, attributes: [] }],
    ["ldap:///dc=x?mail,uid?sub", { base: "dc=x", scope: "sub", filter: anyEntry, attributes: ["mail", "uid"] }],
    ["ldap:///ou=a%20b%3Fc?cn?one", { base: "ou=a b?c", scope: "one", filter: anyEntry, attributes: ["cn"] }],
    ["<ldap:///dc=x>", { base: "dc=x", scope: "base", filter: anyEntry, attributes: [] }],
    ["ldap://host", { base: "", scope: "base", filter: anyEntry, attributes: [] }],
    ["ldap:///dc=x????bindname=cn=a", { base: "dc=x", scope: "base", filter: anyEntry, attributes: [] }],
  ])("%s", (url, search) => {
    expect(parseLdapUrl(url)).toEqual(search);
  });

  test("reads its filter, %XX undone", () => {
    expect(parseLdapUrl("ldap:///dc=x??sub?(cn=a%2ab)")).toMatchObject({
      filter: { kind: "substrings", attribute: "cn" },
    });
  });

  test.each(["ldap:///dc=x??everywhere", "ldap:///dc=%zz", "ldap:///dc=x??sub?(a", "ldap:///dc=x????!ext=1"])(
    "%s is malformed",
    (url) => {
      expect(parseLdapUrl(url)).toBeUndefined();
    },
  );
});

test.each([
  [[], ["mail", "uid"], ["mail", "uid"]],
  [["*"], ["mail"], ["mail"]],
  [["MAIL", "cn"], ["mail", "uid"], ["MAIL"]],
  [["cn"], ["mail"], []],
  [["mail;lang-de"], ["mail"], ["mail;lang-de"]],
  [["mail"], ["mail;lang-de"], ["mail;lang-de"]],
])("attributes %j of %j are %j", (named, taken, common) => {
  expect(attributesInCommon(named, taken)).toEqual(common);
});

describe("useOf", () => {
  const attributes = { result: ["mail", "Both"], leaf: ["uid"], terminal: ["maildrop"], special: ["member", "both"] };

  test.each([
    ["MAIL", "result"],
    ["mail;lang-de", "result"],
    ["uid", "leaf"],
    ["maildrop", "terminal"],
    ["member;range=0-9", "special"],
    ["both", "result"],
    ["mailbox", undefined],
  ])("%s counts as %s", (type, use) => {
    expect(useOf(type, attributes)).toBe(use);
  });
});

test.each([
  ["member", undefined],
  ["member;range=1500-*", undefined],
  ["member;range=0-1499", { type: "member", next: "member;range=1500-*" }],
  ["member;lang-de;Range=1500-2999", { type: "member;lang-de", next: "member;lang-de;range=3000-*" }],
])("what is missing after %s is %j", (type, missing) => {
  expect(missingRange(type)).toEqual(missing);
});
