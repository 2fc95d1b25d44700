/**
 * A directory in bad moments, and Active Directory as far as it differs: codes that slapd gives seldom, from a server that speaks
 * the wire and says what the test wants.
 */
import { afterEach, describe, expect, test } from "vitest";
import { parseLdapUri } from "../../../../src/model/ldap-uri.ts";
import type { ListedLine } from "../../../../src/model/listing.ts";
import type { LdapServer } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { FakeLdap, type LdapReply, type LdapRequest } from "../../../support/fakes/fake-ldap.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { waitUntil } from "../../../support/wait.ts";

const base = "dc=corp,dc=example";
const opened: Database[] = [];
const servers: FakeLdap[] = [];

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
  for (const server of servers.splice(0)) await server.close();
});

async function start(answer: FakeLdap["answer"]): Promise<FakeLdap> {
  const server = await FakeLdap.start(answer);
  servers.push(server);
  return server;
}

function open(...uris: readonly string[]): Database {
  const database = openSource({
    connection: {
      driver: "ldap",
      servers: uris.map((uri) => parseLdapUri(uri) as LdapServer),
      startTls: false,
      bind: { dn: "cn=reader", password: "r" },
      tls: undefined,
      poolSize: 1,
      connectTimeoutMs: 5000,
      queryTimeoutMs: 5000,
    },
    queries: {
      kind: "filters",
      searchBase: base,
      scope: "sub",
      filters: { address: "(proxyAddresses=smtp::email)", listing: "(objectClass=user)" },
      resultAttribute: [],
      loginAttribute: "uid",
      memberAttribute: ["member"],
      domainAttribute: [],
    },
  });
  opened.push(database);
  return database;
}

/** Whether it is a question of a lookup, and no bind or sign of life. */
function isLookup({ kind, attributes }: LdapRequest): boolean {
  return kind === "search" && attributes.includes("uid");
}

const person = (uid: string, ...addresses: string[]) => ({
  [`uid=${uid},${base}`]: { uid: [uid], proxyAddresses: addresses.map((address) => `SMTP:${address}`) },
});
const answering =
  (uid: string) =>
  (request: LdapRequest): LdapReply =>
    isLookup(request) ? { entries: person(uid, "alice@corp.example") } : {};

describe("what a server says of itself is against the server", () => {
  test.each([
    [51, "busy"],
    [52, "unavailable"],
  ])("%i: it is left out, and the next one answers, until it answers below the base", async (code, name) => {
    let isOut = true;
    // The root DSE and the bind work: only what is below the base does not.
    const first = await start((request) =>
      isOut && request.kind === "search" && request.dn !== "" ? { code } : answering("first")(request),
    );
    const second = await start(answering("second"));
    const database = open(first.uri, second.uri);
    expect(await ownersOf(database, "alice@corp.example")).toEqual(["second"]);
    expect(database.health().hosts).toMatchObject([{ isUp: false, reason: `${name} (${code})` }, { isUp: true }]);
    const asked = first.searches.length;
    expect(await ownersOf(database, "bob@corp.example")).toEqual(["second"]);
    expect(first.searches.length).toBe(asked);
    // Where lookups search, not at the root DSE, which such a server still shows.
    const looks = () => first.asked.filter(({ attributes }) => attributes[0] === "1.1").map(({ dn }) => dn);
    await waitUntil("it to be looked at", () => looks().length > 1);
    expect([...new Set(looks())]).toEqual([base]);
    expect(database.health().hosts[0]?.isUp).toBe(false);
    isOut = false;
    await waitUntil("the first to be up", () => database.health().hosts[0]?.isUp === true);
    expect(await ownersOf(database, "carol@corp.example")).toEqual(["first"]);
  });

  test("so is every code while a connection is opened", async () => {
    const first = await start(({ kind }) => (kind === "bind" ? { code: 51, words: "too many" } : {}));
    const second = await start(answering("second"));
    const database = open(first.uri, second.uri);
    expect(await ownersOf(database, "alice@corp.example")).toEqual(["second"]);
    expect(database.health().hosts[0]).toMatchObject({ isUp: false, reason: "busy (51): too many" });
  });

  test("with no other server the lookup fails, and never says that nobody owns the address", async () => {
    const only = await start((request) => (request.kind === "search" ? { code: 52 } : {}));
    const database = open(only.uri);
    await expect(ownersOf(database, "alice@corp.example")).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(database.health()).toMatchObject({ isUp: false });
    expect(database.health().reason).toContain("unavailable (52)");
  });
});

test("a server that is busy is no mistake of the configuration: there is no report of its queries", async () => {
  const only = await start((request) => (isLookup(request) ? { code: 51 } : { entries: { [request.dn]: {} } }));
  await expect(open(only.uri).report(performance.now() + 20_000)).rejects.toThrow("busy (51)");
});

describe("what a server says of the question fails the lookup, and leaves the server in", () => {
  test.each([
    [3, "ERR_SOURCE_TIMEOUT", "timeLimitExceeded (3)"],
    [4, "ERR_SOURCE_RESULT", "the server's size limit"],
    [11, "ERR_SOURCE_SQL", "adminLimitExceeded (11)"],
    [50, "ERR_SOURCE_SQL", "insufficientAccessRights (50)"],
    [53, "ERR_SOURCE_SQL", "unwillingToPerform (53)"],
    [80, "ERR_SOURCE_SQL", "other (80)"],
    [123, "ERR_SOURCE_SQL", "error (123)"],
  ])("%i", async (code, kind, words) => {
    const first = await start((request) => (isLookup(request) ? { code, entries: person("part") } : {}));
    const second = await start(answering("second"));
    const database = open(first.uri, second.uri);
    await expect(ownersOf(database, "alice@corp.example")).rejects.toMatchObject({
      code: kind,
      message: expect.stringContaining(words),
    });
    expect(database.health().hosts.every(({ isUp }) => isUp)).toBe(true);
    expect(second.asked).toEqual([]);
  });
});

async function listedBy(database: Database): Promise<ListedLine[]> {
  const lines: ListedLine[] = [];
  for await (const batch of database.listing?.list(new AbortController().signal) ?? []) lines.push(...batch);
  return lines;
}

describe("a listing", () => {
  const pages = [person("a", "a@x"), {}, person("b", "b@x")];
  const paged = ({ page }: LdapRequest): LdapReply => {
    const at = Number(page?.cookie ?? "0");
    return { entries: pages[at] ?? {}, cookie: at + 1 < pages.length ? String(at + 1) : "" };
  };

  test("goes on to the last page, past one without entries", async () => {
    const server = await start((request) => (isLookup(request) ? paged(request) : {}));
    expect((await listedBy(open(server.uri))).map(({ key, owner }) => [key, owner])).toEqual([
      ["a@x", "a"],
      ["b@x", "b"],
    ]);
    expect(server.searches.map(({ page }) => page?.cookie)).toEqual(["", "1", "2"]);
  });

  test("asks for no member of a group that it has listed, and for others only", async () => {
    const member = [`uid=a,${base}`, `UID=B,${base}`, `uid=other,${base}`];
    const group = { [`cn=g,${base}`]: { proxyAddresses: ["smtp:g@x"], member } };
    const server = await start((request) => {
      if (request.dn === `uid=other,${base}`) return { entries: person("other") };
      return isLookup(request) ? { entries: { ...person("a", "a@x"), ...person("b", "b@x"), ...group } } : {};
    });
    const lines = await listedBy(open(server.uri));
    expect(lines.filter(({ key }) => key === "g@x").map(({ owner }) => owner)).toEqual(["a", "b", "other"]);
    expect(server.searches.map(({ dn }) => dn)).toEqual([base, base, `uid=other,${base}`]);
  });

  test("takes what a server without pages sends for everything", async () => {
    const server = await start((request) => (isLookup(request) ? { entries: person("a", "a@x") } : {}));
    expect(await listedBy(open(server.uri))).toHaveLength(1);
  });

  test.each([
    ["its size limit", 4, /more entries than the server's size limit/],
    ["its time", 3, /timeLimitExceeded/],
    ["an administrator's limit", 11, /adminLimitExceeded/],
    ["being busy", 51, /busy/],
  ])("that the server ends for %s, after a page, fails", async (_, code, words) => {
    const server = await start((request) => {
      if (!isLookup(request)) return {};
      return request.page?.cookie === "" ? paged(request) : { entries: person("c", "c@x"), code };
    });
    await expect(listedBy(open(server.uri))).rejects.toThrow(words);
  });
});

describe("a change is seen", () => {
  test("by highestCommittedUSN of Active Directory", async () => {
    let usn = 100;
    const server = await start(({ dn }) =>
      dn === "" ? { entries: { "": { highestCommittedUSN: [String(usn)] } } } : {},
    );
    let hints = 0;
    const watch = open(server.uri).listing?.watchChanges(() => hints++);
    await watch?.ready;
    expect(watch?.state()).toEqual({ signal: "highestCommittedUSN", advice: "" });
    const asked = server.asked.length;
    await waitUntil("it to be looked at again", () => server.asked.length > asked + 1);
    expect(hints).toBe(0);
    usn++;
    await waitUntil("a hint", () => hints > 0);
    await watch?.close();
  });

  test("by nothing where a server tells neither, and that is said", async () => {
    const server = await start(({ dn }) => (dn === "" ? { entries: { "": { supportedLDAPVersion: ["3"] } } } : {}));
    const watch = open(server.uri).listing?.watchChanges(() => {});
    await watch?.ready;
    expect(watch?.state()).toEqual({
      signal: undefined,
      advice: "the server does not tell what it holds, so changes are seen by the next listing",
    });
    await watch?.close();
  });
});
