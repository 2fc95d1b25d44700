import type { Stack } from "./stack.ts";

/** Thomas Leister's vmail schema: accounts, one of which only sends, and aliases. */
export const leister: Stack = {
  name: "leister",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice",
        "sales@example.com": "alice,bob",
        "so@example.com": "so",
        "random@catch.test": "erin",
        "off@example.com": "-",
        "old@example.com": "-",
      },
    },
    {
      options: { include_alias: false, include_catchall: false, extra_owners: ["boss@example.com"] },
      want: { "sales@example.com": "boss", "random@catch.test": "boss", "x@elsewhere.test": "-" },
    },
  ],
  domains: ["catch.test", "example.com"],
  shipped: {
    cf: "query = SELECT CONCAT(username, '@', domain) AS 'owns' FROM accounts WHERE username = '%u' AND domain = '%d' AND enabled = true UNION SELECT CONCAT(destination_username, '@', destination_domain) AS 'owns' FROM aliases WHERE source_username = '%u' AND source_domain = '%d' AND enabled = true",
    owners: {
      "sales@example.com": "alice,bob",
      "so@example.com": "so",
      "random@catch.test": "-",
      "off@example.com": "-",
      "old@example.com": "-",
    },
  },
};
