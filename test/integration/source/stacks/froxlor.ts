import type { Stack } from "./stack.ts";

/** Froxlor 2: sender aliases, of an address and of a whole domain. */
export const froxlor: Stack = {
  name: "froxlor",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice,bob",
        "sales@example.com": "alice,bob",
        "team@example.com": "alice,bob",
        "random@catch.test": "info",
        "dead@cust2.test": "-",
        "nobody@example.com": "bob",
        "ceo@partner.test": "bob",
        "any@news.test": "alice",
      },
    },
    {
      options: { include_alias: false, include_catchall: false, extra_owners: ["boss@example.com"] },
      want: { "team@example.com": "bob,boss", "random@catch.test": "boss", "x@elsewhere.test": "-" },
    },
  ],
  domains: ["catch.test", "cust2.test", "example.com", "news.test", "partner.test"],
  scans: { grant: ["mail_sender_aliases"] },
  shipped: {
    cf: `query = SELECT GROUP_CONCAT(DISTINCT username SEPARATOR ' ') FROM mail_users WHERE username = '%s' OR email IN (
    SELECT email_full FROM mail_virtual WHERE email = '%s'
    UNION SELECT destination FROM mail_virtual WHERE email = '%s'
    UNION SELECT email FROM mail_sender_aliases WHERE allowed_sender = '%s');`,
    owners: {
      "alice@example.com": "alice",
      "sales@example.com": "alice",
      "team@example.com": "bob",
      "random@catch.test": "info",
      "dead@cust2.test": "dead",
      "nobody@example.com": "bob",
    },
  },
};
