import type { Stack } from "./stack.ts";

/** PostfixAdmin 3 and 4: aliases of aliases, domain aliases and catch-alls. */
export const postfixadmin: Stack = {
  name: "postfixadmin",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice",
        "Alice+Tag@Example.COM": "alice",
        "off@example.com": "-",
        "dave@inactive.test": "-",
        "sales@example.com": "alice,bob",
        "sales@alias.test": "alice,bob",
        "ext@example.com": "someone@gmail.test",
        "chain@example.com": "sales",
        "offal@example.com": "-",
        "info@inactive.test": "-",
        "alice@oldalias.test": "-",
        "alice@offalias.test": "-",
        "alice@alias.test": "alice",
        "random@catch.test": "erin",
        "random@catchalias.test": "erin",
        // As a table in a unionmap: is asked.
        "@catch.test": "erin",
        "@catchalias.test": "erin",
        "@example.com": "-",
        "offal@catch.test": "-",
        "offal@catchalias.test": "-",
        "erin@catch.test": "erin",
      },
    },
    {
      options: { alias_depth: 2 },
      want: { "chain@example.com": "alice,bob", "loop@example.com": "pool", "ext@example.com": "someone@gmail.test" },
    },
    { options: { alias_depth: 5 }, want: { "loop@example.com": "pool" } },
    {
      options: { include_catchall: false, include_alias: false },
      want: { "random@catch.test": "-", "sales@example.com": "-", "alice@alias.test": "alice" },
    },
    {
      options: { extra_owners: ["boss@example.com", "root"] },
      want: {
        "alice@example.com": "alice,boss,root",
        "made-up@example.com": "boss,root",
        "x@alias.test": "boss,root",
        "x@inactive.test": "-",
        "x@offalias.test": "-",
        "random@catch.test": "erin,boss,root",
        "x@elsewhere.test": "-",
      },
    },
  ],
  domains: ["alias.test", "catch.test", "catchalias.test", "example.com", "offalias.test", "oldalias.test"],
  shipped: {
    cf: "query = SELECT username FROM mailbox WHERE username='%s' AND active='1'",
    owners: {
      "alice@example.com": "alice",
      "dave@inactive.test": "dave",
      "sales@example.com": "-",
      "sales@alias.test": "-",
      "ext@example.com": "-",
      "chain@example.com": "-",
      "offal@example.com": "-",
      "info@inactive.test": "-",
      "alice@oldalias.test": "-",
      "alice@alias.test": "-",
      "random@catch.test": "-",
      "random@catchalias.test": "-",
      "erin@catch.test": "erin",
    },
  },
};
