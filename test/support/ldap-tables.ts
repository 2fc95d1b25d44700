/** The ldap_table(5) files that sites use with the directory of `ldap-site.ts`, and keys to ask them for. */
import { suffix } from "./servers/slapd.ts";

const people1 = `search_base = ou=people,${suffix}`;
const everywhere = `search_base = ${suffix}`;

/** Files of ldap_table(5), without `server_host`, by what their sites are or what they show. */
export const ldapTables: Readonly<Record<string, string>> = {
  iredmail: `${everywhere}
scope = sub
query_filter = (&(objectClass=mailObject)(enabledService=smtp)
  (|(mail=%s)
    (mailAlias=%s)))
result_attribute = mail
debuglevel = 0`,
  "docker-mailserver": `${people1}
query_filter = (|(mail=%s)(mailAlias=%s))
result_attribute = mail`,
  "active-directory": `${people1}
query_filter = (&(objectClass=inetOrgPerson)(|(proxyAddresses=smtp:%s)(userPrincipalName=%s)))
result_attribute = sAMAccountName
version = 3
chase_referrals = no`,
  // A person's `mail` holds all addresses, and `permission` the DNs of what the person may use.
  yunohost: `${people1}
scope = one
query_filter = (&(objectClass=mailAccount)(mail=%s)(permission=cn=mail.main,ou=permission,${suffix}))
result_attribute = uid`,
  // The primary address is the login; alternative ones may be of several people. `mail` does not count.
  univention: `${everywhere}
scope = sub
query_filter = (&(objectClass=univentionMail)(|(mailPrimaryAddress=%s)(mailAlternativeAddress=%s)))
result_attribute = mailPrimaryAddress
version = 3`,
  "kolab-aliases": `${people1}
query_filter = (&(|(mail=%s)(mailAlias=%s))(!(accountStatus=disabled)))
result_attribute = mail, uid
domain = example.com, catch.example`,
  "group-members": `${everywhere}
query_filter = (mail=%s)
result_attribute = uid
special_result_attribute = member`,
  "leaf-attribute": `${everywhere}
query_filter = (mail=%s)
result_attribute = uid
leaf_result_attribute = mail
special_result_attribute = member`,
  "terminal-attribute": `${everywhere}
query_filter = (mail=%s)
result_attribute = mail
terminal_result_attribute = maildrop
special_result_attribute = member`,
  urls: `${everywhere}
query_filter = (mail=%s)
result_attribute = mail
special_result_attribute = memberUrl`,
  "base-per-domain": `search_base = dc=%d,dc=domains,${suffix}
query_filter = (mail=%s)
result_attribute = uid`,
  "base-per-user": `search_base = uid=%u,ou=people,${suffix}
scope = base
query_filter = (objectClass=*)
result_attribute = mail`,
  "result-format": `${people1}
query_filter = mail=%s
result_attribute = mail
result_format = %u<%D>`,
  "localpart-and-domain": `${people1}
query_filter = (&(uid=%u)(mail=*@%d))
result_attribute = uid`,
  labels: `${people1}
query_filter = ( | (mail=%u@%2.%1) (uid=%u) )
result_attribute = uid`,
  substrings: `${people1}
query_filter = (mail=*%u*)
result_attribute = uid`,
  limits: `${people1}
query_filter = (|(mailAlias=%s)(mail=%s))
result_attribute = uid mail
expansion_limit = 2
size_limit = 5`,
  options: `${people1}
query_filter = (mail=%s)
result_attribute = description`,
  extensible: `${everywhere}
query_filter = (&(ou:dn:=people)(mail:caseIgnoreIA5Match:=%s))
result_attribute = uid
scope = SUB`,
  utf8: `${people1}
query_filter = (utf8Mail=%s)
result_attribute = uid`,
  defaults: `${people1}
bind = no`,
};

/** Addresses, and keys that are none; with every character that means something in a filter or a DN. */
export const ldapKeys: readonly string[] = [
  ...[
    "alice@example.com",

    "bob@example.com",
    "carol@example.com",
    "nobody@example.com",
    "al@example.com",
  ],
  ...[
    "erin@catch.example",
    "@catch.example",
    "@example.com",
    "any@catch.example",
    "frank@ad.example",
    "f.rank@ad.example",
  ],
  ...[
    "frank@corp.example",
    "odd@example.com",
    "inside@example.com",
    "inside@other.example",
    "alice",
    "bob",
    "uid=alice",
  ],
  ...["yves@yuno.example", "y@yuno.example", "yann@yuno.example", "@yuno.example"],
  ...["ute@ucs.example", "u.te@ucs.example", "office@ucs.example", "uwe@ucs.example", "ute@elsewhere.example"],
  ...[
    "st*ar@example.com",
    "*@example.com",
    "*",
    "a*",
    "pa(ren)@example.com",
    "back\\slash@example.com",
    "\\2a@example.com",
  ],
  ...[
    "a,b+c@example.com",
    '"two words"@example.com',
    "two words@example.com",
    "two  words@example.com",
    "o'brien@example.com",
  ],
  ...[
    "=<>;#@example.com",
    "semi;colon@example.com",
    ")(uid=*",
    "*)(|(uid=*",
    "alice)(mail=*@example.com",
    "\\",
    "\\5c",
    "a\\",
  ],
  ...["jörg@example.com", "日本@example.com", "\\6a\\c3\\b6rg@example.com", "&@example.com", "|(a=b)@x"],
  ...[
    "#alice@example.com",
    " alice@example.com",
    "alice @example.com",
    "a=b@example.com",
    "a/b@example.com",
    "%s@example.com",
  ],
  ...[
    "alice,ou=people@example.com",
    "x@a,dc=b",
    "x@a+b",
    'x@"a"',
    "x@a;b",
    "x@<a>",
    "x@#a",
    "x@ a",
    "x@a ",
    "x@a=b",
    "x@\\2c",
  ],
  ...["@", "u@", "a@b@example.com", "alice@sub.example.com", "alice@", "@@", ".", "..@.."],
];
