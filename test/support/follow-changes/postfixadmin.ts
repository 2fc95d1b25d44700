import { crowd, type FollowedStack, fillers, insert, none, ok } from "./stack.ts";

/** PostfixAdmin on MariaDB. No row of it is a grant: who else may send as an address is the option `extra_owners`, which no change alters. */
export const postfixadminStack: FollowedStack = {
  preset: "postfixadmin",
  rows: `${insert(
    "mailbox (username, local_part, domain)",
    fillers.map((email) => `('${email}', 'x', 'filler.test')`),
  )}INSERT INTO domain (domain) VALUES ('filler.test');`,
  changes: [
    {
      name: "owner added",
      sql: "UPDATE alias SET goto = 'alice@example.com,bob@example.com,carol' WHERE address = 'sales@example.com'",
      key: "sales@example.com",
      before: ok("alice@example.com", "bob@example.com"),
      after: ok("alice@example.com", "bob@example.com", "carol"),
    },
    {
      name: "owner removed",
      sql: "UPDATE alias SET goto = 'bob@example.com' WHERE address = 'sales@example.com'",
      key: "sales+tag@example.com",
      before: ok("alice@example.com", "bob@example.com", "carol"),
      after: ok("bob@example.com"),
    },
    {
      name: "mailbox off",
      sql: "UPDATE mailbox SET active = 0 WHERE username = 'bob@example.com'",
      key: "bob@example.com",
      before: ok("bob@example.com"),
      after: none,
    },
    {
      name: "alias changed",
      sql: "UPDATE alias SET goto = 'erin@catch.test' WHERE address = 'ext@example.com'",
      key: "ext@alias.test",
      before: ok("someone@gmail.test"),
      after: ok("erin@catch.test"),
    },
    {
      name: "catch-all changed",
      sql: "UPDATE alias SET goto = 'bob@example.com' WHERE address = '@catch.test'",
      key: "random@catch.test",
      before: ok("erin@catch.test"),
      after: ok("bob@example.com"),
    },
    {
      name: "alias domain off",
      sql: "UPDATE alias_domain SET active = 0 WHERE alias_domain = 'alias.test'",
      key: "alice@alias.test",
      before: ok("alice@example.com"),
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
        "mailbox (username, local_part, domain)",
        crowd.map((email) => `('${email}', 'x', 'filler.test')`),
      ),
      key: "crowd4999@filler.test",
      before: none,
      after: ok("crowd4999@filler.test"),
    },
    {
      name: "TRUNCATE",
      sql: "TRUNCATE mailbox; TRUNCATE alias",
      key: "alice@example.com",
      before: ok("alice@example.com"),
      after: none,
    },
  ],
};
