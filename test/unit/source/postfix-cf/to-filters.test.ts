import { describe, expect, test } from "vitest";
import { toFilters } from "../../../../src/source/postfix-cf/to-filters.ts";
import { parse } from "./table.ts";

function translate(text: string) {
  const { assignments, connection } = parse(text, {}, "ldap");
  if (connection.driver !== "ldap") throw new Error("expected a connection to a directory");
  const result = toFilters(assignments, connection, "people");
  return "because" in result ? result : result.keys;
}

const needed = "search_base = dc=x\nresult_attribute = uid, mail\n";

test("a table becomes filters by role, the key @domain one of its own", () => {
  const text = `${needed}server_host = ldaps://a ldap://b\nbind_dn = cn=r\nbind_pw = secret\ntls_require_cert = yes\ntls_ca_cert_file = /ca
scope = one
query_filter = (&(objectClass=a)
  (|(mail=%s)(alias=smtp:%s)))
leaf_result_attribute = login
special_result_attribute = member\n`;
  expect(translate(text)).toEqual({
    driver: "ldap",
    uri: ["ldaps://a:636", "ldap://b:389"],
    bind_dn: "cn=r",
    bind_password_file: "/etc/loginmapd/people-password",
    tls: { ca_file: "/ca", verify: true },
    search_base: "dc=x",
    scope: "one",
    filters: {
      address: "(&(objectClass=a) (|(mail=:email)(alias=smtp::email)))",
      domain: "(&(objectClass=a) (|(mail=@:domain)(alias=smtp:@:domain)))",
    },
    result_attribute: ["uid", "mail"],
    login_attribute: "login",
    member_attribute: ["member"],
  });
});

test("a table that takes the localpart has no filter for the domain", () => {
  expect(
    translate(`${needed}query_filter = (&(uid=%u)(dc=%d)(100%%=x))`.replace("(100%%=x)", "(cn=100%%)")),
  ).toMatchObject({
    filters: { address: "(&(uid=:user)(dc=:domain)(cn=100%))" },
  });
});

test("a base of its own for each domain stays one", () => {
  expect(translate("search_base = dc=%d,dc=x\nquery_filter = (mail=%s)\nresult_attribute = uid\n")).toMatchObject({
    search_base: "dc=:domain,dc=x",
    filters: { address: "(mail=:email)", domain: "(mail=@:domain)" },
  });
});

describe("is kept as a table file", () => {
  test.each([
    ["query_filter = (mail=%s)\nresult_format = %u", "result_format changes what the directory answers"],
    ["query_filter = (mail=%s)\nexpansion_limit = 5", "expansion_limit bounds the answer"],
    ["query_filter = (mail=%s)\nterminal_result_attribute = a", "terminal_result_attribute ends a search"],
    ["query_filter = (mail=%s)\ndomain = example.com", "domain filters the keys"],
    ["query_filter = (mail=%s)\nleaf_result_attribute = a b", "it has several leaf attributes"],
    ["query_filter = (mail=%u@%2.%1)", "its filter takes the key apart in a way that has no placeholder"],
    ["query_filter = (mail=%sx)", "its filter takes the key apart in a way that has no placeholder"],
    ["query_filter = (mail=:email%s)", "its filter takes the key apart in a way that has no placeholder"],
  ])("%j", (lines, because) => {
    expect(translate(`${needed}${lines}\n`)).toEqual({ because });
  });
});
