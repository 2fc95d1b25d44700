/** `driver: ldap` with filters of the site's own, on a real slapd: roles, groups, binds, TLS, and a server that goes and comes back. */
import { describe, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import type { Database } from "../../../../src/model/source.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { domainsOf, ownersOf } from "../../../support/fakes/open-source.ts";
import { siteLdif } from "../../../support/ldap-site.ts";
import { reader, suffix } from "../../../support/servers/slapd.ts";
import { waitUntil } from "../../../support/wait.ts";
import { at, useLdap } from "./support.ts";

const ldap = useLdap(`${siteLdif}\n${largeGroups()}`);

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

/** `limits.lookup_timeout` as it is by default. */
const lookupMs = 10_000;

/** The owners by role `address`; a lookup that passes its deadline is rejected. */
async function withinLookup(database: Database, user: string): Promise<readonly string[]> {
  const key = { email: `${user}@example.com`, user, domain: "example.com" };
  const [owners] = await database.find([{ role: "address", key, derived: false }], performance.now() + lookupMs);
  return owners ?? [];
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
    expect(await ownersOf(ldap.open(), address)).toEqual(owners);
  });

  test("a grant is added to whoever owns the address", async () => {
    const filters = { address: "(mail=:email)", grant: "(uid=bob)" };
    expect(await ownersOf(ldap.open({}, { filters }), "alice@example.com")).toEqual(["alice", "bob"]);
  });

  test("lists its domains", async () => {
    expect(await domainsOf(ldap.open())).toEqual(["example.com"]);
  });

  test("a base of its own for each key need not be there", async () => {
    const database = ldap.open(
      {},
      { searchBase: `uid=:user,ou=people,${suffix}`, filters: { address: "(objectClass=*)" } },
    );
    expect(await ownersOf(database, "alice@any.example")).toEqual(["alice"]);
    expect(await ownersOf(database, "nobody@any.example")).toEqual([]);
    expect(await ownersOf(database, "alice,ou=x@any.example")).toEqual([]);
  });
});

describe("groups", () => {
  test("of 5,000 members are answered within the time of a lookup, and hold up no other, on one connection", async () => {
    const database = ldap.open({ poolSize: 1 });
    let isDone = false;
    const everybody = withinLookup(database, "everybody").finally(() => (isDone = true));
    // In the same batch, and after it.
    const others = Array.from({ length: 20 }, () => ownersOf(database, "alice@example.com"));
    expect(await Promise.all(others)).toEqual(others.map(() => ["alice"]));
    for (let i = 0; i < 5; i++) expect(await ownersOf(database, "bob@example.com")).toEqual(["bob"]);
    expect(isDone).toBe(false);
    expect((await everybody).length).toBe(5000);
  });

  test("that take longer than the time of a lookup fail it, and nobody reads on", async () => {
    const tally = sourceTally();
    const database = ldap.open({ poolSize: 1 }, {}, tally);
    const key = { email: "everybody@example.com", user: "everybody", domain: "example.com" };
    const ask = () => database.find([{ role: "address", key, derived: false }], performance.now() + 50);
    const code = (error: unknown) => (error instanceof SourceError ? error.code : error);
    const outcomes = await Promise.all(Array.from({ length: 8 }, async () => Promise.resolve(ask()).catch(code)));
    expect(new Set(outcomes)).toEqual(new Set(["ERR_SOURCE_TIMEOUT"]));
    // Waits for what is under way.
    await database.close();
    expect(tally.queries.ok).toBeLessThan(5000);
  });

  test("of 10 levels are followed to the end within the time of a lookup", async () => {
    const owners = await withinLookup(ldap.open(), "level0");
    expect([...owners].sort()).toEqual(["m1", "m10", "m11", "m12", "m13", "m14", "m15", "m16", "m17", "m18", "m2"]);
  });

  test("in a circle fail", async () => {
    await expect(ownersOf(ldap.open(), "circle@example.com")).rejects.toThrow("in a circle");
  });
});

describe("reaches the directory", () => {
  test.each([
    ["in the clear", () => ({ servers: [at(ldap.server.uri)] })],
    ["by ldaps:", () => ({ servers: [at(ldap.server.secureUri)], tls: tls(ldap.server.caFile) })],
    ["by StartTLS", () => ({ startTls: true, tls: tls(ldap.server.caFile) })],
    ["by a unix socket", () => ({ servers: [at(ldap.server.socketUri)] })],
    ["with a password", () => ({ bind: reader })],
    ["past a server that is gone", () => ({ servers: [at("ldap://127.0.0.1:1"), at(ldap.server.uri)] })],
  ])("%s", async (_, connection) => {
    expect(await ownersOf(ldap.open(connection()), "alice@example.com")).toEqual(["alice"]);
  });

  test.each([
    ["a certificate of an unknown authority", () => ({ servers: [at(ldap.server.secureUri)] }), /certificate/],
    ["StartTLS with one", () => ({ startTls: true }), /certificate/],
    ["a wrong password", () => ({ bind: { ...reader, password: "no" } }), /invalidCredentials \(49\)/],
    ["a server that is not there", () => ({ servers: [at("ldap://127.0.0.1:1")] }), /connection refused/],
    [
      "TLS where none is spoken",
      () => ({ servers: [{ ...at(ldap.server.uri), isTls: true }], tls: tls(ldap.server.caFile) }),
      /./,
    ],
  ])("%s is a failure, and said", async (_, connection, reason) => {
    const database = ldap.open(connection());
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow(reason);
    expect(database.health()).toMatchObject({ isUp: false });
  });

  test("a certificate of another name is a failure", async () => {
    const other = await ldap.start({ certificateFor: "DNS:elsewhere.example" });
    const database = ldap.open({ servers: [at(other.secureUri)], tls: tls(other.caFile) });
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow(/IP: 127.0.0.1/);
    const believing = ldap.open({ servers: [at(other.secureUri)], tls: { ...tls(other.caFile), verify: false } });
    expect(await ownersOf(believing, "alice@example.com")).toEqual(["alice"]);
  });
});

describe("a server that goes", () => {
  test("is asked again at once when it is back: an idle connection that broke costs no lookup", async () => {
    const other = await ldap.start();
    const database = ldap.open({ servers: [at(other.uri)] });
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    await other.stop();
    await expect(ownersOf(database, "bob@example.com")).rejects.toThrow();
    await other.start();
    await waitUntil("the directory to be up", () => database.health().isUp);
    expect(await ownersOf(database, "bob@example.com")).toEqual(["bob"]);
  });

  test("and hangs makes a lookup fail in time, and the next server answer", async () => {
    const hung = await ldap.start();
    const database = ldap.open({
      servers: [at(hung.uri), at(ldap.server.uri)],
      connectTimeoutMs: 300,
      queryTimeoutMs: 500,
    });
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    hung.pause();
    await ownersOf(database, "bob@example.com").catch(() => []);
    await waitUntil("the next server to answer", async () =>
      (await ownersOf(database, "bob@example.com").catch((): readonly string[] => [])).includes("bob"),
    );
    hung.resume();
  });

  test("with a limit that a search passes fails, and never gives a part", async () => {
    const small = await ldap.start({ settings: ["sizelimit 3"] });
    const database = ldap.open({ servers: [at(small.uri)] }, { filters: { address: "(uid=*)" } });
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow("the server's size limit");
  });

  test("with another password keeps its sessions, and refuses new ones", async () => {
    const other = await ldap.start();
    const database = ldap.open({ servers: [at(other.uri)], bind: reader, poolSize: 1 });
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    await other.change(`dn: ${reader.dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: new\n`);
    expect(await ownersOf(database, "alice@example.com")).toEqual(["alice"]);
    await other.stop();
    await other.start();
    await expect(ownersOf(database, "alice@example.com")).rejects.toThrow("invalidCredentials");
    expect(database.health().reason).toContain("invalidCredentials");
  });
});
