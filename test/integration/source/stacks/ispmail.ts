import type { Stack } from "./stack.ts";

/** ISPmail (workaround.org), Linode and guides of the kind: users and aliases alone. */
export const ispmail: Stack = {
  name: "ispmail",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice",
        "sales@example.com": "alice,bob",
        "random@catch.test": "erin,bob",
        "erin@catch.test": "erin",
        "chain@example.com": "sales",
      },
    },
    { options: { alias_depth: 3 }, want: { "chain@example.com": "alice,bob" } },
    {
      options: { include_alias: false, include_catchall: false, extra_owners: ["boss@example.com"] },
      want: { "sales@example.com": "boss", "alice@example.com": "alice,boss", "x@elsewhere.test": "-" },
    },
  ],
  domains: ["catch.test", "example.com"],
  scans: { address: ["virtual_aliases"], domain: ["virtual_aliases"], grant: ["virtual_domains"] },
  shipped: {
    cf: "query = SELECT email FROM virtual_users WHERE email='%s'",
    owners: { "alice@example.com": "alice", "sales@example.com": "-", "random@catch.test": "-" },
  },
};
