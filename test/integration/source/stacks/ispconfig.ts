import type { Stack } from "./stack.ts";

/** ISPConfig 3.2: custom logins, forwardings that may send, and several servers in one database. */
export const ispconfig: Stack = {
  name: "ispconfig",
  presets: [
    {
      options: { server_id: 1 },
      want: {
        "bob@example.com": "bob,web1bob",
        "bob+tag@example.com": "bob,web1bob",
        "fwd@example.com": "fwd",
        "fwd2@example.com": "fwd2",
        "nosmtp@example.com": "-",
        "dave@inactive.test": "-",
        "noas@example.com": "-",
        "offal@example.com": "-",
        "plainfwd@example.com": "-",
        "x@second.test": "-",
        "sales@example.com": "alice,bob",
        "alice@alias.test": "alice",
        "al@alias.test": "alice",
        "alice@oldalias.test": "-",
        "alice@offalias.test": "-",
        "random@catch.test": "erin",
        "random@catchalias.test": "erin",
      },
    },
    {
      options: { server_id: 1, include_cc: true },
      want: { "fwd@example.com": "fwd,alice,bob", "fwd2@example.com": "fwd2", "bob@example.com": "bob,web1bob" },
    },
    { options: { server_id: 2 }, want: { "x@second.test": "x", "bob@example.com": "-" } },
    {
      options: { server_id: 1, extra_owners: ["boss@example.com"] },
      want: { "x@example.com": "boss", "x@alias.test": "boss", "x@inactive.test": "-", "x@second.test": "-" },
    },
  ],
  domains: ["alias.test", "catch.test", "catchalias.test", "example.com", "offalias.test"],
  shipped: {
    cf: `query =
  SELECT destination FROM mail_forwarding
    WHERE source = '%s' AND active = 'y' AND allow_send_as = 'y' AND server_id = 1
  UNION
  SELECT email FROM mail_user
    WHERE email = '%s' AND disablesmtp = 'n' AND server_id = 1
      AND EXISTS (SELECT domain_id FROM mail_domain
                   WHERE domain = SUBSTRING_INDEX(mail_user.email, '@', -1) AND active = 'y' AND server_id = 1)
  UNION
# custom logins
  SELECT login FROM mail_user
    WHERE email = '%s' AND disablesmtp = 'n' AND server_id = 1
      AND EXISTS (SELECT domain_id FROM mail_domain
                   WHERE domain = SUBSTRING_INDEX(mail_user.email, '@', -1) AND active = 'y' AND server_id = 1)

  UNION
  SELECT cc FROM mail_user
    WHERE email = '%s' AND disablesmtp = 'n' AND disabledeliver = 'y' AND server_id = 1`,
    owners: {
      "bob@example.com": "bob,web1bob",
      "fwd@example.com": "fwd,alice,bob",
      "fwd2@example.com": "fwd2",
      "nosmtp@example.com": "-",
      "dave@inactive.test": "-",
      "noas@example.com": "-",
      "offal@example.com": "-",
      "plainfwd@example.com": "-",
      "x@second.test": "-",
      "sales@example.com": "alice,bob",
      "alice@alias.test": "-",
      "al@alias.test": "-",
      "random@catch.test": "erin",
    },
  },
};
