import { expect, test } from "vitest";
import { parse, problemsOf, smallest } from "./support.ts";

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

test("gives absent keys the documented defaults", () => {
  const { settings, warnings } = parse(smallest);
  expect(warnings).toEqual([]);
  expect(settings.limits).toEqual({
    maxConnections: 1024,
    maxQueryBytes: 10_000,
    lookupTimeoutMs: 10_000,
    idleTimeoutMs: 0,
    drainTimeoutMs: 10_000,
    maxWaitingLookups: 8192,
  });
  expect(settings.admin).toEqual({ endpoint: { kind: "inet", host: "127.0.0.1", port: 9100 }, token: undefined });
  expect(settings.cache).toEqual({
    maxEntries: 100_000,
    maxNegativeEntries: 20_000,
    ttlMs: 60_000,
    negativeTtlMs: 30_000,
    staleIfErrorMs: 3_600_000,
    snapshotFile: undefined,
  });
  expect(settings.log).toEqual({ level: "info", format: "json" });
});

test("takes a section whose keys are all commented out for an absent one", () => {
  const { settings } = parse(`${smallest}cache:\n  # ttl: 5m\nlimits:\nlog: ~\n`);
  expect(settings).toEqual(parse(smallest).settings);
});

test("reads a value from its text, quoted or not, whatever YAML makes of it", () => {
  const { settings } = parse(`
listeners:
  - { protocol: "socketmap", endpoint: "unix:/run/a", mode: 0640, group: 0116 }
  - { protocol: "socketmap", endpoint: "unix:/run/b", mode: "0640" }
  - { protocol: "socketmap", endpoint: "unix:/run/c", mode: 640 }
  - { protocol: "socketmap", endpoint: "unix:/run/d", mode: 0o640 }
limits: { max_connections: "7" }
maps: { senders: { source: 1e3 } }
sources: { 1e3: { driver: mysql, database: 0042, password: 007, user: no, preset: native } }
`);
  expect(settings.listeners.map(({ mode }) => mode)).toEqual([0o640, 0o640, 0o640, 0o640]);
  expect(settings.listeners[0]?.group).toBe("0116");
  expect(settings.limits.maxConnections).toBe(7);
  expect(settings.sources["1e3"]?.connection).toMatchObject({ database: "0042", password: "007", user: "no" });
});

test("follows an anchor, so that two sources can share what they have in common", () => {
  const { settings } = parse(`
listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]
maps: { a: { source: a }, b: { source: b } }
sources:
  a: { driver: mysql, database: a, preset: native, hosts: &hosts ["inet:db1:3306", "inet:db2:3306"] }
  b: { driver: mysql, database: b, preset: native, hosts: *hosts }
`);
  expect(settings.sources["b"]?.connection).toMatchObject({ hosts: [{ host: "db1" }, { host: "db2" }] });
});

test("unfolds no more aliases than a configuration can need", () => {
  const lines = ["a: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 9; i++) lines.push(`b${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(",")}]`);
  expect(problemsOf(lines.join("\n"))).toEqual(["nested too deeply, or too many aliases (loginmapd.yaml line 2)"]);
});

test("a name that every object has is the name of a map like any other, and absent when it is not configured", () => {
  const { settings } = parse(smallest.replace("senders:", "constructor:"));
  expect(Object.keys(settings.maps)).toEqual(["constructor"]);
  expect(settings.maps["toString"]).toBeUndefined();
  expect(settings.sources["constructor"]).toBeUndefined();
});

test("listeners on port 0 are not taken for duplicates, since each gets a port of its own", () => {
  const { settings } = parse(
    smallest.replace(
      "maps:",
      '  - { protocol: socketmap, endpoint: "inet:127.0.0.1:0" }\n  - { protocol: socketmap, endpoint: "inet:127.0.0.1:0" }\nmaps:',
    ),
  );
  expect(settings.listeners).toHaveLength(3);
});

test("postfix_cf keeps what overrides the file and none of the defaults that would", () => {
  const { settings } = parse(
    `${smallest}  cf:
    postfix_cf: proxy:mysql:/etc/postfix/senders.cf
    hosts: ["inet:db:3306"]
    password: "secret"
    database: other
    charset: latin1
    tls: {}
  typed: { postfix_cf: senders.cf, driver: sqlite, path: other.sqlite }
`.replace("maps:", "maps:\n  a: { source: cf }\n  b: { source: typed }"),
  );
  expect(settings.sources["cf"]).toEqual({
    connection: undefined,
    queries: {
      kind: "postfix_cf",
      file: "mysql:/etc/postfix/senders.cf",
      overrides: {
        hosts: [{ kind: "inet", host: "db", port: 3306 }],
        password: "secret",
        database: "other",
        charset: "latin1",
        tls: { caFile: undefined, certFile: undefined, keyFile: undefined, verify: true },
        poolSize: 4,
        connectTimeoutMs: 2_000,
        queryTimeoutMs: 3_000,
      },
    },
  });
  expect(settings.sources["typed"]?.queries).toEqual({
    kind: "postfix_cf",
    file: "sqlite:/etc/loginmapd/senders.cf",
    overrides: {
      path: "/etc/loginmapd/other.sqlite",
      poolSize: 4,
      connectTimeoutMs: 2_000,
      queryTimeoutMs: 3_000,
    },
  });
});

test("names a place only as exactly as it is known", () => {
  expect(problemsOf("", { fileName: "" })[1]).toBe("maps: at least one is needed, such as senders: { source: mail }");
  expect(problemsOf("")[1]).toBe("maps: at least one is needed, such as senders: { source: mail } (loginmapd.yaml)");
});

test.each([
  ["auto", undefined],
  ["off", "off"],
  ["90s", 90_000],
])("listing_interval: %s", (written, read) => {
  const { settings } = parse(smallest.replace("preset:", `listing_interval: ${written}, preset:`));
  expect(settings.sources["mail"]?.listingInterval).toBe(read);
});

test.each([
  ["often", 'expected auto, off or a duration such as 60s, got "often"'],
  ["10ms", "must be at least 1s, got 10ms"],
  ["5", 'expected a duration such as 60s, got "5"; a unit is missing: ms, s, m, h or d'],
])("listing_interval: %s is refused", (written, message) => {
  expect(problemsOf(smallest.replace("preset:", `listing_interval: ${written}, preset:`))).toEqual([
    `sources.mail.listing_interval: ${message} (loginmapd.yaml line 7)`,
  ]);
});
