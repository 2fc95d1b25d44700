import { describe, expect, test } from "vitest";
import { assignments } from "../../../../src/source/postfix-cf/lines.ts";
import { recogniseTable } from "../../../../src/source/postfix-cf/recognise.ts";
import { TableReport } from "../../../../src/source/postfix-cf/report.ts";

const server = "hosts = 127.0.0.1\nuser = u\npassword = p\ndbname = d\nquery = SELECT login FROM t WHERE a='%s'\n";

function typeOf(path: string, text: string): string {
  const type = recogniseTable(path, assignments(text, new TableReport(path)));
  return typeof type === "string" ? type : type.problem;
}

describe("a type that is read", () => {
  test.each([
    ["its name tells", "/etc/postfix/mysql-senders.cf", server, "mysql"],
    ["the name of its folder tells", "/etc/postfix/mysql/sender_login_maps.cf", server, "mysql"],
    ["its own name goes before that of its folder", "/etc/postfix/mysql/sqlite-senders.cf", "dbpath = /x\n", "sqlite"],
    ["dbpath tells", "/etc/postfix/senders.cf", "dbpath = /x\nquery = SELECT 1\n", "sqlite"],
    ["a parameter of mysql_table(5) alone tells", "/etc/postfix/senders.cf", `${server}charset = utf8\n`, "mysql"],
    [
      "what mysql and pgsql share is mysql where nothing points to the other",
      "/etc/postfix/senders.cf",
      server,
      "mysql",
    ],
    ["what ldap and mongodb share is ldap", "/etc/postfix/senders.cf", "query_filter = (mail=%s)\n", "ldap"],
    ["a parameter of ldap_table(5) alone tells", "/etc/postfix/senders.cf", "search_base = dc=x\n", "ldap"],
    ["a database on a server goes before a dbpath", "/etc/postfix/senders.cf", `${server}dbpath = /x\n`, "mysql"],
  ])("%s", (_rule, path, text, type) => {
    expect(typeOf(path, text)).toBe(type);
  });
});

describe("what points to another type is never taken for mysql", () => {
  test.each([
    ["a name", "/etc/postfix/senders.regexp", "/^(.*)$/ = x\n", "a regexp: table holds patterns"],
    ["a compiled file", "/etc/postfix/senders.db", server, "a hash: table is a compiled file"],
    [
      "a parameter of memcache_table(5)",
      "/etc/postfix/senders.cf",
      "memcache = inet:127.0.0.1:11211\n",
      "a memcache: table",
    ],
    ["the name of a MongoDB table", "/etc/postfix/mongodb-senders.cf", "query_filter = {}\n", "a mongodb: table asks"],
    ...["uri = mongodb://localhost", "collection = mail", 'projection = { "login": 1 }'].map((sign) => [
      `a parameter of mongodb_table(5): ${sign}`,
      "/etc/postfix/senders.cf",
      `dbname = mail\n${sign}\nquery_filter = { "mail": "%s" }\nresult_attribute = login\n`,
      "a mongodb: table asks a MongoDB server",
    ]),
  ])("%s", (_rule, path, text, words) => {
    expect(typeOf(path, text)).toContain(words);
  });

  test.each([
    ["a cast", "SELECT login::text FROM t WHERE a='%s'"],
    ["a function that gives rows", "SELECT login FROM mailsys.senders('%u', '%d')"],
    ["strings joined with ||", "SELECT login FROM t WHERE a='%u' || '@' || '%d'"],
    ["ILIKE", "SELECT login FROM t WHERE a ILIKE '%s'"],
  ])("which type it is is asked for where the SQL is PostgreSQL's: %s", (_rule, query) => {
    const text = `hosts = 127.0.0.1\ndbname = d\nquery = ${query}\n`;
    expect(typeOf("/etc/senders.cf", text)).toBe(
      "/etc/senders.cf: which type of table is it? its SQL is that of PostgreSQL; write mysql:/etc/senders.cf or pgsql:/etc/senders.cf",
    );
  });

  test("parameters of two types are asked about too", () => {
    expect(typeOf("/etc/senders.cf", `${server}charset = utf8\nencoding = UTF8\n`)).toContain(
      "which type of table is it?",
    );
  });

  test("and so are parameters of ldap_table(5) beside those of mongodb_table(5)", () => {
    expect(typeOf("/etc/senders.cf", "uri = x\nsearch_base = dc=x\nquery_filter = (mail=%s)\n")).toBe(
      "/etc/senders.cf: which type of table is it? it has parameters of both; write ldap:/etc/senders.cf or mongodb:/etc/senders.cf",
    );
  });

  test("a file without any known parameter is no table, and may be a list", () => {
    expect(typeOf("/etc/senders", "a = b\n")).toBe(
      "/etc/senders: no parameter of any table that can be read (mysql, pgsql, sqlite, ldap) is in it; if it lists addresses and their owners, write texthash:/etc/senders",
    );
  });
});
