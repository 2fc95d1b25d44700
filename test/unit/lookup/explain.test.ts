import { describe, expect, test } from "vitest";
import { type Carrier, explain } from "../../../src/lookup/explain.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import { blame, SourceError } from "../../../src/model/errors.ts";
import { type Ask, notAsked } from "../../../src/model/keys.ts";
import type { ProtocolName } from "../../../src/model/query.ts";
import { type FakeOptions, fakeDatabase } from "../../support/fakes/fakes.ts";

const rules = { recipientDelimiter: "+", localDomains: new Set<string>() };

/** A protocol that carries lists of so many bytes. */
function carrier(name: ProtocolName, maxListBytes = 100): Carrier {
  return {
    name,
    measure: ({ text }) => ({
      listBytes: text.length,
      maxListBytes,
      ...(text.length > maxListBytes ? { failure: { kind: "temporary", reason: "owner list too long" } } : {}),
    }),
  };
}

const request = { map: "senders", sources: ["mail"], combine: "first", carriers: [carrier("socketmap")] } as const;

function resolverOf(rows: Record<string, string>, options?: FakeOptions): Resolver {
  return new Resolver(fakeDatabase(rows, options), rules);
}

describe("explain", () => {
  test("shows every key in order, what it found and what won; the key of a domain is the domain", async () => {
    const resolver = resolverOf({ "alice@x": "alice, al", "grant alice@x": "bob", "domain x": "erin" });
    await expect(explain(resolver, { ...request, address: "Alice+t@X" }, 0)).resolves.toEqual({
      map: "senders",
      source: "mail",
      address: "Alice+t@X",
      key: "alice+t@x",
      outcome: "ok",
      owners: ["alice", "al", "bob"],
      asks: [
        { role: "address", key: "alice+t@x", state: "answered", owners: [], won: false },
        { role: "address", key: "alice@x", state: "answered", owners: ["alice", "al"], won: true },
        { role: "domain", key: "@x", state: "answered", owners: ["erin"], won: false },
        { role: "grant", key: "alice+t@x", state: "answered", owners: [], won: false },
        { role: "grant", key: "alice@x", state: "answered", owners: ["bob"], won: true },
      ],
      replies: [{ protocol: "socketmap", result: "ok", listBytes: 12, maxListBytes: 100 }],
    });
  });

  test("of an address that can be none nothing is asked, whatever the sources", async () => {
    const malformed = { ...request, address: "alice@\u00e4/x" };
    expect(await explain(resolverOf({}), malformed, 0)).toMatchObject({
      key: null,
      outcome: "notfound",
      reason: "malformed",
      asks: [],
    });
    const both = { ...malformed, sources: ["mail", "grants"] };
    expect(await explain(resolverOf({}), both, 0)).toMatchObject({
      source: "mail, grants",
      sources: ["mail", "grants"],
      combine: "first",
    });
  });

  test("of several sources each ask names its own, and a failure the one that failed", async () => {
    const sources = ["mail", "grants"];
    const resolver = resolverOf({ "alice@x": "alice" });
    const { asks } = await explain(resolver, { ...request, sources, address: "alice@x" }, 0);
    expect(asks[0]).toMatchObject({ source: "fake", key: "alice@x", owners: ["alice"] });
    const database = fakeDatabase({});
    database.error = blame(new SourceError("ERR_SOURCE_UNAVAILABLE", "away"), "grants") as SourceError;
    const failed = new Resolver(database, rules);
    expect((await explain(failed, { ...request, sources, address: "alice@x" }, 0)).cause).toBe("grants: away");
  });

  test("says of a key that was not put to the database that it was not", async () => {
    const found = { address: ["alice"], domain: notAsked, grant: [] };
    const database = { ...fakeDatabase({}), find: (asks: readonly Ask[]) => asks.map(({ role }) => found[role]) };
    const { asks } = await explain(new Resolver(database, rules), { ...request, address: "alice@x" }, 0);
    expect(asks.map(({ role, state }) => `${role} ${state}`)).toEqual([
      "address answered",
      "domain not_asked",
      "grant answered",
    ]);
  });

  test("quotes a localpart as smtpd does before it asks", async () => {
    const resolver = resolverOf({}, { keyForm: "postfix" });
    const { key, asks, outcome } = await explain(resolver, { ...request, address: "two words@x" }, 0);
    expect([key, outcome, asks.map((ask) => ask.key)]).toEqual([
      '"two words"@x',
      "notfound",
      ['"two words"@x', "two words@x", "@x"],
    ]);
  });

  test("leaves partial keys as they are", async () => {
    const resolver = resolverOf({ "domain x": "erin" });
    expect((await explain(resolver, { ...request, address: "@x" }, 0)).owners).toEqual(["erin"]);
    expect((await explain(resolver, { ...request, address: "alice" }, 0)).reason).toBe("malformed");
  });

  test("says of a malformed address that it is one", async () => {
    const explanation = await explain(resolverOf({}), { ...request, address: "a\0@x" }, 0);
    expect(explanation).toMatchObject({
      key: null,
      outcome: "notfound",
      reason: "malformed",
      asks: [],
      replies: [{ protocol: "socketmap", result: "notfound" }],
    });
  });

  test("gives the verdicts for a login, and for none", async () => {
    const resolver = resolverOf({ "alice@x": "alice" });
    const withLogin = await explain(resolver, { ...request, address: "alice@x", login: "bob" }, 0);
    expect(withLogin.login).toBe("bob");
    expect(withLogin.verdicts?.map(({ code }) => code)).toEqual([553, 250, 553, 553]);
    const without = await explain(resolver, { ...request, address: "alice@x", login: null }, 0);
    expect(without.login).toBeNull();
    expect(without.verdicts?.map(({ code }) => code)).toEqual([250, 553, 553, 553]);
  });

  test("an address of a domain that the source does not list is foreign, whatever rows it has", async () => {
    const resolver = resolverOf({ "alice@x": "alice" }, { domains: ["y"] });
    const explanation = await explain(resolver, { ...request, address: "alice@x", login: "alice" }, 0);
    expect(explanation).toMatchObject({ outcome: "notfound", reason: "foreign", owners: [] });
    expect(explanation.asks[0]).toMatchObject({ owners: ["alice"], won: false });
    expect(explanation.verdicts?.map(({ code }) => code)).toEqual([553, 250, 553, 250]);
  });
});

describe("a failure", () => {
  test.each([
    ["ERR_SOURCE_UNAVAILABLE", "temp", "source unavailable"],
    ["ERR_SOURCE_TIMEOUT", "timeout", "source timeout"],
  ] as const)("%s is the outcome %s with its cause, never an answer", async (code, outcome, reason) => {
    const database = fakeDatabase({ "alice@x": "alice" }, { isAsync: true });
    database.error = new SourceError(code, "no database host: inet:10.0.0.5:3306: connection refused");
    const explanation = await explain(
      new Resolver(database, rules),
      { ...request, address: "alice@x", login: "alice" },
      0,
    );
    expect(explanation).toMatchObject({
      outcome,
      reason,
      cause: "no database host: inet:10.0.0.5:3306: connection refused",
      owners: [],
      replies: [{ protocol: "socketmap", result: outcome, reason }],
    });
    expect(explanation.asks.map(({ state }) => state)).toEqual(["failed", "failed", "failed"]);
    expect(explanation.verdicts?.map((verdict) => verdict.code)).toEqual([451, 250, 451, 451]);
  });

  test("that nobody expected tells no cause: its text may hold anything", async () => {
    const database = fakeDatabase({});
    database.error = new Error("SELECT password FROM users");
    const explanation = await explain(new Resolver(database, rules), { ...request, address: "alice@x" }, 0);
    expect(explanation).toMatchObject({ outcome: "temp", reason: "internal error" });
    expect(JSON.stringify(explanation)).not.toContain("SELECT");
  });
});

describe("a list that a protocol does not carry", () => {
  const resolver = resolverOf({ "sales@x": "alice, bob" });
  const sales = { ...request, address: "sales@x" };

  test("is no answer, though the owners are known", async () => {
    const carriers = [carrier("socketmap", 8)] as const;
    const explanation = await explain(resolver, { ...sales, carriers, login: "alice" }, 0);
    expect(explanation).toMatchObject({ outcome: "temp", reason: "owner list too long", owners: ["alice", "bob"] });
    expect(explanation.replies).toEqual([
      { protocol: "socketmap", result: "temp", reason: "owner list too long", listBytes: 9, maxListBytes: 8 },
    ]);
    expect(explanation.verdicts?.map(({ code, text }) => `${code} ${text}`)).toEqual([
      "451 4.3.0 <sales@x>: Temporary lookup failure",
      "250 Ok",
      "451 4.3.0 <sales@x>: Temporary lookup failure",
      "451 4.3.0 <sales@x>: Temporary lookup failure",
    ]);
  });

  test("is no answer over that protocol alone, which then has verdicts of its own", async () => {
    const carriers = [carrier("socketmap", 9), carrier("tcp_table", 8)] as const;
    const explanation = await explain(resolver, { ...sales, carriers, login: "alice" }, 0);
    expect(explanation.outcome).toBe("ok");
    expect(explanation.verdicts?.map(({ code }) => code)).toEqual([250, 250, 250, 250]);
    expect(explanation.replies[0]).toEqual({ protocol: "socketmap", result: "ok", listBytes: 9, maxListBytes: 9 });
    expect(explanation.replies[1]).toMatchObject({ protocol: "tcp_table", result: "temp", listBytes: 9 });
    expect(explanation.replies[1]?.verdicts?.map(({ code }) => code)).toEqual([451, 250, 451, 451]);
  });

  test("has no verdicts where none are wanted", async () => {
    const carriers = [carrier("socketmap", 9), carrier("tcp_table", 8)] as const;
    const explanation = await explain(resolver, { ...sales, carriers }, 0);
    expect(explanation.replies[1]).not.toHaveProperty("verdicts");
  });
});
