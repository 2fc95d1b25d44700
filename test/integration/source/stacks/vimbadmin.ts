import type { Stack } from "./stack.ts";

/** ViMbAdmin 3, which ships no table of its own for senders. */
export const vimbadmin: Stack = {
  name: "vimbadmin",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice",
        "bob@example.com": "bob",
        "off@example.com": "-",
        "leaving@example.com": "-",
        "dave@inactive.test": "-",
        "sales@example.com": "alice,bob",
        "offal@example.com": "-",
        "info@inactive.test": "-",
        "random@catch.test": "erin",
      },
    },
    {
      options: { include_alias: false, include_catchall: false, extra_owners: ["boss@example.com"] },
      want: { "sales@example.com": "boss", "x@inactive.test": "-", "random@catch.test": "boss" },
    },
  ],
  domains: ["catch.test", "example.com"],
};
