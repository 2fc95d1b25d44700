import { expect, test } from "vitest";
import type { QueryName } from "../../../../src/model/keys.ts";
import { planOfFilters } from "../../../../src/source/ldap/filters.ts";
import { keysOf } from "../../../../src/source/ldap/key-attributes.ts";

function listingOf(filters: Partial<Record<QueryName, string>>) {
  return planOfFilters({
    searchBase: "dc=x",
    scope: "sub",
    filters: { ...filters, listing: "(objectClass=mailUser)" },
    resultAttribute: [],
    loginAttribute: "uid",
    memberAttribute: [],
    domainAttribute: [],
  }).listing;
}

test.each([
  [
    "every attribute compared with the address, once",
    { address: "(&(a=b)(|(mail=:email)(alias=:email)(mail=:email)))" },
    ["mail||", "alias||"],
  ],
  ["with what stands around it, caseless", { address: "(proxyAddresses=SMTP::email)" }, ["proxyAddresses|smtp:|"]],
  ["the address in two parts", { address: "(mail=:user@:domain)" }, ["mail||"]],
  ["by a matching rule", { address: "(mail:caseIgnoreMatch:=:email)" }, ["mail||"]],
  ["the domain of a catch-all", { address: "(mail=:email)", domain: "(mail=\\2a@:domain)" }, ["mail||", "mail|*@|"]],
  ["a grant", { address: "(mail=:email)", grant: "(maySendAs=<:email>)" }, ["mail||", "maySendAs|<|>"]],
  [
    "nothing that must not be, or in part",
    { address: "(&(mail=:email)(!(x=:email))(y=*:email)(z=:user))" },
    ["mail||"],
  ],
])("finds %s", (_, filters, keys) => {
  expect(listingOf(filters)?.keys.map(({ attribute, before, after }) => `${attribute}|${before}|${after}`)).toEqual(
    keys,
  );
});

test("reads the addresses of an entry, each once", () => {
  const listing = listingOf({ address: "(|(mail=:email)(p=smtp::email))", domain: "(mail=@:domain)" });
  const attributes = [
    { type: "Mail", values: ["a@x", "@x", Buffer.from([0xff])] },
    { type: "P", values: ["SMTP:a@x", "x400:c=de", "smtp:", "smtp:b@x"] },
  ];
  expect(keysOf(attributes, listing?.keys ?? [])).toEqual([
    { key: "a@x", kind: "address" },
    { key: "@x", kind: "catch-all" },
    { key: "b@x", kind: "address" },
  ]);
});
