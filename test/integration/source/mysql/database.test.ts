/** The native preset on a real MariaDB, and lookups there: statements, what they share, their deadlines. */
import { describe, expect, test } from "vitest";
import type { Cells, Key } from "../../../../src/model/keys.ts";
import { domainsOf, ownersOf, scansOf } from "../../../support/fakes/open-source.ts";
import { lockTable } from "../../../support/servers/lock.ts";
import { waitUntil } from "../../../support/wait.ts";
import { alice, useMysql } from "./support.ts";

const mysql = useMysql();

describe("the native preset on MariaDB", () => {
  test.each([
    ["alice@example.com", ["alice@example.com"]],
    ["Sales+spring@example.com", ["alice@example.com", "bob@example.com"]],
    ["anything@catch.example", ["erin@catch.example"]],
    ["newsletter@partner.example", ["bob@example.com"]],
    ["àlice@example.com", []],
    ["alice@exämple.com", []],
    ["dave@example.com", []],
    ["frank@example.net", []],
    ["'; DROP TABLE logins; -- @example.com", []],
    ["alice' OR '1'='1@example.com", []],
    ["alic_@example.com", []],
    ["%@example.com", []],
    ["日本@example.com", []],
  ])("%s is owned by %j", async (address, owners) => {
    expect(await ownersOf(mysql.source(), address)).toEqual(owners);
  });

  test("lists its domains", async () => {
    expect(await domainsOf(mysql.source())).toEqual(["catch.example", "example.com", "partner.example"]);
  });

  test.each(["münchen.example", "日本.example"])("refuses the domain %s, which nobody would find", async (domain) => {
    const domains = mysql.server.query(`INSERT INTO domains (domain) VALUES ('${domain}')`);
    await expect(domains).rejects.toThrow("domains_a_label");
    const grants = `INSERT INTO send_as_grants (domain, login) VALUES ('${domain}', 'bob@example.com')`;
    await expect(mysql.server.query(grants)).rejects.toThrow("send_as_grants_a_label");
    await mysql.server.query(
      "INSERT INTO domains (domain) VALUES ('xn--mnchen-3ya.example'); DELETE FROM domains WHERE domain LIKE 'xn--%'",
    );
  });

  test("lists its domains though that takes longer than a query may", async () => {
    const address = "SELECT owner FROM latin WHERE address = :email";
    const database = mysql.source({ address, queryTimeoutMs: 300, domains: "SELECT CONCAT(SLEEP(0.6), '.example')" });
    for (let reading = 0; reading < 2; reading++) expect(await domainsOf(database)).toEqual(["0.example"]);
    expect(database.health().isUp).toBe(true);
    const late = database.hostedDomains(performance.now() + 350);
    await expect(late).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
  });

  test("asks by index only", async () => {
    expect(await scansOf(mysql.source())).toEqual({});
  });
});

describe("lookups", () => {
  test.each([
    ["one for an address with an owner", "alice@example.com", 1],
    ["two for another, whatever can answer in its place", "alice+spring@example.com", 2],
  ])("reach the server as prepared statements only, %s", async (_, address, expected) => {
    const database = mysql.source();
    // The first time every query is asked alone, which shows how many columns it gives.
    await ownersOf(database, address);
    const before = await mysql.statements();
    const [{ Value: queriesBefore } = {}] = await mysql.server.query("SHOW GLOBAL STATUS LIKE 'Com_select'");
    expect(await ownersOf(database, address)).toEqual(["alice@example.com"]);
    expect((await mysql.statements()) - before).toBe(expected);
    const [{ Value: queriesAfter } = {}] = await mysql.server.query("SHOW GLOBAL STATUS LIKE 'Com_select'");
    // The execution of a prepared SELECT counts as one; a SELECT sent as text would be another.
    expect(Number(queriesAfter) - Number(queriesBefore)).toBe(expected);
  });

  test("fill a statement before they are spread over free connections", async () => {
    const database = mysql.source();
    const all = (count: number) =>
      Promise.all(Array.from({ length: count }, () => ownersOf(database, "alice@example.com")));
    await all(100);
    await waitUntil("four connections", async () => (await mysql.connections()) === 4);
    const before = await mysql.statements();
    await all(8);
    expect((await mysql.statements()) - before).toBe(1);
  });

  test("that wait at the same time share statements, and each gets its own answer", async () => {
    const database = mysql.source();
    await alice(database);
    const before = await mysql.statements();
    const addresses = Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? `new${i}@catch.example` : `new${i}@example.com`,
    );
    const owners = await Promise.all(addresses.map((address) => ownersOf(database, address)));
    expect(owners).toEqual(addresses.map((address) => (address.includes("catch") ? ["erin@catch.example"] : [])));
    expect((await mysql.statements()) - before).toBeLessThan(100);
  });

  test("with a key that a column cannot hold find nothing, and harm no other", async () => {
    const database = mysql.source({ address: "SELECT owner FROM latin WHERE address = CONCAT(:user, '@', :domain)" });
    const asked = ["日本@example.com", "alice@example.com", "日@example.com", "alice@example.com"];
    expect(await Promise.all(asked.map((address) => ownersOf(database, address)))).toEqual([
      [],
      ["alice"],
      [],
      ["alice"],
    ]);
    expect(await alice(database)).toEqual(["alice"]);
    expect(database.health().isUp).toBe(true);
  });

  test("that meet an SQL error fail, and leave the host up", async () => {
    const database = mysql.source({ address: "SELECT owner FROM missing WHERE address = :email" });
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    expect(database.health().isUp).toBe(true);
    expect((await database.report(performance.now() + 5000))[0]?.error).toMatch(/missing/);
  });

  test("over the number that may wait are refused at once", async () => {
    const database = mysql.source({ poolSize: 1, queryTimeoutMs: 5000 });
    await alice(database);
    const lock = await lockTable(mysql.server, "addresses");
    const lookups = Array.from({ length: 1100 }, (_, i) => ownersOf(database, `new${i}@example.com`));
    const settled = Promise.allSettled(lookups);
    await lock.release();
    const results = await settled;
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "ERR_SOURCE_OVERLOAD" });
    for (const result of results) if (result.status === "fulfilled") expect(result.value).toEqual([]);
  });

  test("that take too long end at query_timeout, and do not take the host out", async () => {
    const database = mysql.source({ queryTimeoutMs: 300 });
    await alice(database);
    const lock = await lockTable(mysql.server, "addresses");
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
    expect(database.health().isUp).toBe(true);
    await lock.release();
    expect(await alice(database)).toEqual(["alice@example.com"]);
  });

  test("end at their own deadline even if the query may take longer", async () => {
    const database = mysql.source({ queryTimeoutMs: 60_000 });
    await alice(database);
    const lock = await lockTable(mysql.server, "addresses");
    const key: Key = { email: "alice@example.com", user: "alice", domain: "example.com" };
    const ask = [{ role: "address", key, derived: false }] as const;
    const late = Promise.resolve<Cells>(database.find(ask, performance.now() + 200));
    await expect(late).rejects.toMatchObject({ code: "ERR_SOURCE_TIMEOUT" });
    await lock.release();
  });
});
