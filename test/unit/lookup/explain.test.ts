import { describe, expect, test } from "vitest";
import { explain } from "../../../src/lookup/explain.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { fakeDatabase } from "../../support/fakes.ts";

const rules = { recipientDelimiter: "+", localDomains: new Set<string>() };
const request = { map: "senders", source: "mail" };

describe("explain", () => {
  test("shows every key in order, what it found and what won", async () => {
    const resolver = new Resolver(
      fakeDatabase({ "alice@x": "alice, al", "grant alice@x": "bob", "domain x": "erin" }),
      rules,
    );
    await expect(explain(resolver, { ...request, address: "Alice+t@X" }, 0)).resolves.toEqual({
      map: "senders",
      source: "mail",
      address: "Alice+t@X",
      key: "alice+t@x",
      outcome: "ok",
      owners: ["alice", "al", "bob"],
      asks: [
        { role: "address", key: "alice+t@x", owners: [], won: false },
        { role: "address", key: "alice@x", owners: ["alice", "al"], won: true },
        { role: "domain", key: "alice@x", owners: ["erin"], won: false },
        { role: "grant", key: "alice+t@x", owners: [], won: false },
        { role: "grant", key: "alice@x", owners: ["bob"], won: true },
      ],
    });
  });

  test("quotes a localpart as smtpd does before it asks", async () => {
    const resolver = new Resolver(fakeDatabase({}, { keyForm: "postfix" }), rules);
    const { key, asks, outcome } = await explain(resolver, { ...request, address: "two words@x" }, 0);
    expect([key, outcome, asks.map((ask) => ask.key)]).toEqual([
      '"two words"@x',
      "notfound",
      ['"two words"@x', "two words@x", "@x"],
    ]);
  });

  test("leaves partial keys as they are", async () => {
    const resolver = new Resolver(fakeDatabase({ "domain x": "erin" }), rules);
    expect((await explain(resolver, { ...request, address: "@x" }, 0)).owners).toEqual(["erin"]);
    expect((await explain(resolver, { ...request, address: "alice" }, 0)).reason).toBe("malformed");
  });

  test("says of a malformed address that it is one", async () => {
    const explanation = await explain(new Resolver(fakeDatabase({}), rules), { ...request, address: "a\0@x" }, 0);
    expect(explanation).toMatchObject({ key: null, outcome: "notfound", reason: "malformed", asks: [] });
  });

  test("gives the verdicts for a login, and for none", async () => {
    const resolver = new Resolver(fakeDatabase({ "alice@x": "alice" }), rules);
    const withLogin = await explain(resolver, { ...request, address: "alice@x", login: "bob" }, 0);
    expect(withLogin.login).toBe("bob");
    expect(withLogin.verdicts?.map(({ code }) => code)).toEqual([553, 250, 553, 553]);
    const without = await explain(resolver, { ...request, address: "alice@x", login: null }, 0);
    expect(without.login).toBeNull();
    expect(without.verdicts?.map(({ code }) => code)).toEqual([250, 553, 553, 553]);
  });

  test.each([
    ["ERR_SOURCE_UNAVAILABLE", "temp", "source unavailable"],
    ["ERR_SOURCE_TIMEOUT", "timeout", "source timeout"],
  ] as const)("makes %s the outcome %s, never an answer", async (code, outcome, reason) => {
    const database = fakeDatabase({ "alice@x": "alice" }, { isAsync: true });
    database.error = new SourceError(code, "");
    const explanation = await explain(
      new Resolver(database, rules),
      { ...request, address: "alice@x", login: "alice" },
      0,
    );
    expect(explanation).toMatchObject({ outcome, reason, owners: [] });
    expect(explanation.verdicts?.map((verdict) => verdict.code)).toEqual([451, 250, 451, 451]);
  });
});
