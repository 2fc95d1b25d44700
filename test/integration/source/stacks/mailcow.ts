import type { Stack } from "./stack.ts";

/** mailcow: dockerized: what its own query gives to catch-alls and inactive addresses, and ours does not. */
export const mailcow: Stack = {
  name: "mailcow",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice,bob",
        "alice+tag@example.com": "alice,bob",
        "off@example.com": "-",
        "half@example.com": "-",
        "dave@inactive.test": "-",
        "rx@example.com": "-",
        "sales@example.com": "alice,bob",
        "rx@catch.test": "frank",
        "offal@catch.test": "frank",
        "random@catch.test": "erin,frank",
        "@catch.test": "erin",
        "erin@catch.test": "erin,frank",
        "frank+tag@catch.test": "frank",
        "alice@alias.test": "alice,bob",
        "sales@alias.test": "-",
        "nick@alias.test": "bob",
        "alice@oldalias.test": "-",
        "ceo@partner.test": "alice",
        "alice@exämple.com": "-",
      },
    },
    {
      options: { include_alias: false, include_catchall: false },
      want: {
        "alice@example.com": "alice,bob",
        "half@example.com": "-",
        "off@example.com": "-",
        "dave@inactive.test": "-",
        "sales@example.com": "-",
        "random@catch.test": "frank",
      },
    },
    {
      options: { extra_owners: ["boss@example.com"] },
      want: {
        "alice@example.com": "alice,bob,boss",
        "x@alias.test": "boss",
        "x@inactive.test": "-",
        "ceo@partner.test": "alice",
      },
    },
  ],
  domains: ["alias.test", "catch.test", "example.com", "partner.test"],
  scans: { grant: ["sender_acl"] },
  shipped: {
    cf: `# First select queries domain and alias_domain to determine if domains are active.
query = SELECT goto FROM alias
  WHERE id IN (
      SELECT COALESCE (
        (
          SELECT id FROM alias
            WHERE address='%s'
            AND (active='1' OR active='2')
            AND sender_allowed='1'
        ), (
          SELECT id FROM alias
            WHERE address='@%d'
            AND (active='1' OR active='2')
            AND sender_allowed='1'
        )
      )
    )
    AND active='1'
    AND (domain IN
      (SELECT domain FROM domain
        WHERE domain='%d'
          AND active='1')
      OR domain in (
        SELECT alias_domain FROM alias_domain
          WHERE alias_domain='%d'
            AND active='1'
      )
    )
  UNION
  SELECT logged_in_as FROM sender_acl
    WHERE send_as='@%d'
      OR send_as='%s'
      OR send_as='*'
      OR send_as IN (
        SELECT CONCAT('@',target_domain) FROM alias_domain
          WHERE alias_domain = '%d')
      OR send_as IN (
        SELECT CONCAT('%u','@',target_domain) FROM alias_domain
          WHERE alias_domain = '%d')
      AND logged_in_as NOT IN (
        SELECT goto FROM alias
          WHERE address='%s')
  UNION
  SELECT username FROM mailbox, alias_domain
    WHERE alias_domain.alias_domain = '%d'
      AND mailbox.username = CONCAT('%u','@',alias_domain.target_domain)
      AND (mailbox.active = '1' OR mailbox.active ='2')
      AND alias_domain.active='1';`,
    owners: {
      "alice@example.com": "alice,bob",
      "off@example.com": "-",
      "half@example.com": "-",
      "dave@inactive.test": "-",
      "rx@example.com": "-",
      "sales@example.com": "alice,bob",
      "rx@catch.test": "erin,frank",
      "offal@catch.test": "erin,frank",
      "random@catch.test": "erin,frank",
      "erin@catch.test": "erin,frank",
      "frank+tag@catch.test": "erin,frank",
      "alice@alias.test": "bob,alice",
      "sales@alias.test": "-",
      "nick@alias.test": "bob",
      "alice@oldalias.test": "bob",
      "ceo@partner.test": "alice",
    },
  },
};
