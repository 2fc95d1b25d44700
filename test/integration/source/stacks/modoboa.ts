import type { Stack } from "./stack.ts";

/** Modoboa 2: sender addresses, aliases that are shared or expire, and domain aliases. */
export const modoboa: Stack = {
  name: "modoboa",
  presets: [
    {
      options: {},
      want: {
        "alice@example.com": "alice,bob",
        "off@example.com": "-",
        "exp@example.com": "-",
        "gone@example.com": "-",
        "soon@example.com": "alice",
        "offal@example.com": "-",
        "chain@example.com": "-",
        "sales@example.com": "alice,bob",
        "sales@alias.test": "alice,bob",
        "alice@alias.test": "alice",
        "alice@oldalias.test": "-",
        "any@news.test": "bob",
        "ceo@partner.test": "alice",
        "random@catch.test": "erin",
        "dave@inactive.test": "-",
        "admin@elsewhere.test": "-",
        "carol@example.com": "carol",
      },
    },
    { options: { alias_depth: 2 }, want: { "chain@example.com": "alice,bob", "chain@alias.test": "alice,bob" } },
    {
      options: { extra_owners: ["boss@example.com"] },
      want: { "x@example.com": "boss", "x@alias.test": "boss", "x@inactive.test": "-", "any@news.test": "bob" },
    },
  ],
  domains: ["alias.test", "catch.test", "example.com", "news.test", "partner.test"],
  shipped: {
    cf: `query = (SELECT email FROM core_user WHERE email='%s' AND is_active=1)
  UNION (SELECT u.email FROM admin_senderaddress AS sad
    INNER JOIN admin_mailbox AS mb ON sad.mailbox_id=mb.id INNER JOIN core_user AS u ON u.id=mb.user_id
    WHERE sad.address='%s')
  UNION (SELECT u.email FROM core_user AS u
    INNER JOIN admin_mailbox AS mb ON mb.user_id=u.id
    INNER JOIN modoboa_admin_aliasrecipient AS alr ON alr.r_mailbox_id=mb.id
    INNER JOIN admin_alias AS al ON al.id=alr.alias_id
    LEFT JOIN admin_domainalias AS adom ON adom.target_id=al.domain_id
    WHERE al.enabled=1 AND (al.address='%s' OR (adom.name='%d'
      AND al.address=concat('%u', '@', (SELECT name FROM admin_domain WHERE id=adom.target_id)))))
  UNION (SELECT u.email FROM core_user AS u
    INNER JOIN admin_mailbox AS mb ON mb.user_id=u.id
    INNER JOIN admin_senderaddress AS sad ON sad.mailbox_id=mb.id
    WHERE sad.address='@%d')`,
    owners: {
      "alice@example.com": "alice,bob",
      "off@example.com": "off",
      "exp@example.com": "alice",
      "offal@example.com": "-",
      "chain@example.com": "-",
      "sales@example.com": "alice,bob",
      "sales@alias.test": "alice,bob",
      "alice@alias.test": "alice",
      "alice@oldalias.test": "alice",
      "any@news.test": "bob",
      "carol@example.com": "carol,bob",
    },
  },
};
