import type { Stack } from "./stack.ts";

/** iRedMail 1.x with MariaDB: list members and catch-alls own nothing unless an option says so. */
export const iredmail: Stack = {
  name: "iredmail",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice",
        "off@example.com": "-",
        "nosmtp@example.com": "-",
        "dave@inactive.test": "-",
        "bk@backup.test": "-",
        "al@example.com": "alice",
        "al+tag@example.com": "alice",
        "oldal@example.com": "-",
        "sales@example.com": "-",
        "alice@alias.test": "alice",
        "al@alias.test": "alice",
        "alice@oldalias.test": "-",
        "random@catch.test": "-",
        "foo@catch.test": "alice",
        "alice@exämple.com": "-",
        "alice@elsewhere.test": "-",
      },
    },
    {
      options: { include_list_members: true, include_catchall: true },
      want: {
        "sales@example.com": "alice,bob",
        "sales@alias.test": "alice,bob",
        "random@catch.test": "erin",
        "random+tag@catch.test": "erin",
        "random@catchalias.test": "erin",
        "foo@catch.test": "alice",
        "foo@catchalias.test": "alice",
        "off@example.com": "-",
      },
    },
    {
      options: { include_alias: false, include_alias_domain: false },
      want: { "alice@example.com": "alice", "al@example.com": "-", "alice@alias.test": "-" },
    },
    {
      options: { extra_owners: ["boss@example.com"] },
      want: {
        "alice@example.com": "alice,boss",
        "made-up@example.com": "boss",
        "x@alias.test": "boss",
        "bk@backup.test": "-",
        "x@inactive.test": "-",
        "x@elsewhere.test": "-",
      },
    },
  ],
  domains: ["alias.test", "catch.test", "catchalias.test", "example.com"],
  shipped: {
    cf: "query = SELECT mailbox.username FROM mailbox,domain WHERE mailbox.username='%s' AND mailbox.domain='%d' AND mailbox.domain=domain.domain AND mailbox.enablesmtp=1 AND mailbox.active=1 AND domain.active=1 AND domain.backupmx=0",
    owners: {
      "alice@example.com": "alice",
      "alice+tag@example.com": "alice",
      "off@example.com": "-",
      "nosmtp@example.com": "-",
      "dave@inactive.test": "-",
      "bk@backup.test": "-",
      "al@example.com": "-",
      "oldal@example.com": "-",
      "sales@example.com": "-",
      "alice@alias.test": "-",
      "al@alias.test": "-",
      "alice@oldalias.test": "-",
      "random@catch.test": "-",
      "foo@catch.test": "-",
    },
  },
};
