import { describe, expect, test } from "vitest";
import { splitTableName, whyNotRead } from "../../../src/model/table-type.ts";

describe("a table as main.cf names it", () => {
  test.each([
    ["/etc/postfix/senders.cf", undefined, "/etc/postfix/senders.cf"],
    ["senders.cf", undefined, "senders.cf"],
    ["mysql:/etc/postfix/senders.cf", "mysql", "/etc/postfix/senders.cf"],
    ["proxy:sqlite:/etc/postfix/senders.cf", "sqlite", "/etc/postfix/senders.cf"],
    ["regexp:/etc/postfix/senders", "regexp", "/etc/postfix/senders"],
    ["./odd:name.cf", undefined, "./odd:name.cf"],
    ["unionmap:{mysql:/a.cf,mysql:/b.cf}", "unionmap", "{mysql:/a.cf,mysql:/b.cf}"],
  ])("%s", (table, type, path) => {
    expect(splitTableName(table)).toEqual({ type, path });
  });
});

describe("a type that is not read is named, with what can be done instead", () => {
  test.each([
    ["regexp", "a regexp: table holds patterns, which cannot be listed: leave it in main.cf beside our map"],
    ["hash", "a hash: table is a compiled file: name the text that it was made of, as texthash:/path"],
    ["unionmap", "a unionmap: table combines tables: name those, with combine: union"],
    ["inline", "an inline: table stands in main.cf itself: write its lines into a texthash: file"],
    [
      "mongodb",
      "a mongodb: table asks a MongoDB server, for which there is no driver: leave it in main.cf beside our map",
    ],
    ["static", "a static: table gives every address the same logins: leave it in main.cf behind our map"],
    ["proxy", "a proxy: table asks another table through proxymap: name that one, as proxy:mysql:/path"],
    ["mysqll", "mysqll: tables cannot be read: expected mysql, sqlite; the nearest is mysql"],
    ["zzzzzzzz", "zzzzzzzz: tables cannot be read: expected mysql, sqlite"],
  ])("%s", (type, beginning) => {
    expect(whyNotRead(type, ["mysql", "sqlite"]).slice(0, beginning.length)).toBe(beginning);
  });

  // DATABASE_README of Postfix 3.10, and the types of older releases.
  test.each(
    (
      "btree cdb cidr dbm debug environ fail hash inline internal lmdb memcache mongodb netinfo nis nisplus pcre pipemap " +
      "proxy randmap regexp sdbm socketmap static tcp unionmap unix"
    ).split(" "),
  )("%s: says what to do", (type) => {
    expect(whyNotRead(type)).toMatch(new RegExp(`^an? ${type}: table [^:]+: (?:name|leave|write|.*, or )`));
  });

  test("of all types where nothing narrows them", () => {
    expect(whyNotRead("zzzzzzzz")).toBe(
      "zzzzzzzz: tables cannot be read: expected mysql, pgsql, sqlite, ldap, texthash",
    );
  });
});
