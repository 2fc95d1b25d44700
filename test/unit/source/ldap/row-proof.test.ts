import { expect, test } from "vitest";
import { planOfFilters } from "../../../../src/source/ldap/filters.ts";
import { rowProofOf } from "../../../../src/source/ldap/row-proof.ts";
import type { LdapTable } from "../../../../src/source/ldap/table.ts";

function tableOf(address: string): LdapTable {
  const { roles } = planOfFilters({
    searchBase: "dc=example,dc=com",
    scope: "sub",
    filters: { address },
    resultAttribute: ["mail"],
    loginAttribute: undefined,
    memberAttribute: [],
    domainAttribute: [],
  });
  return roles.address as LdapTable;
}

test.each([
  ["(mail=:email)", "query"],
  ["(|(mail=:email)(mailAlias=:email))", "query"],
  ["(&(objectClass=person)(|(mail=:email)(proxyAddresses=smtp::email)))", "query"],
  ["(&(uid=:user)(domain=:domain))", "query"],
  ["(|(mail=:email)(mail=@:domain))", "owner"],
  ["(uid=:user)", "owner"],
  ["(mail=*:email)", "owner"],
  ["(mail~=:email)", "owner"],
  ["(!(mail=:email))", "owner"],
  ["(&(domain=:domain)(!(uid=:user)))", "owner"],
])("%s: what shows that an answer is of an entry of its own is its %s", (filter, proof) => {
  expect(rowProofOf(tableOf(filter))).toBe(proof);
});

test("a result that is made from the key shows nothing, unless the filter compares the key", () => {
  const echoing = (filter: string): LdapTable => ({ ...tableOf(filter), format: (_value, { email }) => email });
  expect(rowProofOf(echoing("(uid=:user)"))).toBe("none");
  expect(rowProofOf(echoing("(mail=:email)"))).toBe("query");
});
