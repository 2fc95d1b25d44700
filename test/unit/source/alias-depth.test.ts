import { describe, expect, test } from "vitest";
import type { Ask, Cells } from "../../../src/model/keys.ts";
import { type ListedLine, type Listing, noSignal } from "../../../src/model/listing.ts";
import type { Database } from "../../../src/model/source.ts";
import { AliasDepth } from "../../../src/source/alias-depth.ts";

type Rows = Readonly<Record<string, readonly string[]>>;

/** A database of addresses; counts what it was asked. */
function databaseOf(rows: Rows) {
  const trips: string[][] = [];
  let isClosed = false;
  let looks = 0;
  let renewals = 0;
  const database: Database = {
    name: "mail",
    keyForm: "roles",
    roles: new Set(["address", "domain"]),
    find(asks): Cells {
      trips.push(asks.map(({ key }) => key.email));
      return asks.map(({ role, key }) =>
        role === "address" ? (rows[key.email] ?? []) : (rows[`@${key.domain}`] ?? []),
      );
    },
    hostedDomains: async () => new Set(["example.com"]),
    health: () => ({ isUp: false, reason: "down", hosts: [] }),
    lookAfter: async () => {
      looks++;
    },
    report: async () => [{ query: "address", fullScans: ["alias"] }],
    renew: () => {
      renewals++;
    },
    close: async () => {
      isClosed = true;
    },
  };
  return { database, trips, isClosed: () => isClosed, looks: () => looks, renewals: () => renewals };
}

function ask(email: string, role: Ask["role"] = "address"): Ask {
  const [user = "", domain = ""] = email.split("@");
  return { role, key: { email, user, domain }, derived: false };
}

async function find(rows: Rows, depth: number, ...asks: Ask[]) {
  const { database, trips } = databaseOf(rows);
  const findings = await new AliasDepth(database, depth).find(asks, 1000);
  return { findings, trips };
}

const rows: Rows = {
  "alice@e": ["alice@e"],
  "bob@e": ["bob@e", "web1bob"],
  "sales@e": ["alice@e,bob@e"],
  "chain@e": ["Sales@E"],
  "long@e": ["chain@e"],
  "ext@e": ["someone@elsewhere"],
  "loop@e": ["pool@e"],
  "pool@e": ["loop@e"],
  "half@e": ["loop@e", "alice@e"],
  "self@e": ["self@e"],
  "plain@e": ["alice"],
  "@catch": ["sales@e"],
};

describe("alias_depth", () => {
  test.each([
    ["an alias of an alias is followed at depth 2", 2, "chain@e", ["alice@e", "bob@e"]],
    ["but not at depth 1", 1, "chain@e", ["Sales@E"]],
    ["a longer chain stops at the last level", 2, "long@e", ["Sales@E"]],
    ["and ends at depth 3", 3, "long@e", ["alice@e", "bob@e"]],
    ["an alias of mailboxes stays what it is", 5, "sales@e", ["alice@e", "bob@e"]],
    ["a login that owns its address stays one name, whatever else owns it", 5, "bob@e", ["bob@e", "web1bob"]],
    ["an owner without owners stays", 5, "ext@e", ["someone@elsewhere"]],
    ["a login that is no address stays", 5, "plain@e", ["alice"]],
    ["a ring of aliases ends, and belongs to nobody's login", 5, "loop@e", ["pool@e"]],
    ["a ring beside a login leaves the login", 5, "half@e", ["alice@e"]],
    ["an address without owners has none", 5, "none@e", []],
  ])("%s", async (_rule, depth, email, expected) => {
    expect((await find(rows, depth, ask(email))).findings).toEqual([expected]);
  });

  test("a mailbox costs one round trip, each level of aliases one more", async () => {
    expect((await find(rows, 5, ask("alice@e"))).trips).toEqual([["alice@e"]]);
    expect((await find(rows, 5, ask("chain@e"))).trips).toEqual([["chain@e"], ["sales@e"], ["alice@e", "bob@e"]]);
  });

  test("asks for the owners of a long alias a few at a time, which no statement is too long for", async () => {
    const members = Array.from({ length: 1000 }, (_, i) => `member${i}@e`);
    const owned = Object.fromEntries(members.map((member) => [member, [member]]));
    const { findings, trips } = await find({ ...owned, "all@e": members }, 2, ask("all@e"));
    expect(findings).toEqual([members]);
    expect(Math.max(...trips.map((asked) => asked.length))).toBe(8);
    expect(trips.flat()).toEqual(["all@e", ...members]);
  });

  test("never goes deeper than it may", async () => {
    expect((await find(rows, 2, ask("long@e"))).trips).toEqual([["long@e"], ["chain@e"]]);
  });

  test("follows what every ask of a lookup found, each alias once", async () => {
    const { findings, trips } = await find(rows, 3, ask("chain@e"), ask("x@catch", "domain"));
    expect(findings).toEqual([
      ["alice@e", "bob@e"],
      ["alice@e", "bob@e"],
    ]);
    expect(trips).toEqual([["chain@e", "x@catch"], ["sales@e"], ["alice@e", "bob@e"]]);
  });

  test("does not multiply where many aliases lead to the same ones", async () => {
    const names = Array.from({ length: 40 }, (_, i) => i);
    const wide: Record<string, string[]> = { "top@e": names.map((i) => `a${i}@e`) };
    for (const level of ["a", "b", "c"]) {
      const next = { a: "b", b: "c", c: "d" }[level];
      for (const i of names) wide[`${level}${i}@e`] = names.map((j) => `${next}${j}@e`);
    }
    const { findings } = await find(wide, 5, ask("top@e"));
    expect(new Set(findings[0])).toEqual(new Set(names.map((i) => `d${i}@e`)));
  });

  test("a failure at any level is the failure of the lookup", async () => {
    const { database } = databaseOf(rows);
    let calls = 0;
    const failing: Database = {
      ...database,
      find: async (asks, deadline) => {
        if (++calls === 2) throw new Error("gone");
        return database.find(asks, deadline);
      },
    };
    await expect(new AliasDepth(failing, 3).find([ask("chain@e")], 1000)).rejects.toThrow("gone");
  });

  test("lists the logins that a lookup would find, wherever an alias stands in the listing", async () => {
    const lines: ListedLine[] = [
      { key: "chain@e", owner: "sales@e", kind: "alias" },
      { key: "Sales@E", owner: "alice@e,bob@e", kind: "alias" },
      { key: "alice@e", owner: "alice@e", kind: "address" },
      { key: "off@e", owner: undefined, kind: "address" },
      { key: "@e", owner: "sales@e", kind: "catch-all" },
    ];
    const listing: Listing = {
      async *list() {
        yield lines.slice(0, 2);
        yield lines.slice(2);
      },
      watchChanges: () => noSignal(""),
    };
    const listed: string[] = [];
    const wrapped = new AliasDepth({ ...databaseOf(rows).database, listing }, 2);
    for await (const batch of wrapped.listing?.list(new AbortController().signal) ?? []) {
      listed.push(...batch.map(({ key, owner, kind }) => `${kind} ${key}: ${owner}`));
    }
    expect(listed).toEqual([
      "alias chain@e: alice@e,bob@e",
      "alias Sales@E: alice@e,bob@e",
      "address alice@e: alice@e",
      "address off@e: undefined",
      "catch-all @e: alice@e,bob@e",
    ]);
  });

  test("is the database in everything else", async () => {
    const { database, isClosed, looks, renewals } = databaseOf(rows);
    const wrapped = new AliasDepth(database, 3);
    expect(wrapped.name).toBe("mail");
    expect(wrapped.keyForm).toBe("roles");
    expect(wrapped.roles).toEqual(new Set(["address", "domain"]));
    expect(await wrapped.hostedDomains(1000)).toEqual(new Set(["example.com"]));
    expect(wrapped.health()).toEqual({ isUp: false, reason: "down", hosts: [] });
    await wrapped.lookAfter();
    expect(looks()).toBe(1);
    wrapped.renew();
    expect(renewals()).toBe(1);
    expect(wrapped.listing).toBeUndefined();
    expect(await wrapped.report(1000)).toEqual([{ query: "address", fullScans: ["alias"] }]);
    await wrapped.close();
    expect(isClosed()).toBe(true);
  });
});
