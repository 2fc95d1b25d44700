/** `driver: ldap` with filters of the site's own, on a real slapd: roles, groups, binds, TLS, and a server that goes and comes back. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseLdapUri } from "../../../../src/model/ldap-uri.ts";
import type { ConnectionSettings, FilterSettings, LdapServer } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { domainsOf, openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { siteLdif } from "../../../support/ldap-site.ts";
import { reader, type Slapd, startSlapd, suffix } from "../../../support/servers/slapd.ts";
import { waitUntil } from "../../../support/wait.ts";

type Connection = Extract<ConnectionSettings, { driver: "ldap" }>;

const servers: Slapd[] = [];
const opened: Database[] = [];

async function start(options: Parameters<typeof startSlapd>[0] = {}): Promise<Slapd> {
  const server = await startSlapd({ ldif: siteLdif, ...options });
  servers.push(server);
  return server;
}

let server: Slapd;

beforeAll(async () => {
  server = await start({ ldif: `${siteLdif}\n${largeGroups()}` });
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  for (const one of servers) await one.remove();
});

/** A group of 5,000 people, and ten groups that hold each other in a row, the last of them holding two people. */
function largeGroups(): string {
  const person = (n: number) =>
    `dn: uid=m${n},ou=people,${suffix}\nobjectClass: inetOrgPerson\nobjectClass: mailObject\nuid: m${n}\ncn: m\nsn: m\n`;
  const group = (name: string, members: readonly string[]) =>
    `dn: cn=${name},ou=groups,${suffix}\nobjectClass: groupOfNames\nobjectClass: mailObject\ncn: ${name}\nmail: ${name}@example.com\n${members
      .map((dn) => `member: ${dn},${suffix}\n`)
      .join("")}`;
  const numbers = Array.from({ length: 5000 }, (_, n) => n);
  const levels = Array.from({ length: 10 }, (_, n) =>
    group(
      `level${n}`,
      n === 9 ? ["uid=m1,ou=people", "uid=m2,ou=people"] : [`cn=level${n + 1},ou=groups`, `uid=m${n + 10},ou=people`],
    ),
  );
  return [
    ...numbers.map(person),
    group(
      "everybody",
      numbers.map((n) => `uid=m${n},ou=people`),
    ),
    ...levels,
  ].join("\n");
}

function at(uri: string): LdapServer {
  const parsed = parseLdapUri(uri);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

function open(connection: Partial<Connection> = {}, queries: Partial<FilterSettings> = {}): Database {
  const database = openSource({
    connection: {
      driver: "ldap",
      servers: [at(server.uri)],
      startTls: false,
      bind: undefined,
      tls: undefined,
      poolSize: 2,
      connectTimeoutMs: 2000,
      queryTimeoutMs: 5000,
      ...connection,
    },
    queries: {
      kind: "filters",
      searchBase: suffix,
      scope: "sub",
      filters: {
        address: "(|(mail=:email)(mailAlias=:email))",
        domain: "(mailAlias=@:domain)",
        grant: "(proxyAddresses=grant::email)",
        domains: "(domainName=*)",
      },
      resultAttribute: [],
      loginAttribute: "uid",
      memberAttribute: ["member"],
      domainAttribute: ["domainName"],
      ...queries,
    },
  });
  opened.push(database);
  return database;
}

const tls = (caFile: string) => ({ caFile, certFile: undefined, keyFile: undefined, verify: true });

describe("roles", () => {
  test.each([
    ["alice@example.com", ["alice"]],
    ["ALICE+tag@Example.com", ["alice"]],
    ["sales@example.com", ["alice", "bob"]],
    ["team@example.com", ["alice", "bob", "carol"]],
    ["anybody@catch.example", ["erin"]],
    ["nobody@example.com", []],
    ["*@example.com", []],
    ["st*ar@example.com", ["stars"]],
    ['"two words"@example.com', ["comma"]],
    [")(uid=*@example.com", []],
  ])("%s is owned by %j", async (address, owners) => {
    expect(await ownersOf(open(), address)).toEqual(owners);
  });

  test("a grant is added to whoever owns the address", async () => {
    const filters = { address: "(mail=:email)", grant: "(uid=bob)" };
    expect(await ownersOf(open({}, { filters }), "alice@example.com")).toEqual(["alice", "bob"]);
  });

  test("lists its domains", async () => {
    expect(await domainsOf(open())).toEqual(["example.com"]);
  });

  test("a base of its own for each key need not be there", async () => {
    const database = open({}, { searchBase: `uid=:user,ou=people,${suffix}`, filters: { address: "(objectClass=*)" } });
    expect(await ownersOf(database, "alice@any.example")).toEqual(["alice"]);
    expect(await ownersOf(database, "nobody@any.example")).toEqual([]);
    expect(await ownersOf(database, "alice,ou=x@any.example")).toEqual([]);
  });
});

describe("groups", () => {
  test("of 5,000 members are answered within the time of a lookup, and hold up no other, on one connection", async () => {
    const database = open({ poolSize: 1 });
    let isDone = false;
    const everybody = ownersOf(database, "everybody@example.com").finally(() => (isDone = true));
    // In the same batch, and after it.
    const others = Array.from({ length: 20 }, () => ownersOf(database, "alice@example.com"));
    expect(await Promise.all(others)).toEqual(others.map(() => ["alice"]));
    for (let i = 0; i < 5; i++) expect(await ownersOf(database, "bob@example.com")).toEqual(["bob"]);
    expect(isDone).toBe(false);
    expect((await everybody).length).toBe(5000);
  });

  test("of 10 levels are followed to the end", async () => {
    const owners = await ownersOf(open(), "level0@example.com");
    expect([...owners].sort()).toEqual(["m1", "m10", "m11", "m12", "m13", "m14", "m15", "m16", "m17", "m18", "m2"]);
  });

  test("in a circle fail", async () => {
    await expect(ownersOf(open(), "circle@example.com")).rejects.toThrow("in a circle");
  });
});

describe("reaches the directory", () => {
  test.each([
    ["in the clear", () => ({ servers: [at(server.uri)] })],
    ["by ldaps:", () => ({ servers: [at(server.secureUri)], tls: tls(server.caFile) })],
    ["by StartTLS", () => ({ startTls: true, tls: tls(server.caFile) })],
    ["by a unix socket", () => ({ servers: [at(server.socketUri)] })],
    ["with a password", () => ({ bind: reader })],
    ["past a server that is gone", () => ({ servers: [at("ldap://127.0.0.1:1"), at(server.uri)] })],
  ])("%s", async (_, connection) => {
    expect(await ownersOf(open(connection()), "alice@example.com")).toEqual(["alice"]);
  });

  test.each([
    ["a certificate of an unknown authority", () => ({ servers: [at(server.secureUri)] }), /certificate/],
    ["StartTLS with one", () => ({ startTls: true }), /certificate/],
    ["a wrong password", () => ({ bind: { ...reader, password: "no" } }), /invalidCredentials \(49\)/],
    ["a server that is not there", () => ({ servers: [at("ldap://127.0.0.1:1")] }), /connection refused/],
    [
      "TLS where none is spoken",
      () => ({ servers: [{ ...at(server.uri), isTls: true }], tls: tls(server.caFile) }),
      /./,
    ],
  ])("%s is a failure, and said", async (_, connection, reason) => {
    const database = open(connection());
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow(reason);
    expect(database.health()).toMatchObject({ isUp: false });
  });

  test("a certificate of another name is a failure", async () => {
    const other = await start({ certificateFor: "DNS:elsewhere.example" });
    const database = open({ servers: [at(other.secureUri)], tls: tls(other.caFile) });
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow(/IP: 127.0.0.1/);
    const believing = open({ servers: [at(other.secureUri)], tls: { ...tls(other.caFile), verify: false } });
    expect(await ownersOf(believing, "alice@example.com")).toEqual(["alice"]);
  });
});

describe("a server that goes", () => {
  test("is asked again at once when it is back: an idle connection that broke costs no lookup", async () => {
    const other = await start();
    const database = open({ servers: [at(other.uri)] });
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    await other.stop();
    await expect(ownersOf(database, "bob@example.com")).rejects.toThrow();
    await other.start();
    await waitUntil("the directory to be up", () => database.health().isUp);
    expect(await ownersOf(database, "bob@example.com")).toEqual(["bob"]);
  });

  test("and hangs makes a lookup fail in time, and the next server answer", async () => {
    const hung = await start();
    const database = open({ servers: [at(hung.uri), at(server.uri)], connectTimeoutMs: 300, queryTimeoutMs: 500 });
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    hung.pause();
    await ownersOf(database, "bob@example.com").catch(() => []);
    await waitUntil("the next server to answer", async () =>
      (await ownersOf(database, "bob@example.com").catch((): readonly string[] => [])).includes("bob"),
    );
    hung.resume();
  });

  test("with a limit that a search passes fails, and never gives a part", async () => {
    const small = await start({ settings: ["sizelimit 3"] });
    const database = open({ servers: [at(small.uri)] }, { filters: { address: "(uid=*)" } });
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow("the server's size limit");
  });

  test("with another password keeps its sessions, and refuses new ones", async () => {
    const other = await start();
    const database = open({ servers: [at(other.uri)], bind: reader, poolSize: 1 });
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    await other.change(`dn: ${reader.dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: new\n`);
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    await other.stop();
    await other.start();
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow("invalidCredentials");
    expect(database.health().reason).toContain("invalidCredentials");
  });
});

describe("report (check --connect)", () => {
  const report = (database: Database) => database.report(performance.now() + 20_000);

  test("says which indexes each query wants", async () => {
    expect(await report(open())).toEqual([
      {
        query: "address",
        fullScans: [],
        hasHiddenIndexes: true,
        notes: ["quick only with these indexes on the server: mail eq, mailAlias eq"],
      },
      {
        query: "domain",
        fullScans: [],
        hasHiddenIndexes: true,
        notes: ["quick only with these indexes on the server: mailAlias eq"],
      },
      {
        query: "grant",
        fullScans: [],
        hasHiddenIndexes: true,
        notes: ["quick only with these indexes on the server: proxyAddresses eq"],
      },
      { query: "domains", fullScans: [], hasHiddenIndexes: true },
    ]);
  });

  test.each([
    ["a base that is not there", { searchBase: "dc=nowhere" }, "noSuchObject"],
    [
      "a filter that finds somebody for nobody's address",
      { filters: { address: "(uid=alice)" } },
      "does its filter use the key?",
    ],
    ["a circle", { filters: { address: "(mail=circle@example.com)" } }, "in a circle"],
  ])("names %s", async (_, queries, words) => {
    expect(JSON.stringify(await report(open({}, queries)))).toContain(words);
  });

  describe("on a server that lacks an index", () => {
    const people = Array.from(
      { length: 25_000 },
      (_, n) =>
        `dn: uid=x${n},ou=people,${suffix}\nobjectClass: account\nobjectClass: mailObject\nuid: x${n}\nutf8Mail: x${n}@example.com\n\n`,
    ).join("");
    const filters = { address: "(|(mail=:email)(utf8Mail=:email))" };

    test("says which, by how long the server takes", async () => {
      const large = await start({ ldif: people });
      const [address] = await report(open({ servers: [at(large.uri)] }, { filters }));
      expect(address?.notes).toEqual([
        "quick only with these indexes on the server: mail eq, utf8Mail eq",
        expect.stringMatching(/^utf8Mail seems to have no index: to find a value takes \d+ ms, an entry \d+\.\d ms$/),
        "could not look for domains that are not written as A-label: sizeLimitExceeded (4)",
      ]);
    });

    test("and looks at no more entries than it likes, says so as an error", async () => {
      const strict = await start({ settings: ["limits * size.unchecked=5"] });
      const [address] = await report(open({ servers: [at(strict.uri)] }, { filters }));
      expect(address?.error).toBe(
        "adminLimitExceeded (11); the server looks at no more entries: does it have the indexes mail eq, utf8Mail eq?",
      );
    });
  });

  test("names a value that nobody finds, where neither a listing nor the domains show it", async () => {
    const cn = Buffer.from("anna@exämple.com").toString("base64");
    const searchBase = `ou=groups,${suffix}`;
    const dn = `uid=anna,${searchBase}`;
    await server.change(`dn: ${dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: anna\ncn:: ${cn}\nsn: Jörg B.\n`);
    try {
      const [byName] = await report(open({}, { searchBase, filters: { address: "(cn=:email)" } }));
      expect(byName?.notes).toContain(
        "1 domain is not written as A-label (xn--…), so nobody finds a row such as anna@exämple.com: write exämple.com as xn--exmple-cua.com",
      );
      const [byMail] = await report(open({}, { searchBase, filters: { address: "(mail=:email)" } }));
      expect(byMail?.notes).toEqual(["quick only with these indexes on the server: mail eq"]);
    } finally {
      await server.change(`dn: ${dn}\nchangetype: delete\n`);
    }
  });

  test("fails when nobody is there", async () => {
    await expect(report(open({ servers: [at("ldap://127.0.0.1:1")] }))).rejects.toThrow("connection refused");
  });
});
