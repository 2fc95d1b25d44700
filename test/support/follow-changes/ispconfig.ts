import { atExample, crowd, type FollowedStack, fillers, insert, none, ok } from "./stack.ts";

/** ISPConfig on MariaDB. No row of it is a grant: who else may send as an address is the option `extra_owners`, which no change alters. */
export const ispconfigStack: FollowedStack = {
  preset: "ispconfig",
  options: { server_id: 1 },
  rows: `${insert(
    "mail_user (server_id, email, login)",
    fillers.map((email) => `(1, '${email}', '${email}')`),
  )}INSERT INTO mail_domain (server_id, domain, active) VALUES (1, 'filler.test', 'y');`,
  changes: [
    {
      name: "owner added",
      sql: "UPDATE mail_forwarding SET destination = 'alice@example.com, web1bob' WHERE source = 'al@example.com'",
      key: "al@example.com",
      before: atExample("alice"),
      after: ok("alice@example.com", "web1bob"),
    },
    {
      name: "owner removed",
      sql: "UPDATE mail_forwarding SET destination = 'web1bob' WHERE source = 'al@example.com'",
      key: "al+tag@example.com",
      before: ok("alice@example.com", "web1bob"),
      after: ok("web1bob"),
    },
    {
      name: "mailbox off",
      sql: "UPDATE mail_user SET disablesmtp = 'y' WHERE email = 'bob@example.com'",
      key: "bob@example.com",
      before: ok("bob@example.com", "web1bob"),
      after: none,
    },
    {
      name: "alias changed",
      sql: "UPDATE mail_forwarding SET destination = 'erin@catch.test' WHERE source = 'sales@example.com'",
      key: "sales@alias.test",
      before: atExample("alice", "bob"),
      after: ok("erin@catch.test"),
    },
    {
      name: "catch-all changed",
      sql: "UPDATE mail_forwarding SET destination = 'bob@example.com' WHERE source = '@catch.test'",
      key: "random@catch.test",
      before: ok("erin@catch.test"),
      after: atExample("bob"),
    },
    {
      name: "alias domain off",
      sql: "UPDATE mail_forwarding SET active = 'n' WHERE source = '@alias.test'",
      key: "alice@alias.test",
      before: atExample("alice"),
      after: none,
    },
    {
      name: "domain off",
      sql: "UPDATE mail_domain SET active = 'n' WHERE domain = 'catch.test'",
      key: "erin@catch.test",
      before: ok("erin@catch.test"),
      after: none,
    },
    {
      name: "5,000 rows at once",
      sql: insert(
        "mail_user (server_id, email, login)",
        crowd.map((email) => `(1, '${email}', '${email}')`),
      ),
      key: "crowd4999@filler.test",
      before: none,
      after: ok("crowd4999@filler.test"),
    },
    { name: "TRUNCATE", sql: "TRUNCATE mail_user", key: "alice@example.com", before: atExample("alice"), after: none },
  ],
};
