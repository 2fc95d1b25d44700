import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { formatProblem } from "../../../../src/model/errors.ts";
import { toYaml } from "../../../../src/source/postfix-cf/to-yaml.ts";
import { problemsOf } from "./table.ts";

function readerOf(files: Readonly<Record<string, string>>) {
  return (path: string) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return content;
  };
}

/** The YAML of one table, read back. */
function imported(text: string, files: Readonly<Record<string, string>> = {}) {
  const { yaml, warnings } = toYaml(["/etc/postfix/t.cf"], readerOf({ "/etc/postfix/t.cf": text, ...files }));
  return { yaml, config: parseYaml(yaml), source: parseYaml(yaml).sources.t, warnings: warnings.map(formatProblem) };
}

/** The queries of a query on MySQL. */
function queriesOf(query: string, rest = "") {
  return imported(`dbname = d\nquery = ${query}\n${rest}\n`).source.queries;
}

describe("a table becomes a whole configuration", () => {
  test("with a listener, the map senders and one source", () => {
    const { config } = imported(
      "hosts = db1:3307 unix:/s\nuser = vmail\ndbname = vmail\nquery = SELECT a FROM t WHERE b='%s'\n",
    );
    expect(config).toEqual({
      listeners: [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }],
      maps: { senders: { source: "t", recipient_delimiter: "+", local_domains: [] } },
      sources: {
        t: {
          driver: "mysql",
          hosts: ["inet:db1:3307", "unix:/s"],
          user: "vmail",
          database: "vmail",
          queries: {
            address: "SELECT a\nFROM t\nWHERE b=:email",
            domain: "SELECT a\nFROM t\nWHERE b=CONCAT('@', :domain)",
          },
        },
      },
    });
  });

  test("never with the password, but with a place for it", () => {
    const { yaml, source } = imported(
      "user = u\npassword = s3cret # '\ndbname = d\nquery = SELECT a FROM t WHERE b='%s'\n",
    );
    expect(yaml).not.toContain("s3cret");
    expect(source.password_file).toBe("/etc/loginmapd/t-password");
    expect(yaml).toContain("# Write the password of /etc/postfix/t.cf into this file, readable by loginmapd alone.");
  });

  test("with TLS and charset as the table has them", () => {
    const rest = "tls_CAfile = /ca.pem\ntls_verify_cert = yes\ncharset = latin1";
    const { source } = imported(`dbname = d\nquery = SELECT a FROM t WHERE b='%s'\n${rest}\n`);
    expect(source.tls).toEqual({ ca_file: "/ca.pem", verify: true });
    expect(source.charset).toBe("latin1");
  });

  test("with the server's key for passwords that its option file names", () => {
    const files = { "/my.cnf": "[client]\nserver-public-key-path = /mysql.pem\n" };
    const text = "option_file = /my.cnf\ndbname = d\nquery = SELECT a FROM t WHERE b='%s'\n";
    expect(imported(text, files).source.server_public_key_file).toBe("/mysql.pem");
  });

  test("of a sqlite_table(5) with its path", () => {
    const { source } = imported("dbpath = /var/mail.sqlite\nquery = SELECT a FROM t WHERE b='x%u' AND c='%d'\n");
    expect(source).toEqual({
      driver: "sqlite",
      path: "/var/mail.sqlite",
      queries: { address: "SELECT a\nFROM t\nWHERE b=('x' || :user)\nAND c=:domain" },
    });
  });

  test("an IPv6 address, which Postfix cannot reach, is one here", () => {
    expect(imported("hosts = [::1]:3306\ndbname = d\nquery = SELECT a FROM t WHERE b='%s'\n").source.hosts).toEqual([
      "inet:[::1]:3306",
    ]);
  });
});

describe("a query becomes queries by role", () => {
  test.each([
    ["%s is :email, and @domain for the domain", "SELECT a FROM t WHERE b='%s'", "b=:email", "b=CONCAT('@', :domain)"],
    ["%d is :domain", "SELECT a FROM t WHERE b='%d'", "b=:domain", "b=:domain"],
    ["constant text is joined", "SELECT a FROM t WHERE b='@%d'", "b=CONCAT('@', :domain)", "b=CONCAT('@', :domain)"],
    ["constant text joins the @", "SELECT a FROM t WHERE b='x%s'", "b=CONCAT('x', :email)", "b=CONCAT('x@', :domain)"],
    [
      "LIKE patterns stay patterns",
      "SELECT a FROM t WHERE b LIKE '%%%d'",
      "b LIKE CONCAT('%', :domain)",
      "b LIKE CONCAT('%', :domain)",
    ],
    [
      "quotes and backslashes are written again",
      "SELECT a FROM t WHERE b='\\\\''%d'",
      "b=CONCAT('\\\\''', :domain)",
      "b=CONCAT('\\\\''', :domain)",
    ],
  ])("%s", (_rule, query, address, domain) => {
    expect(queriesOf(query)).toEqual({
      address: `SELECT a\nFROM t\nWHERE ${address}`,
      domain: `SELECT a\nFROM t\nWHERE ${domain}`,
    });
  });

  test("%u keeps Postfix from asking for @domain, so there is no query for the domain", () => {
    expect(queriesOf("SELECT a FROM t WHERE b='%u' AND c='%d'")).toEqual({
      address: "SELECT a\nFROM t\nWHERE b=:user\nAND c=:domain",
    });
  });

  test("the legacy form is one too", () => {
    const { source } = imported("dbname = d\ntable = t\nselect_field = a\nwhere_field = b\n");
    expect(source.queries.address).toBe("SELECT a\nFROM t\nWHERE b=:email");
  });

  test("a ? in a string is no placeholder", () => {
    expect(queriesOf("SELECT a FROM t WHERE b='?' AND c='%s'").address).toBe(
      "SELECT a\nFROM t\nWHERE b='?'\nAND c=:email",
    );
  });

  test("a tab in a string stays one", () => {
    expect(queriesOf("SELECT a FROM t WHERE b='\t%s'").address).toBe("SELECT a\nFROM t\nWHERE b=CONCAT('\t', :email)");
  });
});

describe("a table that queries by role cannot express is kept", () => {
  test.each([
    [
      "result_format",
      "SELECT a FROM t WHERE b='%s'",
      "result_format = %u",
      "result_format changes what the database answers",
    ],
    ["expansion_limit", "SELECT a FROM t WHERE b='%s'", "expansion_limit = 1", "expansion_limit bounds the answer"],
    ["domain", "SELECT a FROM t WHERE b='%s'", "domain = ex.com", "domain filters the keys"],
    ["labels", "SELECT a FROM t WHERE b='%1'", "", "its query takes domains apart (%1 to %9)"],
    ["a procedure", "CALL f('%s')", "", "its query has to be sent alone, as it is"],
    ["an order", "SELECT a FROM t WHERE b='%s' ORDER BY a", "", "its query has to be sent alone, as it is"],
  ])("for %s", (_what, query, rest, because) => {
    const { yaml, source } = imported(`dbname = d\nquery = ${query}\n${rest}\n`);
    expect(source).toEqual({ postfix_cf: "/etc/postfix/t.cf" });
    expect(yaml).toContain(`# Kept as it is, since ${because}.`);
  });

  test("with its type where main.cf gave one", () => {
    const files = { "/t.cf": "dbname = d\nquery = CALL f('%s')\n" };
    const { yaml } = toYaml(["proxy:mysql:/t.cf"], readerOf(files));
    expect(parseYaml(yaml).sources.t.postfix_cf).toBe("mysql:/t.cf");
  });
});

test("every warning is a comment beside its source, and a warning of the command", () => {
  const { yaml, warnings } = imported("port = 3306\ndbname = d\nquery = SELECT a FROM t WHERE b='%s'\n");
  expect(warnings).toHaveLength(1);
  expect(yaml).toContain(`    # ${warnings[0]}\n`);
});

test("a warning with a line break cannot leave its comment", () => {
  const { yaml, config } = imported("ho\u2028sts = x\ndbname = d\nquery = SELECT a FROM t WHERE b='%s'\n");
  expect(yaml).not.toContain("\u2028");
  expect(Object.keys(config.sources.t)).toEqual(["driver", "hosts", "user", "database", "queries"]);
});

test("what is said stands beside what it speaks of", () => {
  const text = "port = 1\nuser = u\npassword = p\ndbname = d\nquery = SELECT a FROM t WHERE b='%u' AND c='%d'\n";
  const { yaml, warnings } = imported(text);
  expect(yaml).toMatch(/^# Made by loginmapd import from \/etc\/postfix\/t\.cf\n#\n# In main\.cf, /);
  expect(yaml.slice(yaml.indexOf("sources:")).trimEnd().split("\n")).toEqual([
    "sources:",
    "  t:",
    `    # ${warnings[0]}`,
    "    driver: mysql",
    "    hosts: [ unix:/run/mysqld/mysqld.sock ]",
    "    user: u",
    "    # Write the password of /etc/postfix/t.cf into this file, readable by loginmapd alone.",
    "    password_file: /etc/loginmapd/t-password",
    "    database: d",
    "    queries:",
    "      address: |-",
    "        SELECT a",
    "        FROM t",
    "        WHERE b=:user",
    "        AND c=:domain",
    "      # No query for the domain: the table looks no @domain key up, since it takes the localpart (%u).",
    expect.stringMatching(/^ {6}# Differs from Postfix only where a cell holds separators alone/),
  ]);
});

describe("several tables", () => {
  const text = "dbname = d\nquery = SELECT a FROM t WHERE b='%s'\n";

  test("are a source each, and one map that asks them in their order", () => {
    const { yaml } = toYaml(["/a/one.cf", "/a/two.cf"], readerOf({ "/a/one.cf": text, "/a/two.cf": text }));
    const config = parseYaml(yaml);
    expect(Object.keys(config.sources)).toEqual(["one", "two"]);
    expect(config.maps).toEqual({
      senders: { sources: ["one", "two"], recipient_delimiter: "+", local_domains: [] },
    });
  });

  test("of one name are told apart", () => {
    const { yaml } = toYaml(["/a/s.cf", "/b/s.cf"], readerOf({ "/a/s.cf": text, "/b/s.cf": text }));
    expect(Object.keys(parseYaml(yaml).sources)).toEqual(["s", "s-2"]);
  });

  test("may be text files, whose lines are judged", () => {
    const files = { "/one.cf": text, "/grants": "a@x b\nc@x\nexample.com d\n", "/twice": "a@x b\na@x b\n" };
    const { yaml, warnings } = toYaml(["/one.cf", "texthash:/grants"], readerOf(files));
    expect(parseYaml(yaml).sources.grants).toEqual({ driver: "texthash", path: "/grants" });
    expect(warnings.map(formatProblem)).toEqual([
      "expected a key, white space and a value (/grants line 2)",
      "example.com is no catch-all: that is written @example.com (/grants line 3)",
    ]);
    expect(problemsOf(() => toYaml(["texthash:/twice", "texthash:/none"], readerOf(files)))).toEqual([
      "the key a@x is that of line 1 (/twice line 2)",
      "/none: no such file",
    ]);
  });

  test("of a type that is not read are named as such", () => {
    expect(problemsOf(() => toYaml(["regexp:/a", "hash:/b"], readerOf({})))).toEqual([
      expect.stringContaining("a regexp: table holds patterns"),
      expect.stringContaining("a hash: table is a compiled file"),
    ]);
  });

  test("with odd names get names that the configuration allows", () => {
    const { yaml } = toYaml(["/mysql_sender login+maps.cf", "/---.cf"], () => text);
    expect(Object.keys(parseYaml(yaml).sources)).toEqual(["mysql-sender-login-maps", "table"]);
  });

  test("that cannot be used are all named", () => {
    expect(problemsOf(() => toYaml(["/none.cf", "/bad.cf"], readerOf({ "/bad.cf": "query = '%x'\n" })))).toEqual([
      "postfix_cf: /none.cf: no such file",
      "dbname: is required (/bad.cf)",
      expect.stringContaining('query: "%x" is no expansion'),
    ]);
  });
});
