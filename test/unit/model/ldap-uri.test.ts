import { describe, expect, test } from "vitest";
import { formatLdapUri, parseLdapUri } from "../../../src/model/ldap-uri.ts";

describe("parseLdapUri", () => {
  test.each([
    ["ldap://h", { kind: "inet", host: "h", port: 389 }, false],
    ["ldap://h:3389/", { kind: "inet", host: "h", port: 3389 }, false],
    ["LDAPS://h", { kind: "inet", host: "h", port: 636 }, true],
    ["ldap://[::1]:390", { kind: "inet", host: "::1", port: 390 }, false],
    ["ldap:///", { kind: "inet", host: "localhost", port: 389 }, false],
    ["ldapi://%2Frun%2Fslapd%2Fldapi", { kind: "unix", path: "/run/slapd/ldapi" }, false],
    ["ldapi:///", { kind: "unix", path: "/var/run/slapd/ldapi" }, false],
  ])("%s", (uri, endpoint, isTls) => {
    expect(parseLdapUri(uri)).toEqual({ endpoint, isTls });
  });

  test.each([
    ["h", "expected ldap://, ldaps:// or ldapi://"],
    ["http://h", "expected ldap://, ldaps:// or ldapi://"],
    ["ldap://h/dc=x", "expected nothing after the host and its port"],
    ["ldap://h?x", "expected nothing after the host and its port"],
    ["ldap://u:p@h", "expected no user before the host"],
    ["ldap://h:0", "port 0 cannot be connected to"],
    ["ldapi://run", "expected the path of a socket, with %2F for each /, after ldapi://"],
    ["ldapi://%zz", "has a % that begins no character"],
  ])("%s is none", (uri, problem) => {
    expect(parseLdapUri(uri)).toEqual({ problem });
  });
});

test.each(["ldap://h:389", "ldaps://h:636", "ldap://[::1]:390", "ldapi://%2Frun%2Fldapi"])(
  "%s is written as read",
  (uri) => {
    const server = parseLdapUri(uri);
    if ("problem" in server) throw new Error(server.problem);
    expect(formatLdapUri(server)).toBe(uri);
  },
);
