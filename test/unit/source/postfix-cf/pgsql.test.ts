/** pgsql_table(5): what its parameters mean, and how its SQL gets parameters. */
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { toYaml } from "../../../../src/source/postfix-cf/to-yaml.ts";
import { armOf, key, parse, problemsOf, warningsOf } from "./table.ts";

const alice = key("alice@example.com");
const query = "query = SELECT login FROM t WHERE a = '%s'";

function table(lines: string) {
  return parse(`dbname = d\n${lines}\n`, {}, "pgsql");
}

function connectionOf(lines: string) {
  const { connection } = table(`${query}\n${lines}`);
  if (connection.driver !== "pgsql") throw new Error("expected a pgsql connection");
  return connection;
}

/** SQL and parameters of a query for alice@example.com. */
function bound(sql: string): string[] {
  const arm = armOf(table(`query = ${sql}`));
  return [arm.sql, ...(arm.bind(alice) ?? ["suppressed"])];
}

const inet = (host: string, port = 5432) => ({ kind: "inet", host, port });
const unix = (path: string) => ({ kind: "unix", path });

describe("hosts (dict_pgsql.c, host_init)", () => {
  test.each([
    ["no hosts: localhost by TCP", "", [inet("localhost")]],
    ["a name", "db1", [inet("db1")]],
    ["a name with a port", "inet:db1:5433", [inet("db1", 5433)]],
    ["the folder of a socket", "unix:/var/run/postgresql", [unix("/var/run/postgresql")]],
    ["any name that begins with /", "/tmp", [unix("/tmp")]],
    ["unix: alone", "unix:", [unix("/var/run/postgresql")]],
    ["several, split at commas and blanks", "db1, db2\tunix:/s", [inet("db1"), inet("db2"), unix("/s")]],
  ])("%s", (_rule, value, hosts) => {
    expect(connectionOf(`hosts = ${value}`).hosts).toEqual(hosts);
  });

  test("the socket itself and an IPv6 address work here, and not in Postfix", () => {
    const parsed = table(`${query}\nhosts = unix:/s/.s.PGSQL.5433 [::1]:5432`);
    expect(warningsOf(parsed)).toHaveLength(2);
    expect(parsed.connection).toMatchObject({ hosts: [unix("/s/.s.PGSQL.5433"), inet("[::1]")] });
  });

  test.each(["db1:", "db1:0", "db1:65536", "db1:postgresql"])("%j has no port", (value) => {
    expect(problemsOf(() => connectionOf(`hosts = ${value}`))).toEqual([
      `hosts: unknown port in "${value}": expected 1 to 65535 (t.cf line 3)`,
    ]);
  });
});

describe("a URI in hosts", () => {
  const login = (uri: string) => {
    const { hosts, user, password, database, tls } = connectionOf(`user = x\npassword = y\nhosts = ${uri}`);
    return { hosts, user, password, database, tls };
  };
  const plain = { caFile: undefined, certFile: undefined, keyFile: undefined };
  const prefer = { ...plain, verify: false, isOptional: true };

  test("brings its own user, password and database, which need no dbname", () => {
    expect(login("postgresql://mail:p%40ss@db1:5433/vmail")).toEqual({
      hosts: [inet("db1", 5433)],
      user: "mail",
      password: "p@ss",
      database: "vmail",
      tls: prefer,
    });
    const { connection } = parse(
      "hosts = postgresql://mail:x@127.0.0.1/mail\nencoding = UTF8\nquery = SELECT 1\n",
      {},
      "pgsql",
    );
    expect(connection).toMatchObject({ hosts: [inet("127.0.0.1")], user: "mail", database: "mail" });
  });

  test.each([
    ["the database is named as the user unless it is given", "postgresql://mail@db1", { database: "mail" }],
    [
      "without a host it is the socket",
      "postgresql:///d?user=u",
      { hosts: [unix("/var/run/postgresql/.s.PGSQL.5432")], user: "u" },
    ],
    ["a folder as host", "postgresql://u@%2Frun%2Fpg:5433/d", { hosts: [unix("/run/pg/.s.PGSQL.5433")] }],
    [
      "parameters go before parts",
      "postgresql://u@db1/d?host=db2&port=7&dbname=e&password=z",
      { hosts: [inet("db2", 7)], database: "e", password: "z" },
    ],
    ["an IPv6 address", "postgresql://u@[::1]:5433/d", { hosts: [inet("::1", 5433)] }],
    ["sslmode=disable", "postgresql://u@db1/d?sslmode=disable", { tls: undefined }],
    [
      "sslmode=require believes anybody",
      "postgresql://u@db1/d?sslmode=require",
      { tls: { ...plain, verify: false, verifyName: false } },
    ],
    [
      "unless there is a certificate to check by",
      "postgresql://u@db1/d?sslmode=require&sslrootcert=/ca.pem",
      { tls: { ...plain, caFile: "/ca.pem", verify: true, verifyName: false } },
    ],
    ["sslmode=verify-full", "postgresql://u@db1/d?sslmode=verify-full", { tls: { ...plain, verify: true } }],
  ])("%s", (_rule, uri, expected) => {
    expect(login(uri)).toMatchObject(expected);
  });

  test.each([
    ["another scheme", "mysql://u@db1/d", "mysql:// is no URI of PostgreSQL"],
    ["two hosts, broken in two at the comma", "postgresql://u@db1,db2/d", "differ in user, password, database or TLS"],
    ["a % that is none", "postgresql://u:%zz@db1/d", "holds a % that is no %XX"],
    ["an unknown sslmode", "postgresql://u@db1/d?sslmode=on", "unknown sslmode"],
    ["two logins", "postgresql://a@db1/d postgresql://b@db2/d", "differ in user, password, database or TLS"],
  ])("%s is refused, and no password is repeated", (_rule, uri, words) => {
    const problems = problemsOf(() => login(uri)).join("\n");
    expect(problems).toContain(words);
    expect(problems).not.toContain("secret");
  });
});

describe("what Postfix does otherwise is said", () => {
  test.each([
    ["encoding = LATIN1", "encoding: has no effect here: keys and answers are UTF-8 (t.cf line 3)"],
    [
      "port = 5432",
      'port: unknown to Postfix, which ignores it; write the port into hosts, as in "hosts = inet:127.0.0.1:5432" (t.cf line 3)',
    ],
    [
      "charset = utf8",
      "charset: unknown to Postfix, which ignores it; only mysql_table(5) has it; here it is encoding (t.cf line 3)",
    ],
    ["dbpath = /x", "dbpath: unknown to Postfix, which ignores it; only sqlite_table(5) has it (t.cf line 3)"],
  ])("%s", (line, warning) => {
    expect(warningsOf(table(`${query}\n${line}`))).toEqual([warning]);
  });

  test("dbname is required where no URI names a database", () => {
    expect(problemsOf(() => parse(`${query}\nhosts = db1\n`, {}, "pgsql"))).toEqual(["dbname: is required (t.cf)"]);
  });
});

describe("a string with an expansion becomes one parameter", () => {
  test.each([
    [
      "numbered in order",
      "SELECT a FROM t WHERE b='%d' AND c='%u'",
      ["SELECT a FROM t WHERE b=$1 AND c=$2", "example.com", "alice"],
    ],
    ["a backslash is a letter", "SELECT a FROM t WHERE b='\\%u'", ["SELECT a FROM t WHERE b=$1", "\\alice"]],
    [
      "but in E'…' an escape",
      "SELECT a FROM t WHERE b=E'\\'%u\\x41\\u00f6\\n'",
      ["SELECT a FROM t WHERE b=$1", "'aliceAö\n"],
    ],
    ["$$…$$ is one too", "SELECT a FROM t WHERE b=$$%s$$", ["SELECT a FROM t WHERE b=$1", "alice@example.com"]],
    ["and $tag$…$tag$", "SELECT a FROM t WHERE b=$q$'%u$q$", ["SELECT a FROM t WHERE b=$1", "'alice"]],
    [
      "casts, operators and what looks like a placeholder stay",
      "SELECT a::text FROM t WHERE b='%s' AND c @> d AND e ? 'f' AND g = ':email'",
      ["SELECT a::text FROM t WHERE b=$1 AND c @> d AND e ? 'f' AND g = ':email'", "alice@example.com"],
    ],
    [
      "a function of its site",
      "SELECT login FROM mailsys.senders('%u', '%d')",
      ["SELECT login FROM mailsys.senders($1, $2)", "alice", "example.com"],
    ],
    [
      "and stands apart from a word before it",
      "SELECT a FROM t WHERE b LIKE'%u'",
      ["SELECT a FROM t WHERE b LIKE $1", "alice"],
    ],
    [
      "names in double quotes stay",
      "SELECT \"a%%\" FROM t WHERE b='%s'",
      ['SELECT "a%" FROM t WHERE b=$1', "alice@example.com"],
    ],
  ])("%s", (_rule, sql, expected) => {
    expect(bound(sql)).toEqual(expected);
  });

  test.each([
    ["two statements", "SELECT 1; SELECT '%s'", "holds more than one statement"],
    ["an expansion in a name", 'SELECT a FROM "t%u"', "an expansion stands in a quoted name"],
    ["a parameter of PostgreSQL's own", "SELECT $1", '"$1" stands outside of quotes'],
    ["a bit string", "SELECT a FROM t WHERE b=B'%s'", '"B" in front of a string'],
    ["a string of Unicode escapes", "SELECT a FROM t WHERE b=U&'%s'", '"U&" in front of a string'],
    ["a type in front", "SELECT a FROM t WHERE b=citext '%s'", '"citext" in front of a string'],
    ["a byte beyond ASCII", "SELECT a FROM t WHERE b=E'%s\\xe9'", "a byte beyond ASCII"],
    ["a comment that does not end", "SELECT '%s' /* /* */", "a comment is never closed"],
  ])("%s is refused", (_rule, sql, words) => {
    expect(problemsOf(() => bound(sql)).join()).toContain(words);
  });

  test("select_function goes before the parts, and after query", () => {
    const parts = "table = t\nselect_field = a\nwhere_field = b";
    expect(armOf(table(`select_function = f\n${parts}`)).sql).toBe("SELECT f($1)");
    expect(armOf(table(parts)).sql).toBe("SELECT a FROM t WHERE b=$1");
    expect(armOf(table(`select_function = f\n${query}`)).sql).toBe("SELECT login FROM t WHERE a = $1");
  });

  test("all columns of all rows count, and a statement without rows finds nothing", () => {
    const arm = armOf(table(query));
    expect(
      arm.collect(
        [
          ["a", null, "b"],
          ["", "c"],
        ],
        alice,
      ),
    ).toEqual(["a", "b", "c"]);
    expect(arm.allowsNoResultSet).toBe(true);
  });
});

test("import writes a source for PostgreSQL, with || and the URI taken apart", () => {
  const text =
    "hosts = postgresql://mail:x@127.0.0.1/vmail\nquery = SELECT a::text FROM t WHERE b='x-%u@%d' OR c='%s'\n";
  const { yaml } = toYaml(["pgsql:/etc/postfix/t.cf"], () => text);
  expect(parseYaml(yaml).sources.t).toEqual({
    driver: "pgsql",
    hosts: ["inet:127.0.0.1:5432"],
    user: "mail",
    password_file: "/etc/loginmapd/t-password",
    database: "vmail",
    queries: { address: "SELECT a::text\nFROM t\nWHERE b=('x-' || :user || '@' || :domain) OR c=:email" },
  });
  expect(yaml).not.toContain("x@127");
});
