import { expect, test } from "vitest";
import { describeSettings } from "../../../src/config/describe.ts";
import { parse, smallest } from "./support.ts";

test("writes every effective value, defaults included, and no secret", () => {
  const text = `
listeners:
  - { protocol: socketmap, endpoint: "unix:/run/loginmapd/socketmap", mode: 0640, group: postfix }
  - { protocol: tcp_table, endpoint: "inet:[::1]:9001", map: senders }
  - { protocol: milter, endpoint: "inet:127.0.0.1:9002", map: senders, resent: allow }
admin: { token: 0123456789abcdef }
maps:
  senders: { source: mail, local_domains: [example.com] }
  cf: { source: cf }
  file: { source: file }
sources:
  mail:
    driver: mysql
    hosts: ["unix:/run/mysqld/mysqld.sock"]
    password: hunter2
    database: vmail
    server_public_key_file: /etc/ssl/mysql.pem
    tls: { ca_file: /etc/ssl/ca.pem }
    queries: { address: SELECT 1, domain: SELECT 2, listing: SELECT 3 }
    listing_interval: 90s
  cf: { postfix_cf: /etc/postfix/senders.cf, password: hunter2 }
  file: { driver: sqlite, path: /var/lib/x.sqlite, preset: native, options: { include_catchall: true } }
cache: { snapshot_file: /var/lib/loginmapd/cache }
`;
  expect(describeSettings(parse(text).settings)).toBe(`listeners:
  - protocol: socketmap
    endpoint: unix:/run/loginmapd/socketmap
    mode: "0640"
    group: postfix
  - protocol: tcp_table
    endpoint: inet:[::1]:9001
    map: senders
  - protocol: milter
    endpoint: inet:127.0.0.1:9002
    map: senders
    action: reject
    resent: allow
limits:
  max_connections: 1024
  max_query_bytes: 10000
  lookup_timeout: 10s
  idle_timeout: 0s
  drain_timeout: 10s
  max_waiting_lookups: 8192
admin:
  endpoint: inet:127.0.0.1:9100
  token: (set)
maps:
  senders:
    source: mail
    recipient_delimiter: +
    local_domains:
      - example.com
  cf:
    source: cf
    recipient_delimiter: +
    local_domains: []
  file:
    source: file
    recipient_delimiter: +
    local_domains: []
sources:
  mail:
    driver: mysql
    hosts:
      - unix:/run/mysqld/mysqld.sock
    user: loginmapd
    password: (set)
    database: vmail
    server_public_key_file: /etc/ssl/mysql.pem
    tls:
      ca_file: /etc/ssl/ca.pem
      verify: true
    pool_size: 4
    connect_timeout: 2s
    query_timeout: 3s
    queries:
      address: SELECT 1
      domain: SELECT 2
      listing: SELECT 3
    listing_interval: 90s
  cf:
    postfix_cf: /etc/postfix/senders.cf
    password: (set)
    pool_size: 4
    connect_timeout: 2s
    query_timeout: 3s
    listing_interval: auto
  file:
    driver: sqlite
    path: /var/lib/x.sqlite
    query_timeout: 3s
    preset: native
    options:
      include_catchall: true
    listing_interval: auto
cache:
  max_entries: 100000
  max_negative_entries: 20000
  ttl: 1m
  negative_ttl: 30s
  stale_if_error: 1h
  snapshot_file: /var/lib/loginmapd/cache
log:
  level: info
  format: json
`);
});

test("a database account without password is described without one", () => {
  expect(describeSettings(parse(smallest).settings)).not.toContain("password");
});

test("what it writes is read back to the same settings", () => {
  const { settings } = parse(smallest.replace("preset:", "charset: latin1, options: { a: [b, c], d: '1' }, preset:"));
  expect(parse(describeSettings(settings)).settings).toEqual(settings);
});

test("what it writes of a directory is read as the same settings", () => {
  const text = `
listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]
maps: { senders: { sources: [people, table] } }
sources:
  people:
    driver: ldap
    uri: ["ldaps://ldap.example.com", "ldapi://%2Frun%2Fldapi"]
    start_tls: true
    bind_dn: cn=reader,dc=example,dc=com
    bind_password: hunter2
    tls: { ca_file: /etc/ssl/ca.pem }
    search_base: ou=:domain,dc=example,dc=com
    scope: one
    filters: { address: "(mail=:email)", domain: "(all=:domain)", grant: "(g=:user)", domains: "(d=*)" }
    result_attribute: [forward]
    login_attribute: uid
    member_attribute: [member, owner]
    domain_attribute: [dc]
    pool_size: 2
    connect_timeout: 1s
    query_timeout: 4s
  table: { postfix_cf: "ldap:/etc/postfix/senders.cf", uri: ["ldap://127.0.0.1"], start_tls: false }
`;
  const { settings } = parse(text);
  const written = describeSettings(settings);
  expect(written).not.toContain("hunter2");
  expect(parse(written.replace("(set)", "hunter2")).settings).toEqual(settings);
});
