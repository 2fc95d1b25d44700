/** A directory as the sites of the guides have it. */
import { suffix } from "./servers/slapd.ts";

interface Person {
  readonly uid: string;
  readonly mail: string;
  /** One more than everybody's. */
  readonly objectClass?: string;
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
  {
    uid: "yves",
    mail: "yves@yuno.example",
    objectClass: "mailAccount",
    more: `mail: y@yuno.example\npermission: cn=mail.main,ou=permission,${suffix}\nmaildrop: yves`,
  },
  { uid: "yann", mail: "yann@yuno.example", objectClass: "mailAccount", more: "maildrop: yann" },
  {
    uid: "ute",
    mail: "ute@elsewhere.example",
    objectClass: "univentionMail",
    more: "mailPrimaryAddress: ute@ucs.example\nmailAlternativeAddress: u.te@ucs.example\nmailAlternativeAddress: office@ucs.example",
  },
  {
    uid: "uwe",
    mail: "uwe@ucs.example",
    objectClass: "univentionMail",
    more: "mailPrimaryAddress: uwe@ucs.example\nmailAlternativeAddress: office@ucs.example",
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

function personLdif({ uid, mail, objectClass, more }: Person): string {
  const lines = [
    ...[`dn: uid=${uid},ou=people,${suffix}`, "objectClass: inetOrgPerson", "objectClass: mailObject"],
    ...(objectClass === undefined ? [] : [`objectClass: ${objectClass}`]),
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
