/** What `check --connect` says of a real slapd: indexes, filters that do not fit, values that nobody finds. */
import { describe, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { suffix } from "../../../support/servers/slapd.ts";
import { at, useLdap } from "./support.ts";

const ldap = useLdap();

describe("report (check --connect)", () => {
  const report = (database: Database) => database.report(performance.now() + 20_000);

  test("says which indexes each query wants", async () => {
    expect(await report(ldap.open())).toEqual([
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
    expect(JSON.stringify(await report(ldap.open({}, queries)))).toContain(words);
  });

  describe("on a server that lacks an index", () => {
    const people = Array.from(
      { length: 25_000 },
      (_, n) =>
        `dn: uid=x${n},ou=people,${suffix}\nobjectClass: account\nobjectClass: mailObject\nuid: x${n}\nutf8Mail: x${n}@example.com\n\n`,
    ).join("");
    const filters = { address: "(|(mail=:email)(utf8Mail=:email))" };

    test("says which, by how long the server takes", async () => {
      const large = await ldap.start({ ldif: people });
      const [address] = await report(ldap.open({ servers: [at(large.uri)] }, { filters }));
      expect(address?.notes).toEqual([
        "quick only with these indexes on the server: mail eq, utf8Mail eq",
        expect.stringMatching(/^utf8Mail seems to have no index: to find a value takes \d+ ms, an entry \d+\.\d ms$/),
        "could not look for domains that are not written as A-label: sizeLimitExceeded (4)",
      ]);
    });

    test("and looks at no more entries than it likes, says so as an error", async () => {
      const strict = await ldap.start({ settings: ["limits * size.unchecked=5"] });
      const [address] = await report(ldap.open({ servers: [at(strict.uri)] }, { filters }));
      expect(address?.error).toBe(
        "adminLimitExceeded (11); the server looks at no more entries: does it have the indexes mail eq, utf8Mail eq?",
      );
    });
  });

  test("names a value that nobody finds, where neither a listing nor the domains show it", async () => {
    const cn = Buffer.from("anna@exämple.com").toString("base64");
    const searchBase = `ou=groups,${suffix}`;
    const dn = `uid=anna,${searchBase}`;
    await ldap.server.change(
      `dn: ${dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: anna\ncn:: ${cn}\nsn: Jörg B.\n`,
    );
    try {
      const [byName] = await report(ldap.open({}, { searchBase, filters: { address: "(cn=:email)" } }));
      expect(byName?.notes).toContain(
        "1 domain is not written as A-label (xn--…), so nobody finds a row such as anna@exämple.com: write exämple.com as xn--exmple-cua.com",
      );
      const [byMail] = await report(ldap.open({}, { searchBase, filters: { address: "(mail=:email)" } }));
      expect(byMail?.notes).toEqual(["quick only with these indexes on the server: mail eq"]);
    } finally {
      await ldap.server.change(`dn: ${dn}\nchangetype: delete\n`);
    }
  });

  test("fails when nobody is there", async () => {
    await expect(report(ldap.open({ servers: [at("ldap://127.0.0.1:1")] }))).rejects.toThrow("connection refused");
  });
});
