import { crowd, type FollowedStack, fillers, insert, none, ok } from "./stack.ts";

/** Our own schema, which has no alias domains; for MySQL, MariaDB and SQLite. `empty` empties a table. */
export function nativeStack(empty: (table: string) => string): FollowedStack {
  const address = (email: string, login = email) =>
    `('${email.split("@")[1]}', '${email.split("@")[0]}', '${login}', 1)`;
  const addresses = "addresses (domain, localpart, login, active)";
  return {
    preset: "native",
    rows: [
      insert("domains (domain)", ["('example.com')", "('catch.test')", "('off.test')", "('filler.test')"]),
      insert("logins (login)", ["('alice')", "('bob')", "('erin')", "('filler')"]),
      insert(addresses, [
        address("alice@example.com", "alice"),
        address("team@example.com", "alice"),
        address("leaver@example.com", "bob"),
        address("sales@example.com", "alice"),
        address("x@off.test", "alice"),
        address("kept@catch.test", "alice"),
        ...fillers.map((email) => address(email, "filler")),
      ]),
      insert("catch_alls (domain, login)", ["('catch.test', 'erin')"]),
    ].join(""),
    changes: [
      {
        name: "owner added",
        sql: `INSERT INTO ${addresses} VALUES ${address("team@example.com", "bob")}`,
        key: "team@example.com",
        before: ok("alice"),
        after: ok("alice", "bob"),
      },
      {
        name: "owner removed",
        sql: "DELETE FROM addresses WHERE localpart = 'team' AND login = 'alice'",
        key: "team+tag@example.com",
        before: ok("alice", "bob"),
        after: ok("bob"),
      },
      {
        name: "mailbox off",
        sql: "UPDATE addresses SET active = 0 WHERE localpart = 'leaver'",
        key: "leaver@example.com",
        before: ok("bob"),
        after: none,
      },
      {
        name: "mailbox off under a catch-all",
        sql: "UPDATE addresses SET active = 0 WHERE localpart = 'kept'",
        key: "kept@catch.test",
        before: ok("alice"),
        after: none,
      },
      {
        name: "address appears under a catch-all",
        sql: `INSERT INTO ${addresses} VALUES ${address("new@catch.test", "bob")}`,
        key: "new@catch.test",
        before: ok("erin"),
        after: ok("bob"),
      },
      {
        name: "domain off",
        sql: "UPDATE domains SET active = 0 WHERE domain = 'off.test'",
        key: "x@off.test",
        before: ok("alice"),
        after: none,
      },
      {
        name: "alias changed",
        sql: "UPDATE addresses SET login = 'bob' WHERE localpart = 'sales'",
        key: "sales@example.com",
        before: ok("alice"),
        after: ok("bob"),
      },
      {
        name: "catch-all changed",
        sql: "UPDATE catch_alls SET login = 'bob' WHERE domain = 'catch.test'",
        key: "random@catch.test",
        before: ok("erin"),
        after: ok("bob"),
      },
      {
        name: "grant of an address",
        sql: "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('example.com', 'alice', 'bob')",
        key: "alice@example.com",
        before: ok("alice"),
        after: ok("alice", "bob"),
      },
      {
        name: "grant of a domain",
        sql: "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('catch.test', '', 'alice')",
        key: "other@catch.test",
        before: ok("bob"),
        after: ok("bob", "alice"),
      },
      {
        name: "domain appears",
        sql: `INSERT INTO domains (domain) VALUES ('new.test'); INSERT INTO ${addresses} VALUES ${address("first@new.test", "bob")}`,
        key: "first@new.test",
        before: none,
        after: ok("bob"),
      },
      {
        name: "5,000 rows at once",
        sql: `INSERT INTO ${addresses} VALUES ${crowd.map((email) => address(email, "filler")).join(",")}`,
        key: "crowd4999@filler.test",
        before: none,
        after: ok("filler"),
      },
      {
        name: "TRUNCATE",
        sql: empty("addresses"),
        key: "alice@example.com",
        before: ok("alice", "bob"),
        after: ok("bob"),
      },
    ],
  };
}
