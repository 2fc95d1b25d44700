import { describe, expect, test } from "vitest";
import { namesSource } from "../../../src/config/environment.ts";
import { parse, problemsOf, smallest } from "./support.ts";

test("a variable goes before the file, and the file before the default", () => {
  const env = { LOGINMAPD_CACHE__TTL: "5m", LOGINMAPD_LOG__LEVEL: "debug" };
  const { settings } = parse(`${smallest}cache: { ttl: 2m, negative_ttl: 10s }\n`, { env });
  expect(settings.cache).toMatchObject({ ttlMs: 300_000, negativeTtlMs: 10_000, staleIfErrorMs: 3_600_000 });
  expect(settings.log.level).toBe("debug");
});

test("variables of other programs, LOGINMAPD_CONFIG and unset ones say nothing", () => {
  const env = { PATH: "/bin", LOGINMAPD: "x", LOGINMAPD_CONFIG: "/etc/x.yaml", LOGINMAPD_NONE: undefined };
  expect(parse(smallest, { env }).settings).toEqual(parse(smallest).settings);
});

test("the environment alone can be the configuration", () => {
  const env = {
    LOGINMAPD_LISTENERS__0__PROTOCOL: "socketmap",
    LOGINMAPD_LISTENERS__0__ENDPOINT: "inet:0.0.0.0:9000",
    LOGINMAPD_MAPS__SENDERS__SOURCE: "mail",
    LOGINMAPD_MAPS__SENDERS__LOCAL_DOMAINS: "example.com, example.org",
    LOGINMAPD_SOURCES__MAIL__DRIVER: "mysql",
    LOGINMAPD_SOURCES__MAIL__HOSTS: "inet:db1:3306,inet:db2:3306",
    LOGINMAPD_SOURCES__MAIL__DATABASE: "vmail",
    LOGINMAPD_SOURCES__MAIL__PASSWORD: "0123",
    LOGINMAPD_SOURCES__MAIL__PRESET: "native",
    LOGINMAPD_SOURCES__MAIL__TLS__VERIFY: "true",
  };
  expect(namesSource(env)).toBe(true);
  const { settings } = parse("", { env, fileName: "" });
  expect(settings.listeners).toMatchObject([{ endpoint: { kind: "inet", host: "0.0.0.0", port: 9000 } }]);
  expect(settings.maps["senders"]?.localDomains).toEqual(["example.com", "example.org"]);
  expect(settings.sources["mail"]?.connection).toMatchObject({
    hosts: [{ host: "db1" }, { host: "db2" }],
    password: "0123",
    tls: { verify: true },
  });
});

test("names that the administrator chose are matched caselessly, with _ for - and .", () => {
  const text = smallest.replaceAll("mail", "Mail-DB.1");
  const { settings } = parse(text, { env: { LOGINMAPD_SOURCES__MAIL_DB_1__PASSWORD: "x" } });
  expect(settings.sources["Mail-DB.1"]?.connection).toMatchObject({ password: "x" });
});

test("two names that are one in capitals cannot be told apart by a variable", () => {
  const text = `${smallest}  mail-1: { driver: sqlite, path: /a, preset: native }
  mail_1: { driver: sqlite, path: /b, preset: native }
`;
  expect(problemsOf(text, { env: { LOGINMAPD_SOURCES__MAIL_1__PATH: "/c" } })).toEqual([
    "names more than one: mail-1, mail_1 (environment variable LOGINMAPD_SOURCES__MAIL_1__PATH)",
  ]);
});

test("an element of a list is set by its number, and the next number adds one", () => {
  const env = {
    LOGINMAPD_LISTENERS__0__ENDPOINT: "inet:127.0.0.1:9090",
    LOGINMAPD_LISTENERS__1__ENDPOINT: "inet:127.0.0.1:9091",
    LOGINMAPD_LISTENERS__1__PROTOCOL: "socketmap",
    LOGINMAPD_SOURCES__MAIL__HOSTS__0: "inet:db1:3306",
    LOGINMAPD_SOURCES__MAIL__HOSTS__1: "inet:db2:3306",
  };
  const { settings } = parse(smallest, { env });
  expect(settings.listeners).toMatchObject([{ endpoint: { port: 9090 } }, { endpoint: { port: 9091 } }]);
  expect(settings.sources["mail"]?.connection).toMatchObject({ hosts: [{ host: "db1" }, { host: "db2" }] });
});

test("elements are added in the order of their numbers, not of their digits", () => {
  const env = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`LOGINMAPD_SOURCES__MAIL__HOSTS__${i}`, `inet:db${i}:3306`]),
  );
  const { settings } = parse(smallest, { env });
  expect(settings.sources["mail"]?.connection).toMatchObject({ hosts: { length: 12, 11: { host: "db11" } } });
});

test("an option of a preset is read as YAML would read it in the file", () => {
  const env = {
    LOGINMAPD_SOURCES__MAIL__OPTIONS__INCLUDE_CATCHALL: "false",
    LOGINMAPD_SOURCES__MAIL__OPTIONS__SERVER_ID: "3",
    LOGINMAPD_SOURCES__MAIL__OPTIONS__NOTE: "a: [b",
    LOGINMAPD_SOURCES__MAIL__OPTIONS__PREFIX: "007x",
  };
  expect(parse(smallest, { env }).settings.sources["mail"]?.queries).toEqual({
    kind: "preset",
    preset: "native",
    options: { include_catchall: false, server_id: 3, note: "a: [b", prefix: "007x" },
  });
});

test("a section that the file leaves empty can be filled", () => {
  const { settings } = parse(`${smallest}cache:\nlimits: ~\n`, {
    env: { LOGINMAPD_CACHE__TTL: "5m", LOGINMAPD_LIMITS__IDLE_TIMEOUT: "1m" },
  });
  expect(settings.cache.ttlMs).toBe(300_000);
  expect(settings.limits.idleTimeoutMs).toBe(60_000);
});

describe("a variable that says something wrong is a problem", () => {
  test.each([
    [
      "LOGINMAPD_CACHE__TTL",
      "60",
      'cache.ttl: expected a duration such as 60s, got "60"; a unit is missing: ms, s, m, h or d',
    ],
    ["LOGINMAPD_CACHE__TLT", "60s", "names no key of the configuration; did you mean LOGINMAPD_CACHE__TTL?"],
    ["LOGINMAPD_CACHE_TTL", "60s", "names no key of the configuration; did you mean LOGINMAPD_CACHE__TTL?"],
    ["LOGINMAPD_CONFIG_FILE", "x", "names no key of the configuration; did you mean LOGINMAPD_CONFIG?"],
    ["LOGINMAPD_CACHE__TTL__X", "1", "names no key of the configuration; did you mean LOGINMAPD_CACHE__TTL?"],
    ["LOGINMAPD_FROBNICATE_EVERYTHING", "1", "names no key of the configuration"],
    ["LOGINMAPD_", "1", "names no key of the configuration"],
    ["LOGINMAPD_CACHE", "60s", "names no key of the configuration; did you mean LOGINMAPD_CACHE__TTL?"],
    ["LOGINMAPD_SOURCES__MAIL", "x", "names no key of the configuration; did you mean LOGINMAPD_SOURCES__MAIL__URI?"],
    [
      "LOGINMAPD_SOURCES____PATH",
      "x",
      "names no key of the configuration; did you mean LOGINMAPD_SOURCES__MAIL__PATH?",
    ],
    [
      "LOGINMAPD_SOURCES__MAIL__OPTIONS__",
      "x",
      "names no key of the configuration; did you mean LOGINMAPD_SOURCES__MAIL__OPTIONS?",
    ],
    [
      "LOGINMAPD_SOURCES__MAIL__PASWORD",
      "x",
      "names no key of the configuration; did you mean LOGINMAPD_SOURCES__MAIL__PASSWORD?",
    ],
    [
      "LOGINMAPD_LISTENERS__ENDPOINT",
      "x",
      "names no key of the configuration; did you mean LOGINMAPD_LISTENERS__0__ENDPOINT?",
    ],
    [
      "LOGINMAPD_LISTENERS__0__ENDPONT",
      "x",
      "names no key of the configuration; did you mean LOGINMAPD_LISTENERS__0__ENDPOINT?",
    ],
    ["LOGINMAPD_LISTENERS__2__ENDPOINT", "x", "skips a number: the next is 1"],
    ["LOGINMAPD_SOURCES__MAIL__HOSTS__1", "x", "skips a number: the next is 0"],
  ])("%s=%s", (variable, value, problem) => {
    expect(problemsOf(smallest, { env: { [variable]: value } })).toEqual([
      `${problem} (environment variable ${variable})`,
    ]);
  });

  test("and hides no mistake of the file", () => {
    expect(problemsOf(`${smallest}cache: 5\n`, { env: { LOGINMAPD_CACHE__TTL: "5m" } })).toEqual([
      "cache: expected keys with values, got a single value (loginmapd.yaml line 8)",
    ]);
  });
});

test("no source in the environment, no configuration in it", () => {
  expect(namesSource({ LOGINMAPD_LOG__LEVEL: "debug", LOGINMAPD_CONFIG: "x" })).toBe(false);
});
