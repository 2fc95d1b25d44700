import { atExample, crowd, type FollowedStack, fillers, insert, none, ok } from "./stack.ts";

/** mailcow on MariaDB. */
export const mailcowStack: FollowedStack = {
  preset: "mailcow",
  rows: `${insert(
    "alias (address, goto, domain)",
    fillers.map((email) => `('${email}', '${email}', 'filler.test')`),
  )}INSERT INTO domain (domain) VALUES ('filler.test');`,
  changes: [
    {
      name: "owner added",
      sql: "UPDATE alias SET goto = 'alice@example.com,bob@example.com,spoof@example.com' WHERE address = 'sales@example.com'",
      key: "sales@example.com",
      before: atExample("alice", "bob"),
      after: atExample("alice", "bob", "spoof"),
    },
    {
      name: "owner removed",
      sql: "UPDATE alias SET goto = 'bob@example.com' WHERE address = 'sales@example.com'",
      key: "sales+tag@example.com",
      before: atExample("alice", "bob", "spoof"),
      after: atExample("bob"),
    },
    {
      name: "mailbox off",
      sql: "UPDATE alias SET active = 0 WHERE address = 'spoof@example.com'",
      key: "spoof@example.com",
      before: atExample("spoof"),
      after: none,
    },
    {
      name: "alias changed",
      sql: "UPDATE alias SET goto = 'alice@example.com' WHERE address = 'nick@alias.test'",
      key: "nick@alias.test",
      before: atExample("bob"),
      after: atExample("alice"),
    },
    {
      name: "catch-all changed",
      sql: "UPDATE alias SET goto = 'bob@example.com' WHERE address = '@catch.test'",
      key: "random@catch.test",
      before: ok("erin@catch.test", "frank@catch.test"),
      after: ok("bob@example.com", "frank@catch.test"),
    },
    {
      name: "grant of an address",
      sql: "INSERT INTO sender_acl (logged_in_as, send_as) VALUES ('alice@example.com', 'bob@example.com')",
      key: "bob@example.com",
      before: atExample("bob"),
      after: atExample("bob", "alice"),
    },
    {
      name: "grant of a domain ends",
      sql: "DELETE FROM sender_acl WHERE send_as = '@catch.test'",
      key: "other@catch.test",
      before: ok("bob@example.com", "frank@catch.test"),
      after: atExample("bob"),
    },
    {
      name: "alias domain off",
      sql: "UPDATE alias_domain SET active = 0 WHERE alias_domain = 'alias.test'",
      key: "bob@alias.test",
      before: atExample("bob", "alice"),
      after: none,
    },
    {
      name: "domain off",
      sql: "UPDATE domain SET active = 0 WHERE domain = 'catch.test'",
      key: "erin@catch.test",
      before: ok("erin@catch.test"),
      after: none,
    },
    {
      name: "5,000 rows at once",
      sql: insert(
        "alias (address, goto, domain)",
        crowd.map((email) => `('${email}', '${email}', 'filler.test')`),
      ),
      key: "crowd4999@filler.test",
      before: none,
      after: ok("crowd4999@filler.test"),
    },
    {
      name: "TRUNCATE",
      sql: "TRUNCATE alias",
      key: "filler7@filler.test",
      before: ok("filler7@filler.test"),
      after: none,
    },
  ],
};
