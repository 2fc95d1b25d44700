/** A directory that is listed and followed, on a real slapd: what is listed is what lookups answer, and a change is noticed. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseLdapUri } from "../../../../src/model/ldap-uri.ts";
import type { ListedLine } from "../../../../src/model/listing.ts";
import type { FilterSettings, LdapServer } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { siteLdif } from "../../../support/ldap-site.ts";
import { reader, type Slapd, startSlapd, suffix } from "../../../support/servers/slapd.ts";
import { waitUntil } from "../../../support/wait.ts";

const filters = {
  address: "(&(objectClass=mailObject)(|(mail=:email)(mailAlias=:email)(proxyAddresses=smtp::email)))",
  domain: "(mailAlias=@:domain)",
  grant: "(utf8Mail=:email)",
  listing: "(objectClass=mailObject)",
};
// More than two pages.
const crowd = 1100;

const servers: Slapd[] = [];
const opened: Database[] = [];
let provider: Slapd;

async function start(options: Parameters<typeof startSlapd>[0] = {}): Promise<Slapd> {
  const server = await startSlapd({ ldif: siteLdif, ...options });
  servers.push(server);
  return server;
}

const person = (uid: string, mail: string) =>
  `dn: uid=${uid},ou=people,${suffix}\nobjectClass: inetOrgPerson\nobjectClass: mailObject\nuid: ${uid}\ncn: ${uid}\nsn: x\nmail: ${mail}\n\n`;

beforeAll(async () => {
  const many = Array.from({ length: crowd }, (_, n) => person(`p${n}`, `p${n}@crowd.example`));
  const group = `dn: cn=crowd,ou=groups,${suffix}\nobjectClass: groupOfNames\nobjectClass: mailObject\ncn: crowd\nmail: crowd@example.com\n`;
  const members = Array.from({ length: crowd }, (_, n) => `member: uid=p${n},ou=people,${suffix}\n`);
  // More groups than fit into a page, of somebody whom the listing does not have.
  const groups = Array.from(
    { length: 520 },
    (_, n) =>
      `\ndn: cn=g${n},ou=groups,${suffix}\nobjectClass: groupOfNames\nobjectClass: mailObject\ncn: g${n}\nmail: g${n}@groups.example\nmember: uid=outsider,ou=people,${suffix}\n`,
  );
  const outsider = `\ndn: uid=outsider,ou=people,${suffix}\nobjectClass: inetOrgPerson\nuid: outsider\ncn: o\nsn: o\n`;
  provider = await start({
    ldif: `${siteLdif}\n${many.join("")}${group}${members.join("")}${outsider}${groups.join("")}`,
    isProvider: true,
    settings: ["limits dn.exact=cn=reader,dc=example,dc=com size.prtotal=unlimited"],
  });
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  for (const one of servers) await one.remove();
});

function open(server: Slapd, queries: Partial<FilterSettings> = {}): Database {
  const database = openSource({
    connection: {
      driver: "ldap",
      servers: [parseLdapUri(server.uri) as LdapServer],
      startTls: false,
      bind: reader,
      tls: undefined,
      poolSize: 2,
      connectTimeoutMs: 5000,
      queryTimeoutMs: 5000,
    },
    queries: {
      kind: "filters",
      searchBase: suffix,
      scope: "sub",
      filters,
      resultAttribute: [],
      loginAttribute: "uid",
      memberAttribute: ["member"],
      domainAttribute: [],
      ...queries,
    },
  });
  opened.push(database);
  return database;
}

async function listedBy(database: Database): Promise<ListedLine[]> {
  const lines: ListedLine[] = [];
  for await (const batch of database.listing?.list(new AbortController().signal) ?? []) lines.push(...batch);
  return lines;
}

function ownersIn(lines: readonly ListedLine[], key: string): readonly string[] {
  return lines.flatMap((line) => (line.key === key && line.owner !== undefined ? [line.owner] : [])).sort();
}

describe("lists", () => {
  test("every address with the owners that a lookup finds, over several pages", async () => {
    const database = open(provider);
    const lines = await listedBy(database);
    const addresses = new Set(lines.filter(({ kind }) => kind === "address").map(({ key }) => key));
    expect(addresses.size).toBeGreaterThan(crowd + 20);
    const some = [...addresses].filter((key) => /^[\w.]+@/.test(key) && !/^(?:p\d+|circle|badurl)@/.test(key));
    for (const key of [...some, "p0@crowd.example", `p${crowd - 1}@crowd.example`]) {
      expect([key, ownersIn(lines, key)]).toEqual([key, [...(await ownersOf(database, key))].sort()]);
    }
  });

  test.each([
    ["a catch-all", "@catch.example", "catch-all", ["erin"]],
    ["a value with something before it, whatever its case", "frank@ad.example", "address", ["frank"]],
    ["a grant", "jörg@example.com", "grant", ["umlaut"]],
    ["a group with the logins of its members, and theirs", "team@example.com", "address", ["alice", "bob", "carol"]],
    ["a circle of groups without an owner, since its lookup fails", "circle@example.com", "address", []],
  ])("%s", async (_, key, kind, owners) => {
    const lines = await listedBy(open(provider));
    expect(ownersIn(lines, key)).toEqual(owners);
    expect(new Set(lines.filter((line) => line.key === key).map((line) => line.kind))).toEqual(new Set([kind]));
  });

  test("a group of more people than fit into a page", async () => {
    const lines = await listedBy(open(provider));
    expect(ownersIn(lines, "crowd@example.com")).toHaveLength(crowd);
  });

  test("several pages of groups, whose members are asked for where the listing has them not", async () => {
    const lines = await listedBy(open(provider));
    const found = lines.filter(({ key, owner }) => key.endsWith("@groups.example") && owner === "outsider");
    expect(new Set(found.map(({ key }) => key)).size).toBe(520);
  });

  test.each([
    ["every search", "sizelimit 20"],
    ["all pages together", `limits dn.exact=${reader.dn} size.soft=10000 size.prtotal=20`],
  ])("fails where the server's limit for %s cuts it, and is never a part", async (_, limit) => {
    const limited = await start({ settings: [limit] });
    const many = Array.from({ length: 30 }, (__, n) =>
      person(`q${n}`, `q${n}@crowd.example`).replace("\nobjectClass", "\nchangetype: add\nobjectClass"),
    );
    await limited.change(many.join(""));
    await expect(listedBy(open(limited))).rejects.toThrow(/size limit|size\.prtotal/);
  });

  test("ends at once when nobody wants it any more, although the directory hangs", async () => {
    const hung = await start();
    const database = open(hung);
    const aborter = new AbortController();
    const lines = database.listing?.list(aborter.signal);
    const beginning = lines?.next();
    await beginning;
    hung.pause();
    const rest = expect(lines?.next()).rejects.toThrow();
    aborter.abort();
    await rest;
    hung.resume();
  });

  test("fails when the directory is away", async () => {
    const other = await start();
    await other.stop();
    await expect(listedBy(open(other))).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  });
});

describe("follows", () => {
  test("contextCSN, where the server keeps it", async () => {
    let hints = 0;
    const watch = open(provider).listing?.watchChanges(() => hints++);
    await watch?.ready;
    expect(watch?.state()).toEqual({ signal: "contextCSN", advice: "" });
    expect(hints).toBe(0);
    await provider.change(`dn: uid=alice,ou=people,${suffix}\nchangetype: modify\nadd: description\ndescription: x\n`);
    await waitUntil("a change to be noticed", () => hints > 0);
    await watch?.close();
  });

  test("the same below the top of the data, and where the base has a part of the key", async () => {
    for (const searchBase of [`OU=People, ${suffix}`, suffix]) {
      const watch = open(provider, { searchBase }).listing?.watchChanges(() => {});
      await watch?.ready;
      expect(watch?.state().signal).toBe("contextCSN");
      await watch?.close();
    }
  });

  test("nothing where the server keeps none, and says what would help", async () => {
    const plain = await start();
    const watch = open(plain).listing?.watchChanges(() => {});
    await watch?.ready;
    expect(watch?.state()).toMatchObject({ signal: undefined });
    expect(watch?.state().advice).toContain("syncprov");
    await watch?.close();
  });

  test("a server that comes back counts as changed", async () => {
    const other = await start({ isProvider: true });
    let hints = 0;
    const watch = open(other).listing?.watchChanges(() => hints++);
    await watch?.ready;
    await other.stop();
    await other.start();
    await waitUntil("the return to be noticed", () => hints > 0);
    await watch?.close();
  });
});
