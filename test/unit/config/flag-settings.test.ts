import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type PostfixCfFlags, settingsForDemo, settingsForPostfixCf } from "../../../src/config/flag-settings.ts";
import { formatEndpoint } from "../../../src/model/settings.ts";

const flags: PostfixCfFlags = {
  files: ["/etc/postfix/mysql-sender_login_maps.cf"],
  listen: [],
  recipientDelimiter: undefined,
  localDomains: [],
};

test("the demo listens on this machine only and asks its database as map senders", () => {
  const { settings, warnings } = settingsForDemo("demo.sqlite", {});
  expect(warnings).toEqual([]);
  expect(settings.listeners.map(({ protocol, endpoint, map }) => [protocol, formatEndpoint(endpoint), map])).toEqual([
    ["socketmap", "inet:127.0.0.1:9000", undefined],
    ["tcp_table", "inet:127.0.0.1:9001", "senders"],
  ]);
  expect(formatEndpoint(settings.admin.endpoint)).toBe("inet:127.0.0.1:9100");
  expect(settings.maps["senders"]).toMatchObject({ sources: ["demo"], recipientDelimiter: "+", localDomains: [] });
  expect(settings.sources["demo"]).toEqual({
    connection: { driver: "sqlite", path: resolve("demo.sqlite"), queryTimeoutMs: 3_000 },
    queries: { kind: "preset", preset: "native", options: {} },
  });
});

test("the environment goes before the flags' configuration", () => {
  const { settings } = settingsForDemo("/demo.sqlite", { LOGINMAPD_LISTENERS__0__ENDPOINT: "inet:127.0.0.1:0" });
  expect(settings.listeners[0]?.endpoint).toEqual({ kind: "inet", host: "127.0.0.1", port: 0 });
});

test("a Postfix table file is map senders, and a map under its own name", () => {
  const { settings } = settingsForPostfixCf(flags, {});
  const map = { sources: ["mysql-sender_login_maps"], recipientDelimiter: "+", localDomains: [] };
  expect(settings.maps).toMatchObject({ senders: map, "mysql-sender_login_maps": map });
  expect(settings.sources["mysql-sender_login_maps"]?.queries).toEqual({
    kind: "postfix_cf",
    file: "/etc/postfix/mysql-sender_login_maps.cf",
    overrides: { poolSize: 4, connectTimeoutMs: 2_000, queryTimeoutMs: 3_000 },
  });
  expect(settings.listeners.map(({ endpoint }) => formatEndpoint(endpoint))).toEqual(["inet:127.0.0.1:9000"]);
});

test("the admin endpoint must be had only where the environment asks for it", () => {
  expect(settingsForPostfixCf(flags, {}).isAdminOptional).toBe(true);
  const env = { LOGINMAPD_ADMIN__ENDPOINT: "inet:127.0.0.1:9200" };
  expect(settingsForPostfixCf(flags, env).isAdminOptional).toBe(false);
});

test("several files are map senders together, and no two maps get one name", () => {
  const files = ["/a/senders.cf", "b/senders.cf", "/c/two words!.cf", "/d/…", "sqlite:/e/senders.cf"];
  const { settings } = settingsForPostfixCf({ ...flags, files }, {});
  expect(Object.entries(settings.maps).map(([name, { sources }]) => [name, ...sources])).toEqual([
    ["senders", "senders", "senders-2", "two-words", "table", "senders-3"],
    ["senders-2", "senders-2"],
    ["two-words", "two-words"],
    ["table", "table"],
    ["senders-3", "senders-3"],
  ]);
  expect(settings.maps["senders"]?.combine).toBe("first");
  expect(Object.values(settings.sources).map(({ queries }) => queries.kind === "postfix_cf" && queries.file)).toEqual([
    "/a/senders.cf",
    resolve("b/senders.cf"),
    "/c/two words!.cf",
    "/d/…",
    "sqlite:/e/senders.cf",
  ]);
});

test("a second file named senders.cf does not become map senders", () => {
  const { settings } = settingsForPostfixCf({ ...flags, files: ["/a/own.cf", "/b/senders.cf"] }, {});
  expect(Object.entries(settings.maps).map(([name, { sources }]) => [name, ...sources])).toEqual([
    ["senders", "own", "senders-2"],
    ["own", "own"],
    ["senders-2", "senders-2"],
  ]);
});

test("flags set listeners, delimiter and local domains of every map", () => {
  const { settings } = settingsForPostfixCf(
    {
      ...flags,
      listen: ["unix:/run/a", "socketmap:inet:[::1]:9000", "tcp_table:inet:127.0.0.1:9001"],
      recipientDelimiter: "",
      localDomains: ["Example.com"],
    },
    {},
  );
  expect(settings.listeners.map(({ protocol, endpoint, map }) => [protocol, formatEndpoint(endpoint), map])).toEqual([
    ["socketmap", "unix:/run/a", undefined],
    ["socketmap", "inet:[::1]:9000", undefined],
    ["tcp_table", "inet:127.0.0.1:9001", "senders"],
  ]);
  for (const map of Object.values(settings.maps)) {
    expect(map).toMatchObject({ recipientDelimiter: "", localDomains: ["example.com"] });
  }
});

test("bad flags are refused like a bad file", () => {
  expect(() => settingsForPostfixCf({ ...flags, listen: ["127.0.0.1:9000"], localDomains: ["@x"] }, {})).toThrow(
    'listeners[0].endpoint: expected an endpoint such as inet:127.0.0.1:9000, inet:[::1]:9000 or unix:/path, got "127.0.0.1:9000"; did you mean "inet:127.0.0.1:9000"?\nmaps.senders.local_domains[0]: expected a domain',
  );
});

test.each([
  ["nothing says it", undefined, {}, 1],
  ["the flag says +", "+", {}, 0],
  ["the flag says none", "", {}, 0],
  ["the environment says it", undefined, { LOGINMAPD_MAPS__SENDERS__RECIPIENT_DELIMITER: "-" }, 0],
  ["the environment says something else", undefined, { LOGINMAPD_MAPS__SENDERS__LOCAL_DOMAINS: "x.test" }, 1],
])(
  "warns that + is not Postfix's default delimiter unless somebody chose: %s",
  (_what, recipientDelimiter, env, count) => {
    const { warnings } = settingsForPostfixCf({ ...flags, recipientDelimiter }, env);
    expect(warnings.map(({ path }) => path)).toEqual(Array.from({ length: count }, () => "--recipient-delimiter"));
  },
);
