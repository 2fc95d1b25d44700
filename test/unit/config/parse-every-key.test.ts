/** One configuration with every key, and what is read of each. */
import { expect, test } from "vitest";
import { parse } from "./support.ts";

const everything = `
listeners:
  - { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }
  - { protocol: socketmap, endpoint: "unix:/var/spool/postfix/loginmapd/socketmap", mode: "0660", group: postfix }
  - { protocol: tcp_table, endpoint: "inet:[::1]:9001", map: senders }
limits:
  max_connections: 2048
  max_query_bytes: 20000
  lookup_timeout: 5s
  idle_timeout: 1m
  drain_timeout: 20s
  max_waiting_lookups: 50
admin:
  endpoint: "unix:/run/loginmapd/admin"
  token_file: admin-token
maps:
  senders:
    sources: [mail, grants, everybody]
    combine: union
    recipient_delimiter: "+-"
    local_domains: [Example.COM, exämple.com]
    login_realm: Exämple.com
  plain: { source: file, recipient_delimiter: "" }
  drop-in: { source: postfix }
  own: { sources: [own, list] }
sources:
  mail:
    driver: mysql
    hosts: ["inet:db.example.com:3306", "unix:/run/mysqld/mysqld.sock"]
    user: reader
    password_file: /run/secrets/mysql
    database: vmail
    charset: latin1
    server_public_key_file: mysql.pem
    tls: { ca_file: ca.pem, cert_file: /etc/ssl/c.pem, key_file: /etc/ssl/c.key, verify: true }
    preset: postfixadmin
    options: { include_catchall: false, server_id: 3, admins: [root@example.com, "007"], note: "" }
    pool_size: 8
    connect_timeout: 500ms
    query_timeout: 4s
  file: { driver: sqlite, path: native.sqlite, preset: native, query_timeout: 1s }
  postfix: { postfix_cf: /etc/postfix/mysql-senders.cf, user: other, pool_size: 2 }
  grants: { driver: texthash, path: grants }
  list: { postfix_cf: "texthash:/etc/postfix/senders" }
  everybody: { driver: identity, domains: [Example.com, exämple.com] }
  own:
    driver: mysql
    database: mail
    queries:
      address: |
        SELECT login FROM mailbox
        WHERE address = :email
      domains: SELECT name FROM domain
cache:
  max_entries: 5
  max_negative_entries: 6
  ttl: 2m
  negative_ttl: 10s
  stale_if_error: 0s
  snapshot_file: /var/lib/loginmapd/cache
log: { level: debug, format: text }
`;

const plainMap = { combine: "first", recipientDelimiter: "+", localDomains: [], loginRealm: undefined };

const files = {
  "/run/secrets/mysql": { text: "correct horse\n", mode: 0o640 },
  "/etc/loginmapd/admin-token": { text: "0123456789abcdef\r\n", mode: 0o600 },
};

const noMilter = { action: "reject", resent: "refuse" };

test("reads every key", () => {
  const { settings, warnings } = parse(everything, { files });
  expect(warnings).toEqual([]);
  expect(settings).toEqual({
    listeners: [
      {
        protocol: "socketmap",
        endpoint: { kind: "inet", host: "127.0.0.1", port: 9000 },
        mode: 0o660,
        group: undefined,
        map: undefined,
        ...noMilter,
      },
      {
        protocol: "socketmap",
        endpoint: { kind: "unix", path: "/var/spool/postfix/loginmapd/socketmap" },
        mode: 0o660,
        group: "postfix",
        map: undefined,
        ...noMilter,
      },
      {
        protocol: "tcp_table",
        endpoint: { kind: "inet", host: "::1", port: 9001 },
        mode: 0o660,
        group: undefined,
        map: "senders",
        ...noMilter,
      },
    ],
    limits: {
      maxConnections: 2048,
      maxQueryBytes: 20_000,
      lookupTimeoutMs: 5_000,
      idleTimeoutMs: 60_000,
      drainTimeoutMs: 20_000,
      maxWaitingLookups: 50,
    },
    admin: { endpoint: { kind: "unix", path: "/run/loginmapd/admin" }, token: "0123456789abcdef" },
    maps: {
      senders: {
        sources: ["mail", "grants", "everybody"],
        combine: "union",
        recipientDelimiter: "+-",
        localDomains: ["example.com", "xn--exmple-cua.com"],
        loginRealm: "xn--exmple-cua.com",
      },
      plain: { ...plainMap, sources: ["file"], recipientDelimiter: "" },
      "drop-in": { ...plainMap, sources: ["postfix"] },
      own: { ...plainMap, sources: ["own", "list"] },
    },
    sources: {
      mail: {
        connection: {
          driver: "mysql",
          hosts: [
            { kind: "inet", host: "db.example.com", port: 3306 },
            { kind: "unix", path: "/run/mysqld/mysqld.sock" },
          ],
          user: "reader",
          password: "correct horse",
          database: "vmail",
          charset: "latin1",
          serverPublicKeyFile: "/etc/loginmapd/mysql.pem",
          tls: {
            caFile: "/etc/loginmapd/ca.pem",
            certFile: "/etc/ssl/c.pem",
            keyFile: "/etc/ssl/c.key",
            verify: true,
          },
          poolSize: 8,
          connectTimeoutMs: 500,
          queryTimeoutMs: 4_000,
        },
        queries: {
          kind: "preset",
          preset: "postfixadmin",
          options: { include_catchall: false, server_id: 3, admins: ["root@example.com", "007"], note: "" },
        },
      },
      file: {
        connection: { driver: "sqlite", path: "/etc/loginmapd/native.sqlite", queryTimeoutMs: 1_000 },
        queries: { kind: "preset", preset: "native", options: {} },
      },
      postfix: {
        connection: undefined,
        queries: {
          kind: "postfix_cf",
          file: "/etc/postfix/mysql-senders.cf",
          overrides: { user: "other", poolSize: 2, connectTimeoutMs: 2_000, queryTimeoutMs: 3_000 },
        },
      },
      grants: {
        connection: { driver: "texthash", path: "/etc/loginmapd/grants", isPostfixTable: false },
        queries: { kind: "none" },
      },
      list: {
        connection: { driver: "texthash", path: "/etc/postfix/senders", isPostfixTable: true },
        queries: { kind: "none" },
      },
      everybody: {
        connection: { driver: "identity", domains: ["example.com", "xn--exmple-cua.com"] },
        queries: { kind: "none" },
      },
      own: {
        connection: {
          driver: "mysql",
          hosts: [{ kind: "inet", host: "127.0.0.1", port: 3306 }],
          user: "loginmapd",
          password: "",
          database: "mail",
          charset: undefined,
          tls: undefined,
          poolSize: 4,
          connectTimeoutMs: 2_000,
          queryTimeoutMs: 3_000,
        },
        queries: {
          kind: "queries",
          sql: {
            address: "SELECT login FROM mailbox\nWHERE address = :email\n",
            domains: "SELECT name FROM domain",
          },
        },
      },
    },
    cache: {
      maxEntries: 5,
      maxNegativeEntries: 6,
      ttlMs: 120_000,
      negativeTtlMs: 10_000,
      staleIfErrorMs: 0,
      snapshotFile: "/var/lib/loginmapd/cache",
    },
    log: { level: "debug", format: "text" },
  });
});
