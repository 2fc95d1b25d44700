/** docs/ldap.md: its table files and its configurations, on a real slapd with entries as those sites have them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import type { SourceError } from "../../../src/model/errors.ts";
import type { SourceSettings } from "../../../src/model/settings.ts";
import type { Database } from "../../../src/model/source.ts";
import { parsePostfixCf } from "../../../src/source/postfix-cf/index.ts";
import { ldapGuide, ldapGuideBlocks } from "../../support/docs/ldap-guide.ts";
import { openSource, ownersOf } from "../../support/fakes/open-source.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { postmapAll } from "../../support/servers/postmap-all.ts";
import { reader, type Slapd, startSlapd, suffix } from "../../support/servers/slapd.ts";

/** What each site has: entries, and who owned and owns an address, by its table file and by its filters. */
interface Site {
  readonly heading: string;
  readonly ldif: string;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, readonly string[]>>;
}

const entry = (dn: string, classes: string, lines: string) =>
  `dn: ${dn}\n${classes
    .split(" ")
    .map((name) => `objectClass: ${name}\n`)
    .join("")}${lines}\n\n`;

const domains = `o=domains,${suffix}`;
const services = "enabledService: mail\nenabledService: smtp\nenabledService: shadowaddress\n";
const mailUser = (mail: string, more: string) =>
  entry(
    `mail=${mail},ou=Users,domainName=example.com,${domains}`,
    "inetOrgPerson mailUser",
    `cn: x\nsn: x\nmail: ${mail}\n${more}`,
  );

const corp = (cn: string, more: string) =>
  entry(`cn=${cn},dc=corp,dc=example`, "inetOrgPerson user", `cn: ${cn}\nsn: ${cn}\n${more}`);

const sites: readonly Site[] = [
  {
    heading: "iRedMail, LDAP edition",
    ldif: [
      entry(domains, "organization", "o: domains"),
      entry(
        `domainName=example.com,${domains}`,
        "mailDomain",
        "domainName: example.com\ndomainAliasName: alias.example\naccountStatus: active\nenabledService: mail",
      ),
      entry(`ou=Users,domainName=example.com,${domains}`, "organizationalUnit", "ou: Users"),
      mailUser(
        "alice@example.com",
        `accountStatus: active\n${services}shadowAddress: al@example.com\nshadowAddress: alice@alias.example`,
      ),
      mailUser("off@example.com", `accountStatus: disabled\n${services}`),
      mailUser("gone@example.com", `accountStatus: active\ndomainStatus: disabled\n${services}`),
      mailUser("nosmtp@example.com", "accountStatus: active\nenabledService: mail"),
    ].join(""),
    before: { "alice@example.com": "alice@example.com", "al@example.com": "alice@example.com" },
    after: {
      "alice@example.com": ["alice@example.com"],
      "al+tag@example.com": ["alice@example.com"],
      "alice@alias.example": ["alice@example.com"],
      "off@example.com": [],
      "gone@example.com": [],
      "nosmtp@example.com": [],
      "alice@elsewhere.example": [],
    },
  },
  {
    heading: "docker-mailserver",
    ldif: [
      entry(
        `uid=some.user,ou=people,${suffix}`,
        "inetOrgPerson mailObject",
        "uid: some.user\ncn: x\nsn: x\nmail: some.user@example.com\nmailAlias: postmaster@example.com\nmailGroupMember: all@example.com",
      ),
    ].join(""),
    before: {
      "some.user@example.com": "some.user,some.user@example.com",
      "postmaster@example.com": "some.user,some.user@example.com",
      "all@example.com": "some.user,some.user@example.com",
    },
    after: {
      "some.user@example.com": ["some.user", "some.user@example.com"],
      "some.user+tag@example.com": ["some.user", "some.user@example.com"],
      "all@example.com": ["some.user", "some.user@example.com"],
      "other@example.com": [],
    },
  },
  {
    heading: "Active Directory",
    ldif: [
      corp(
        "Alice",
        "userAccountControl: 512\nsAMAccountName: alice\nuserPrincipalName: alice@corp.example\nmail: alice@corp.example\nproxyAddresses: SMTP:alice@corp.example\nproxyAddresses: smtp:a.lice@corp.example",
      ),
      corp("Off", "userAccountControl: 514\nsAMAccountName: off\nmail: off@corp.example"),
      entry(
        "cn=Sales,dc=corp,dc=example",
        "group",
        "cn: Sales\nmail: sales@corp.example\nmember: cn=Alice,dc=corp,dc=example\nsAMAccountName: Sales",
      ),
    ].join(""),
    before: { "alice@corp.example": "alice", "a.lice@corp.example": "alice" },
    after: {
      "alice@corp.example": ["alice"],
      "A.Lice@corp.example": ["alice"],
      "off@corp.example": [],
      "sales@corp.example": ["alice"],
      "nobody@corp.example": [],
    },
  },
];

const server: { directory?: Slapd; corp?: Slapd } = {};
let postfix: PostfixHome;
const opened: Database[] = [];

beforeAll(async () => {
  const [iredmail, docker, ad] = sites as [Site, Site, Site];
  server.directory = await startSlapd({ ldif: `${iredmail.ldif}${docker.ldif}` });
  server.corp = await startSlapd({
    ldif: `${entry("dc=corp,dc=example", "dcObject organization", "dc: corp\no: x")}${ad.ldif}`,
    suffix: "dc=corp,dc=example",
  });
  postfix = await makePostfixHome();
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  await postfix?.remove();
  await server.directory?.remove();
  await server.corp?.remove();
});

function slapdOf({ heading }: Site): Slapd {
  return (heading === "Active Directory" ? server.corp : server.directory) as Slapd;
}

/** The source of a block, reached where the test has its directory. */
function sourceOf(yaml: string, { uri }: Slapd): SourceSettings {
  const head = `listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\nmaps: { senders: { source: ${nameIn(yaml)} } }\n`;
  const { settings, warnings } = parseConfig({
    text: /^listeners:/m.test(yaml) ? yaml : `${head}${yaml}`,
    fileName: "/etc/loginmapd/loginmapd.yaml",
    env: {},
    knownPresets: [],
    readSecretFile: () => ({ text: "password\n", mode: 0o400 }),
  });
  // In a container the listener is on a network that has no other members.
  expect(warnings.filter(({ path }) => path !== "listeners[0].endpoint")).toEqual([]);
  const source = settings.sources[nameIn(yaml)] as SourceSettings;
  if (source.connection?.driver !== "ldap") return source;
  const port = Number(new URL(uri).port);
  const servers = [{ endpoint: { kind: "inet", host: "127.0.0.1", port }, isTls: false }] as const;
  return { ...source, connection: { ...source.connection, servers, startTls: false, tls: undefined, bind: undefined } };
}

function nameIn(yaml: string): string {
  return /^sources:\n {2}(\w+):/m.exec(yaml)?.[1] ?? "";
}

/** The blocks that have sources. */
function configurations(heading?: string): string[] {
  return ldapGuideBlocks("yaml", heading).filter((yaml) => nameIn(yaml) !== "");
}

describe.each(sites)("$heading", (site) => {
  const [yaml = ""] = configurations(site.heading);
  const cf = ldapGuideBlocks("", site.heading).find((block) => /^query_filter/m.test(block)) ?? "";

  test("the table file is read without a complaint", () => {
    expect(parsePostfixCf(cf, "ldap-senders.cf", { type: "ldap" }).warnings).toEqual([]);
  });

  test("the table file answers as it did", async () => {
    const here = cf
      .replace(/^server_host.*$/m, `server_host = ${slapdOf(site).uri}`)
      .replace(/^(?:bind_dn|bind_pw|tls_).*\n/gm, "");
    const file = await postfix.writeTable(`${site.heading.replaceAll(/\W/g, "-")}.cf`, here);
    const keys = [...Object.keys(site.before), ...Object.keys(site.after).filter((key) => !key.includes("+"))];
    expect(await postmapAll(postfix, `ldap:${file}`, keys)).toMatchObject(site.before);
  });

  test("the configuration answers as the guide says", async () => {
    const database = openSource(sourceOf(yaml, slapdOf(site)));
    opened.push(database);
    for (const [address, owners] of Object.entries(site.after)) {
      expect([address, await ownersOf(database, address)]).toEqual([address, owners]);
    }
    const reports = await database.report(performance.now() + 20_000);
    expect(reports.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test("its listing has every address that somebody owns, and no other", async () => {
    const database = openSource(sourceOf(yaml, slapdOf(site)));
    opened.push(database);
    const listed = new Map<string, string[]>();
    for await (const lines of database.listing?.list(new AbortController().signal) ?? []) {
      for (const { key, owner } of lines) if (owner !== undefined) listed.set(key, [...(listed.get(key) ?? []), owner]);
    }
    const addresses = Object.entries(site.after).filter(([address]) => !/\+|[A-Z]/.test(address));
    for (const [address, owners] of addresses) {
      expect([address, (listed.get(address) ?? []).sort()]).toEqual([address, [...owners].sort()]);
    }
  });
});

test("Active Directory: logins as userPrincipalName", async () => {
  const [yaml = ""] = configurations("Active Directory");
  expect(ldapGuide).toContain("`login_attribute: userPrincipalName`");
  const changed = yaml.replace("login_attribute: sAMAccountName", "login_attribute: userPrincipalName");
  const database = openSource(sourceOf(changed, server.corp as Slapd));
  opened.push(database);
  expect(await ownersOf(database, "a.lice@corp.example")).toEqual(["alice@corp.example"]);
  expect(await ownersOf(database, "sales@corp.example")).toEqual(["alice@corp.example"]);
});

test("the limits that the guide gives an account let it list more than the server's limit", async () => {
  const [, limits = ""] = /^olcLimits: (.*)$/m.exec(ldapGuide) ?? [];
  const settings = ["sizelimit 2", `limits ${limits.replace("cn=loginmapd,", "cn=reader,")}`];
  const many = Array.from({ length: 600 }, (_, n) =>
    entry(
      `uid=u${n},ou=people,${suffix}`,
      "inetOrgPerson mailUser",
      `uid: u${n}\ncn: x\nsn: x\nmail: u${n}@example.com`,
    ),
  );
  const limited = await startSlapd({ ldif: many.join(""), settings });
  try {
    const [yaml = ""] = ldapGuideBlocks("yaml", "Following a directory");
    const source = sourceOf(yaml, limited);
    for (const [bind, outcome] of [
      [reader, 600],
      [undefined, "ERR_SOURCE_RESULT"],
    ] as const) {
      const connection = { ...source.connection, bind } as NonNullable<SourceSettings["connection"]>;
      const database = openSource({ ...source, connection });
      opened.push(database);
      expect(await countListed(database).catch((error: SourceError) => error.code)).toBe(outcome);
    }
  } finally {
    await limited.remove();
  }
});

async function countListed(database: Database): Promise<number> {
  let count = 0;
  for await (const lines of database.listing?.list(new AbortController().signal) ?? []) count += lines.length;
  return count;
}

test("every other configuration of the guide is one", () => {
  const yamls = configurations();
  expect(yamls).toHaveLength(6);
  for (const yaml of yamls) sourceOf(yaml, server.directory as Slapd);
});
