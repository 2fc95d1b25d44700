import { expect, test } from "vitest";
import { formatProblem } from "../../../src/model/errors.ts";
import { parse, smallest } from "./support.ts";

const token = "0123456789abcdef";

test.each([
  [
    "a listener that the network reaches",
    smallest.replace("127.0.0.1:9000", "0.0.0.0:9000"),
    "listeners[0].endpoint: whoever reaches it over the network can ask who owns an address: use a firewall (loginmapd.yaml line 3)",
  ],
  [
    "a socket that every local user may use",
    smallest.replace('"inet:127.0.0.1:9000"', "unix:/run/x, mode: 0666"),
    "listeners[0].mode: every user of this machine can ask who owns an address (loginmapd.yaml line 3)",
  ],
  [
    "an admin endpoint that the network reaches, without a token",
    `${smallest}admin: { endpoint: "inet:[::]:9100" }\n`,
    "admin.endpoint: whoever reaches it over the network can read the metrics: use a firewall, or listen on 127.0.0.1 (loginmapd.yaml line 8)",
  ],
  [
    "a token that crosses the network",
    `${smallest}admin: { endpoint: "inet:10.0.0.1:9100", token: ${token} }\n`,
    "admin.endpoint: the token and the answers cross the network unencrypted: put a TLS proxy before it, or listen on 127.0.0.1 (loginmapd.yaml line 8)",
  ],
  [
    "a query that may take longer than the lookup",
    smallest.replace("preset:", "query_timeout: 11s, preset:"),
    "sources.mail.query_timeout: 11s is longer than limits.lookup_timeout (10s), which ends the lookup first (loginmapd.yaml line 7)",
  ],
  [
    "a connection attempt that may take longer than the lookup",
    `${smallest.replace("preset:", "query_timeout: 1s, preset:")}limits: { lookup_timeout: 1s }\n`,
    "sources.mail.connect_timeout: 2s is longer than limits.lookup_timeout (1s), which ends the lookup first (loginmapd.yaml line 7)",
  ],
  [
    "a database over the network without TLS",
    smallest.replace("preset:", 'hosts: ["inet:127.0.0.1:3306", "inet:db.example.com:3306"], preset:'),
    "sources.mail.hosts: answers cross the network unencrypted, and whoever stands in between can change them: give tls (loginmapd.yaml line 7)",
  ],
  [
    "a source that nothing uses",
    `${smallest}  spare: { driver: sqlite, path: /x, preset: native }\n`,
    "sources.spare: no map uses this source (loginmapd.yaml line 8)",
  ],
  [
    "TLS that checks no certificate",
    smallest.replace("preset:", "tls: { verify: false }, preset:"),
    "sources.mail.tls.verify: the certificate is not checked: whoever stands in between can read and change answers (loginmapd.yaml line 7)",
  ],
  [
    "an interval for queries that list nothing",
    smallest.replace("preset: native", 'listing_interval: 1m, queries: { address: "SELECT 1" }'),
    "sources.mail.listing_interval: has no effect: without queries.listing the source cannot be followed (loginmapd.yaml line 7)",
  ],
  [
    "an interval for a table file",
    smallest.replace("preset: native", "listing_interval: auto, postfix_cf: mysql:/etc/postfix/x.cf"),
    "sources.mail.listing_interval: has no effect: a table file cannot be listed: give a preset, or queries or filters with a listing (loginmapd.yaml line 7)",
  ],
])("warns of %s, and takes it", (_, text, warning) => {
  expect(parse(text).warnings.map(formatProblem)).toEqual([warning]);
});

test.each([
  "listing_interval: 1m, preset: native",
  'listing_interval: 1m, queries: { address: "SELECT 1", listing: "SELECT 2" }',
  'listing_interval: off, queries: { address: "SELECT 1" }',
  'queries: { address: "SELECT 1" }',
])("does not warn of a source with %s", (keys) => {
  expect(parse(smallest.replace("preset: native", keys)).warnings).toEqual([]);
});

test.each([
  'hosts: ["inet:127.0.0.1:3306", "unix:/run/mysqld/mysqld.sock"]',
  'hosts: ["inet:db.example.com:3306"], tls: {}',
])("does not warn of a database with %s", (keys) => {
  expect(parse(smallest.replace("preset:", `${keys}, preset:`)).warnings).toEqual([]);
});

test.each(["127.0.0.1", "127.8.9.10", "localhost", "[::1]"])("does not warn of %s, which is this machine", (host) => {
  const text = `${smallest.replace("127.0.0.1", host)}admin: { endpoint: "inet:${host}:9100", token: ${token} }\n`;
  expect(parse(text).warnings).toEqual([]);
});

test("does not take a host that only begins like the loopback for it", () => {
  expect(parse(smallest.replace("127.0.0.1", "127.example.com")).warnings).toHaveLength(1);
});
