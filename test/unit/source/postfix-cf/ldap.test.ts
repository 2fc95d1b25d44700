import { describe, expect, test } from "vitest";
import { parse, problemsOf, warningsOf } from "./table.ts";

const needed = "search_base = dc=x\nquery_filter = (mail=%s)\nresult_attribute = uid\n";

function connectionOf(lines: string) {
  const { connection } = parse(`${needed}${lines}\n`, {}, "ldap");
  if (connection.driver !== "ldap") throw new Error("expected a connection to a directory");
  return connection;
}

function tableOf(lines: string) {
  const { plan } = parse(`${lines}\n`, {}, "ldap");
  const table = "arms" in plan ? undefined : plan.roles.address;
  if (table === undefined) throw new Error("expected a table of LDAP");
  return table;
}

const inet = (host: string, port: number) => ({ kind: "inet", host, port });

describe("server_host", () => {
  test.each([
    ["", [{ endpoint: inet("localhost", 389), isTls: false }]],
    [
      "server_host = a, b:390\nserver_port = 391",
      [
        { endpoint: inet("a", 391), isTls: false },
        { endpoint: inet("b", 390), isTls: false },
      ],
    ],
    [
      "server_host = ldaps://a ldap://b:1",
      [
        { endpoint: inet("a", 636), isTls: true },
        { endpoint: inet("b", 1), isTls: false },
      ],
    ],
    ["server_host = ldapi://%2Fs", [{ endpoint: { kind: "unix", path: "/s" }, isTls: false }]],
  ])("%s", (lines, servers) => {
    expect(connectionOf(lines).servers).toEqual(servers);
  });
});

describe("bind", () => {
  const account = "bind_dn = cn=a\nbind_pw = p\n";

  test.each([
    ["", undefined],
    [account, { dn: "cn=a", password: "p" }],
    [`${account}bind = YES`, { dn: "cn=a", password: "p" }],
    [`${account}bind = simple`, { dn: "cn=a", password: "p" }],
    [`${account}bind = no`, undefined],
    [`${account}bind = none`, undefined],
    ["bind_dn = cn=a", { dn: "cn=a", password: "" }],
  ])("%j", (lines, bind) => {
    expect(connectionOf(lines).bind).toEqual(bind);
  });
});

describe("TLS", () => {
  test.each([
    ["tls_require_cert = yes", undefined],
    ["start_tls = yes", { verify: true }],
    ["start_tls = yes\ntls_require_cert = no", { verify: false }],
    [
      "server_host = ldaps://a\ntls_ca_cert_file = /ca\ntls_cert = /c\ntls_key = /k",
      { verify: true, caFile: "/ca", certFile: "/c", keyFile: "/k" },
    ],
  ])("%j", (lines, tls) => {
    const { tls: found } = connectionOf(lines);
    if (tls === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(tls);
  });
});

describe("the table", () => {
  test("has Postfix's defaults", () => {
    const table = tableOf("search_base = dc=x");
    expect(table).toMatchObject({
      scope: "sub",
      dereference: "never",
      sizeLimit: 0,
      expansionLimit: 0,
      recursionLimit: 1000,
      filter: { kind: "equal", attribute: "mailacceptinggeneralid" },
      attributes: { result: ["maildrop"], leaf: [], terminal: [], special: [] },
    });
  });

  test("takes the expansion limit for the size limit, unless that is set", () => {
    expect(tableOf(`${needed}expansion_limit = 5`)).toMatchObject({ expansionLimit: 5, sizeLimit: 5 });
    expect(tableOf(`${needed}expansion_limit = 5\nsize_limit = 9`)).toMatchObject({ expansionLimit: 5, sizeLimit: 9 });
  });

  test("splits lists of attributes at commas and blanks", () => {
    const lines =
      "result_attribute = a, b\tc\nspecial_result_attribute = member,owner\nleaf_result_attribute = l\nterminal_result_attribute = t";
    expect(tableOf(`search_base = dc=x\n${lines}`).attributes).toEqual({
      result: ["a", "b", "c"],
      leaf: ["l"],
      terminal: ["t"],
      special: ["member", "owner"],
    });
  });

  test("looks no key up that lacks what the base takes of it", () => {
    const { takes } = tableOf("search_base = dc=%d,dc=x\nquery_filter = (mail=%s)");
    expect(takes({ email: "plain", user: "plain", domain: "" })).toBe(false);
    expect(takes({ email: "a@b", user: "a", domain: "b" })).toBe(true);
  });

  test("reads the old name of result_format", () => {
    expect(tableOf(`${needed}result_filter = <%s>`).format("a", { email: "k", user: "k", domain: "" })).toBe("<a>");
  });
});

describe("is refused where Postfix stops, or where what it asks for is not supported", () => {
  test.each([
    [
      "bind = sasl",
      "bind: SASL is not spoken here: use bind = yes with bind_dn and bind_pw, over ldapi: or TLS (t.cf line 4)",
    ],
    ["bind = maybe", "bind: expected yes, no, none, simple or sasl (t.cf line 4)"],
    ["size_limit = many", "size_limit: expected a whole number (t.cf line 4)"],
    ["dereference = 4", "dereference: expected 0 to 3 (t.cf line 4)"],
    [
      "server_host = ldap://a/dc=x",
      "server_host: ldap://a/dc=x: expected nothing after the host and its port (t.cf line 4)",
    ],
    [
      "result_format = %x",
      'result_format: "%x" is no expansion: expected %% %s %u %d %S %U %D or %1 to %9 (t.cf line 4)',
    ],
    ["start_tls = true", "start_tls: expected yes or no (t.cf line 4)"],
    ["query_filter = (mail=%s", "query_filter: lacks a closing parenthesis (t.cf line 4)"],
  ])("%s", (line, problem) => {
    expect(problemsOf(() => parse(`${needed}${line}\n`, {}, "ldap"))).toContain(problem);
  });
});

describe("warns of what has another effect than it seems to have", () => {
  test.each([
    [
      "chase_referrals = yes",
      "chase_referrals: referrals are not followed here: name the servers that hold the data in server_host (t.cf line 4)",
    ],
    ["cache = yes", "cache: has no effect, as in Postfix itself (t.cf line 4)"],
    ["version = 2", "version: LDAP 3 is spoken here, whatever it says (t.cf line 4)"],
    [
      "start_tls = yes",
      "tls_require_cert: is not set: the server's certificate is verified here, and not by Postfix; no keeps that (t.cf)",
    ],
    ["scope = subtree", "scope: expected sub, base or one; sub is taken, as by Postfix (t.cf line 4)"],
    ["password = x", "password: unknown to Postfix, which ignores it; the name is bind_pw (t.cf line 4)"],
    ["bind_dn = cn=a", "bind_dn: has no bind_pw: many servers refuse that, others bind as nobody (t.cf line 4)"],
  ])("%s", (line, warning) => {
    expect(warningsOf(parse(`${needed}${line}\n`, {}, "ldap"))).toContain(warning);
  });

  test("and of nothing in a plain file", () => {
    expect(warningsOf(parse(needed, {}, "ldap"))).toEqual([]);
  });
});
