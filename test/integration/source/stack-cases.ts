/**
 * Who owns what in the example rows of each stack: by the query that the stack ships for Postfix, and by our preset.
 *
 * Owners are written without their domain where it is plain; `-` is "not found".
 */
import type { PresetOptions } from "../../../src/source/presets/preset.ts";

/** Address → owners. */
export type Owners = Readonly<Record<string, string>>;

/** What one preset answers with some options. */
interface PresetCase {
  readonly options: PresetOptions;
  readonly want: Owners;
}

/** One stack on MySQL or MariaDB. */
export interface Stack {
  readonly name: string;
  readonly presets: readonly PresetCase[];
  /** Every domain that the preset lists with the options of its first case. */
  readonly domains: readonly string[];
  /** Tables that the preset reads without an index, since the stack's schema has none, by role. */
  readonly scans?: Readonly<Partial<Record<"address" | "domain" | "grant", readonly string[]>>>;
  /** The stack's own table file, without the connection, and what Postfix answers with it. */
  readonly shipped?: { readonly cf: string; readonly owners: Owners };
}

export const stacks: readonly Stack[] = [
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
];

/** The table file that Mail-in-a-Box ships for its SQLite file, without `dbpath` (setup/mail-users.sh). */
export const mailinaboxTable =
  "query = SELECT permitted_senders FROM (SELECT permitted_senders, 0 AS priority FROM aliases WHERE source='%s' AND permitted_senders IS NOT NULL UNION SELECT destination AS permitted_senders, 1 AS priority FROM aliases WHERE source='%s' AND permitted_senders IS NULL UNION SELECT email as permitted_senders, 2 AS priority FROM users WHERE email='%s') ORDER BY priority LIMIT 1;";
