import { expect, test } from "vitest";
import { formatProblem } from "../../../src/model/errors.ts";
import { parse } from "./support.ts";

const directory = (lines: string) => `
listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]
maps: { senders: { source: people } }
sources:
  people:
    driver: ldap
    search_base: dc=x
    filters: { address: "(mail=:email)" }
    login_attribute: uid
    bind_dn: cn=a
    bind_password: secret
    ${lines}
`;

const inTheClear =
  "sources.people.uri: what is said, the password too, crosses the network as it is: use ldaps:// or start_tls (loginmapd.yaml line 12)";

const notFollowed =
  "sources.people.listing_interval: has no effect: without filters.listing the source cannot be followed (loginmapd.yaml line 12)";

test.each([
  ["listing_interval: 1m", [notFollowed]],
  ["listing_interval: off", []],
  ['uri: ["ldap://ldap.example.com"]', [inTheClear]],
  ['uri: ["ldaps://a.example.com", "ldap://b.example.com"]', [inTheClear]],
  ['uri: ["ldaps://a.example.com"]', []],
  ['uri: ["ldap://127.0.0.1", "ldap://localhost", "ldap://[::1]", "ldapi:///"]', []],
  ['uri: ["ldap://ldap.example.com"]\n    start_tls: true', []],
])("%s: %j", (lines, warnings) => {
  expect(parse(directory(lines)).warnings.map(formatProblem)).toEqual(warnings);
});
