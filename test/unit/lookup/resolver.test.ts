import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asksFor } from "../../../src/lookup/keys.ts";
import { type MapRules, rank as rankFindings } from "../../../src/lookup/ranking.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import type { Ask, Cells, KeyForm, Role } from "../../../src/model/keys.ts";
import { absent, type Found, malformed } from "../../../src/model/reply.ts";
import type { RowProof } from "../../../src/model/source.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";

function ask(role: Role, email: string, derived = false): Ask {
  return { role, key: { email, user: "", domain: "" }, derived };
}

const asks = [
  ask("address", "alice+tag@x"),
  ask("address", "alice@x", true),
  ask("domain", "alice@x", true),
  ask("grant", "alice+tag@x", true),
  ask("grant", "alice@x", true),
];

/** Ranks the cells of one source. */
function rank(of: readonly Ask[], cells: Cells, form: KeyForm, rules: MapRules = noRules) {
  return rankFindings(of, cells, () => ({ keyForm: form }), rules);
}

const noRules = { recipientDelimiter: "", localDomains: new Set<string>() };

describe("rank", () => {
  test.each<[string, Cells, string | undefined, boolean, number[]]>([
    ["the first address with owners wins", [["t"], ["a"], ["d"], [], []], "t", false, [0]],
    ["an address without owners gives way to the next", [[], ["a"], ["d"], [], []], "a", true, [1]],
    ["the domain answers when no address did", [[], [], ["d"], [], []], "d", true, [2]],
    ["cells of nothing but separators are no owners", [[" ,"], ["a"], [], [], []], "a", true, [1]],
    ["grants are merged into an address", [[], ["a"], ["d"], ["g"], ["h,a"]], "a,g,h", true, [1, 3, 4]],
    ["grants are merged into the domain", [[], [], ["d"], [], ["h"]], "d,h", true, [2, 4]],
    ["a grant alone answers", [[], [], [], ["g"], []], "g", true, [3]],
    ["nobody is nobody", [[], [], [], [], []], undefined, false, []],
    ["findings that are missing are no owners", [], undefined, false, []],
  ])("%s", (_rule, findings, owners, derived, winners) => {
    const ranking = rank(asks, findings, "roles");
    expect(ranking.winners).toEqual(winners);
    if (owners === undefined) expect(ranking.answer).toEqual({ kind: "notFound", because: "absent" });
    else {
      expect((ranking.answer as Found).owners.text).toBe(owners);
      expect((ranking.answer as Found).derived).toBe(derived);
    }
  });
});

describe("whether a sender can make up more answers like one", () => {
  test.each<[RowProof | undefined, string, boolean]>([
    [undefined, "boss", false],
    ["query", "boss", false],
    ["owner", "boss", true],
    ["owner", "alice+tag@x", false],
    ["owner", "boss, Alice+Tag@X", false],
    ["owner", "another-alice+tag@x", true],
    ["none", "alice+tag@x", true],
  ])("shown by %s, %s owns it: %s", (rowProof, owners, isDerived) => {
    const { answer } = rankFindings(asks.slice(0, 1), [[owners]], () => ({ keyForm: "postfix", rowProof }), noRules);
    expect(answer).toMatchObject({ kind: "ok", derived: isDerived });
  });
});

describe("Resolver", () => {
  const rules = { recipientDelimiter: "+", localDomains: new Set<string>() };

  test("answers at once when the database does", () => {
    const resolver = new Resolver(fakeDatabase({ "alice@x": "alice@x" }), rules);
    expect(resolver.ownersOf("alice@x", 0)).toMatchObject({ kind: "ok", derived: false });
  });

  test("answers later when the database does", async () => {
    const resolver = new Resolver(fakeDatabase({ "alice@x": "alice@x" }, { isAsync: true }), rules);
    await expect(resolver.ownersOf("alice+t@x", 0)).resolves.toMatchObject({ kind: "ok", derived: true });
  });

  test.each(['"two words"@x', "back\\slash@x", 'quo"te@x', "two words@x"])(
    "finds a row that is spelt as the key: %s",
    async (key) => {
      const answer = await new Resolver(fakeDatabase({ [key]: "bob" }), rules).ownersOf(key, 0);
      expect((answer as Found).owners.text).toBe("bob");
    },
  );

  test("finds a row in internal form by the external form of a key", async () => {
    const answer = await new Resolver(fakeDatabase({ "two words@x": "bob" }), rules).ownersOf('"two words"@x', 0);
    expect((answer as Found).owners.text).toBe("bob");
  });

  test.each(["alice\\@x", 'alice"@x', '"alice"@x', "alice @x"])("does not take %s for alice", async (key) => {
    expect(await new Resolver(fakeDatabase({ "alice@x": "alice" }), rules).ownersOf(key, 0)).toEqual(absent);
  });

  test("asks for an address and its grants alone when the address has an owner", async () => {
    for (const isAsync of [false, true]) {
      const database = fakeDatabase({ "alice+t@x": "alice", "grant alice+t@x": "boss", "domain x": "d" }, { isAsync });
      const answer = await new Resolver(database, rules).ownersOf("alice+t@x", 0);
      expect((answer as Found).owners.text).toBe("alice,boss");
      expect(database.asked).toEqual(["alice+t@x", "alice+t@x", "alice@x"]);
    }
  });

  test("asks for what can answer in place of an address without owner, all of it in one more go", async () => {
    for (const isAsync of [false, true]) {
      const database = fakeDatabase({ "domain x": "d", "grant alice@x": "boss" }, { isAsync });
      const answer = await new Resolver(database, rules).ownersOf("alice+t@x", 0);
      expect((answer as Found).owners.text).toBe("d,boss");
      expect(database.asked).toEqual(["alice+t@x", "alice+t@x", "alice@x", "alice@x", "alice@x"]);
    }
  });

  test("fails when what can answer in place of an address cannot be asked, and only where it matters", async () => {
    const database = fakeDatabase({ "alice@x": "alice" }, { isAsync: true });
    const { find } = database;
    const down = new Error("down");
    database.find = (asks, deadlineMs) =>
      asks.some(({ role }) => role === "domain") ? Promise.reject(down) : find(asks, deadlineMs);
    const resolver = new Resolver(database, rules);
    await expect(resolver.ownersOf("bob@x", 0)).rejects.toBe(down);
    await expect(resolver.ownersOf("alice@x", 0)).resolves.toMatchObject({ kind: "ok" });
    // The explanation agrees with it.
    expect((await resolver.trace("bob@x", 0)).reply).toMatchObject({ kind: "temporary", cause: down });
    expect((await resolver.trace("alice@x", 0)).asks.map(({ state }) => state)).toEqual([
      "answered",
      "not_asked",
      "answered",
    ]);
  });

  test("ends the search as Postfix does at a cell that holds no login, and only for its own tables", async () => {
    const rows = { "alice+t@x": " ,", "alice@x": "alice" };
    const ofPostfix = new Resolver(fakeDatabase(rows, { keyForm: "postfix", roles: ["address"] }), rules);
    const answer = (await ofPostfix.ownersOf("alice+t@x", 0)) as Found;
    expect(answer.owners.text).toBe(",");
    expect(answer.owners.logins).toEqual([]);
    expect((await ofPostfix.trace("alice+t@x", 0)).asks.map(({ cells }) => cells)).toEqual([[" ,"], [], []]);
    expect(await new Resolver(fakeDatabase(rows), rules).ownersOf("alice+t@x", 0)).toMatchObject({ kind: "ok" });
  });

  test("answers as if everything had been asked at once, whatever is found, and explains that answer", async () => {
    const cells = fc.subarray(["a", "b", "c", "A", " ,", ""]);
    const forms = fc.constantFrom<[KeyForm, string]>(["roles", "alice+t@x"], ["roles", "@x"], ["postfix", '"a b"+t@x']);
    await fc.assert(
      fc.asyncProperty(forms, fc.array(cells, { minLength: 5, maxLength: 5 }), async ([keyForm, key], drawn) => {
        const database = fakeDatabase({}, { keyForm });
        const resolver = new Resolver(database, rules);
        const all = asksFor(key, keyForm, database.roles, rules);
        const name = ({ role, key: { email } }: Ask) => `${role} ${email}`;
        const findings = new Map(all.map((one, i) => [name(one), drawn[i] ?? []]));
        database.find = (some) => {
          let isEnded = false;
          return some.map((one) => {
            const found = isEnded && one.role === "address" ? [] : (findings.get(name(one)) ?? []);
            // As a driver does it for Postfix's own tables.
            isEnded ||= keyForm === "postfix" && one.role === "address" && found.length > 0;
            return found;
          });
        };
        const answer = resolver.ownersOf(key, 0);
        expect(answer).toEqual(rank(all, database.find(all, 0) as Cells, keyForm).answer);
        expect((await resolver.trace(key, 0)).reply).toEqual(answer);
      }),
    );
  });

  test("asks nothing for a key that can have no owner", async () => {
    const database = fakeDatabase({});
    const resolver = new Resolver(database, rules);
    expect(resolver.ownersOf("@", 0)).toEqual({ kind: "notFound", because: "malformed" });
    expect(await resolver.trace("@", 0)).toEqual({ reply: malformed, asks: [] });
    expect(database.asked).toEqual([]);
  });
});
