/** Defaults, and what YAML leaves open: quoting, anchors, names, empty sections. */
import { expect, test } from "vitest";
import { parse, problemsOf, smallest } from "./support.ts";

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
