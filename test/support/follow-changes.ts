/** The changes that an administrator makes, in the SQL of some stacks, and what a lookup says before and after. */

/** One change. */
export interface FollowedChange {
  readonly name: string;
  readonly sql: string;
  /** Address → the reply before, and the one that it is to have after. */
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** What one stack needs to be followed in a test. */
export interface FollowedStack {
  readonly preset: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Rows to begin with, after the schema. */
  readonly rows: string;
  readonly changes: readonly FollowedChange[];
}

const none = "NOTFOUND ";
const ok = (...owners: readonly string[]) => `OK ${owners.join(",")}`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const insert = (into: string, rows: readonly string[]) => `INSERT INTO ${into} VALUES ${rows.join(",")};`;

/** Addresses that are only there to be many. */
const fillers = numbers(2000).map((i) => `filler${i}@filler.test`);
const crowd = numbers(5000).map((i) => `crowd${i}@filler.test`);

/** Our own schema; for MySQL, MariaDB and SQLite. `empty` empties a table. */
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

/** PostfixAdmin on MariaDB. */
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

const atExample = (...localparts: readonly string[]) =>
  ok(...localparts.map((localpart) => `${localpart}@example.com`));

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

/** ISPConfig on MariaDB. */
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
