/** A directory as the sites of the guides have it, and the ldap_table(5) files that they use with it. */
import { suffix } from "./servers/slapd.ts";

interface Person {
  readonly uid: string;
  readonly mail: string;
  /** Further attributes, as LDIF. */
  readonly more?: string;
}

const people: readonly Person[] = [
  {
    uid: "alice",
    mail: "alice@example.com",
    more: "mailAlias: al@example.com\nmailAlias: sales@example.com\nenabledService: smtp",
  },
  {
    uid: "bob",
    mail: "bob@example.com",
    more: "mailAlias: sales@example.com\nenabledService: smtp\nmaildrop: bob@example.com",
  },
  { uid: "carol", mail: "carol@example.com", more: "accountStatus: disabled" },
  { uid: "erin", mail: "erin@catch.example", more: "mailAlias: @catch.example\nenabledService: smtp" },
  {
    uid: "stars",
    mail: "st*ar@example.com",
    more: "mailAlias: back\\slash@example.com\nmailAlias: pa(ren)@example.com",
  },
  {
    uid: "comma",
    mail: "a,b+c@example.com",
    more: 'mailAlias: "two words"@example.com\nmailAlias: two words@example.com',
  },
  {
    uid: "quote",
    mail: "o'brien@example.com",
    more: "mailAlias: =<>;#@example.com\nmailAlias: semi;colon@example.com",
  },
  { uid: "umlaut", mail: "umlaut@example.com", more: "utf8Mail: jörg@example.com\nutf8Mail: 日本@example.com" },
  {
    uid: "frank",
    mail: "frank@ad.example",
    more: "sAMAccountName: AD-frank\nuserPrincipalName: frank@corp.example\nproxyAddresses: SMTP:frank@ad.example\nproxyAddresses: smtp:f.rank@ad.example",
  },
  { uid: "odd", mail: "odd@example.com", more: "description: plain\ndescription;lang-de: deutsch" },
];

const groups = `
dn: cn=team,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: team
mail: team@example.com
member: uid=alice,ou=people,${suffix}
member: uid=bob,ou=people,${suffix}
member: cn=inner,ou=groups,${suffix}

dn: cn=inner,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: inner
mail: inner@example.com
member: uid=carol,ou=people,${suffix}
member: uid=gone,ou=people,${suffix}

dn: cn=urls,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: urls
mail: urls@example.com
member: uid=alice,ou=people,${suffix}
memberUrl: ldap:///ou=people,${suffix}??one?(enabledService=smtp)
memberUrl: ldap://elsewhere.example:999/uid=carol,ou=people,${suffix}?mail
memberUrl: ldap:///uid=quote,ou=people,${suffix}?cn

dn: cn=end,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: end
mail: end@example.com
maildrop: final@example.com
member: uid=alice,ou=people,${suffix}

dn: cn=circle,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: circle
mail: circle@example.com
member: cn=circle2,ou=groups,${suffix}

dn: cn=circle2,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: circle2
member: cn=circle,ou=groups,${suffix}

dn: cn=badurl,ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: badurl
mail: badurl@example.com
memberUrl: ldap:///ou=people,${suffix}??everywhere?(x=y)
member: uid=alice,ou=people,${suffix}

dn: dc=domains,${suffix}
objectClass: dcObject
objectClass: organization
dc: domains
o: domains

dn: dc=example.com,dc=domains,${suffix}
objectClass: dcObject
objectClass: organization
objectClass: mailObject
dc: example.com
o: example.com
domainName: example.com
mail: inside@example.com
uid: inside
`;

/** The entries, after those that every directory of a test has. */
export const siteLdif = `${people.map(personLdif).join("\n")}${groups}`;

function personLdif({ uid, mail, more }: Person): string {
  const lines = [
    ...[`dn: uid=${uid},ou=people,${suffix}`, "objectClass: inetOrgPerson", "objectClass: mailObject"],
    ...[`uid: ${uid}`, `cn: ${uid}`, `sn: ${uid}`],
    ...[`mail: ${mail}`, ...(more?.split("\n") ?? [])].map(asLdif),
  ];
  return `${lines.join("\n")}\n`;
}

/** base64 needs no quoting. */
function asLdif(line: string): string {
  const [, name = "", value = ""] = /^([^:]+): (.*)$/.exec(line) ?? [];
  return `${name}:: ${Buffer.from(value).toString("base64")}`;
}

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
