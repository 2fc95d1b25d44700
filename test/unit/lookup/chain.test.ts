import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { combine, rulesOf, ungated } from "../../../src/lookup/combine.ts";
import { asksFor } from "../../../src/lookup/keys.ts";
import { SourceError } from "../../../src/model/errors.ts";
import type { Ask, Cells, KeyForm } from "../../../src/model/keys.ts";
import { splitOwners } from "../../../src/model/owner-list.ts";
import { type Answer, absent, type Found, foreign, foreignByStaleList, malformed } from "../../../src/model/reply.ts";
import type { MapSettings } from "../../../src/model/settings.ts";
import type { Doorkeeper } from "../../../src/model/source.ts";
import { type FakeDatabase, type FakeOptions, fakeDatabase } from "../../support/fakes/fakes.ts";

const settings: MapSettings = {
  sources: ["a", "b"],
  combine: "first",
  recipientDelimiter: "+",
  localDomains: [],
  loginRealm: undefined,
};
const rules = rulesOf(settings);

const away = new SourceError("ERR_SOURCE_UNAVAILABLE", "away");
const hangs = new SourceError("ERR_SOURCE_TIMEOUT", "hangs");

function table(rows: Record<string, string>, options: FakeOptions = {}): FakeDatabase {
  return fakeDatabase(rows, { keyForm: "postfix", isAsync: true, ...options });
}

function membersOf(databases: readonly FakeDatabase[], gates: readonly (Doorkeeper | undefined)[] = []) {
  return databases.map((database, i) => {
    const member = ungated(database, rules);
    const gate = gates[i];
    return gate === undefined ? member : { ...member, gate: { ...member.gate, ...gate } };
  });
}

function chainOf(...databases: FakeDatabase[]) {
  return combine(membersOf(databases), rules, "first").source;
}

function unionOf(...databases: FakeDatabase[]) {
  return combine(membersOf(databases), rules, "union").source;
}

async function ownersOf(source: { ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> }, key: string) {
  const answer = await source.ownersOf(key, 0);
  return answer.kind === "ok" ? answer.owners.text : answer.because;
}

describe("first: each key in every source before the next key", () => {
  test("a catch-all of the first does not hide a mailbox of the second", async () => {
    const chain = chainOf(table({ "@x": "boss" }), table({ "bob@x": "bob" }));
    expect(await ownersOf(chain, "bob@x")).toBe("bob");
    expect(await ownersOf(chain, "bob+t@x")).toBe("bob");
    expect(await ownersOf(chain, "nobody@x")).toBe("boss");
    expect(await ownersOf(chain, "a@y")).toBe("absent");
  });

  test("a tagged address of the second goes before the address without its tag of the first", async () => {
    const chain = chainOf(table({ "bob@x": "bob" }), table({ "bob+news@x": "alice" }));
    expect(await ownersOf(chain, "bob+news@x")).toBe("alice");
    expect(await ownersOf(chain, "bob+other@x")).toBe("bob");
  });

  test("within a key the first source wins", async () => {
    const chain = chainOf(table({ "bob@x": "first" }), table({ "bob@x": "second" }));
    expect(await ownersOf(chain, "bob@x")).toBe("first");
  });

  test("a cell without a login ends the search in a table of Postfix, and not by role", async () => {
    const second = table({ "bob@x": "bob" });
    expect(await ownersOf(chainOf(table({ "bob@x": " ," }), second), "bob@x")).toBe(",");
    expect(await ownersOf(chainOf(table({ "bob@x": " ," }, { keyForm: "roles" }), second), "bob@x")).toBe("bob");
  });

  test("grants of every source are merged into whichever answered", async () => {
    const preset = table({ "grant bob@x": "boss" }, { keyForm: "roles" });
    const other = table({ "bob@x": "bob", "grant bob@x": "eve" }, { keyForm: "roles" });
    expect(await ownersOf(chainOf(preset, other), "bob@x")).toBe("bob,boss,eve");
    expect(await ownersOf(chainOf(preset, table({})), "bob@x")).toBe("boss");
  });

  test("sources by role and tables of Postfix are asked in one order", async () => {
    const preset = table({ "domain x": "catchall", "bob@x": "bob" }, { keyForm: "roles" });
    const list = table({ "bob+t@x": "carol", "@x": "list" });
    expect(await ownersOf(chainOf(preset, list), "bob+t@x")).toBe("carol");
    expect(await ownersOf(chainOf(preset, list), "bob+u@x")).toBe("bob");
    expect(await ownersOf(chainOf(preset, list), "z@x")).toBe("catchall");
    expect(await ownersOf(chainOf(list, preset), "z@x")).toBe("list");
  });

  test("each source is asked once, for the keys that can still decide", async () => {
    const [first, second, third] = [table({ "@x": "boss" }), table({ "bob@x": "bob" }), table({})];
    await ownersOf(chainOf(first, second, third), "bob+t@x");
    expect(first.asked).toEqual(["bob+t@x", "bob@x", "@x"]);
    expect(second.asked).toEqual(["bob+t@x", "bob@x"]);
    expect(third.asked).toEqual(["bob+t@x"]);
  });

  test("a key that is no address has no owner and asks nobody", async () => {
    const [first, second] = [table({}), table({})];
    expect(chainOf(first, second).ownersOf("@", 0)).toBe(malformed);
    expect(first.asked).toEqual([]);
  });
});

describe("first: a source that fails", () => {
  let broken: FakeDatabase;

  beforeEach(() => {
    broken = table({});
    broken.error = away;
  });

  test("does not matter to what was answered before its turn", async () => {
    const chain = chainOf(table({ "alice@x": "alice", "@x": "boss" }), broken);
    expect(await ownersOf(chain, "alice@x")).toBe("alice");
    await expect(ownersOf(chain, "alice+t@x")).rejects.toBe(away);
    await expect(ownersOf(chain, "z@x")).rejects.toBe(away);
  });

  test("fails the lookup when it comes first, whatever the others have", async () => {
    await expect(ownersOf(chainOf(broken, table({ "alice@x": "alice" })), "alice@x")).rejects.toBe(away);
  });

  test("does not matter where it is only asked for the domain, and an address is found before", async () => {
    const catchAlls = fakeDatabase({}, { isAsync: true, roles: ["domain"] });
    catchAlls.error = hangs;
    const chain = chainOf(catchAlls, table({ "alice@x": "alice" }));
    expect(await ownersOf(chain, "alice+t@x")).toBe("alice");
    await expect(ownersOf(chain, "z@x")).rejects.toBe(hangs);
  });

  test("fails the lookup when its grants are missing, which could add owners", async () => {
    const grants = fakeDatabase({}, { isAsync: true, roles: ["grant"] });
    grants.error = away;
    await expect(ownersOf(chainOf(table({ "alice@x": "alice" }), grants), "alice@x")).rejects.toBe(away);
  });

  test("that refuses one key is asked key by key, and an answer before that key stands", async () => {
    const refused = new SourceError("ERR_SOURCE_RESULT", "too many values");
    const first = table({ "bob@x": "bob" });
    const { find } = first;
    first.find = (asks, deadlineMs) =>
      asks.some(({ key }) => key.email === "@x") ? Promise.reject(refused) : find(asks, deadlineMs);
    const chain = chainOf(first, table({ "carol@x": "carol" }));
    expect(await ownersOf(chain, "bob+t@x")).toBe("bob");
    expect(await ownersOf(chain, "carol+t@x")).toBe("carol");
    await expect(ownersOf(chain, "nobody@x")).rejects.toBe(refused);
  });

  test("that hangs is not waited for twice", async () => {
    broken.error = hangs;
    await expect(ownersOf(chainOf(broken, table({})), "bob+t@x")).rejects.toBe(hangs);
    expect(broken.asked).toEqual(["bob+t@x", "bob@x", "@x"]);
  });

  test("is a bug's failure as well", async () => {
    const bug = new TypeError("a bug");
    broken.error = bug;
    await expect(ownersOf(chainOf(broken, table({})), "bob@x")).rejects.toBe(bug);
  });
});

describe("first: gates", () => {
  const refusesAfter = () => undefined;
  const closed: Doorkeeper = { refuses: () => foreign, refusesAfter };
  const late: Doorkeeper = { refuses: async () => foreign, refusesAfter };
  const open: Doorkeeper = { refuses: async () => undefined, refusesAfter };

  test("a source that does not host the domain is not asked, so it need not be there", async () => {
    const broken = table({});
    broken.error = away;
    const rows = table({ "alice@x": "alice" });
    for (const gate of [closed, late]) {
      const { source } = combine(membersOf([broken, rows], [gate, open]), rules, "first");
      expect(await ownersOf(source, "alice@x")).toBe("alice");
    }
    expect(broken.asked).toEqual([]);
  });

  test("an address that no source hosts is foreign, at once", () => {
    const { source } = combine(membersOf([table({}), table({})], [closed, closed]), rules, "first");
    expect(source.ownersOf("alice@x", 0)).toBe(foreign);
  });

  test("a source that fails is left out where the list that it gave last has not the domain", async () => {
    const broken = table({});
    broken.error = hangs;
    const stale: Doorkeeper = { refuses: () => undefined, refusesAfter: () => foreignByStaleList };
    const { source } = combine(membersOf([broken, table({ "alice@x": "alice" })], [stale, open]), rules, "first");
    expect(await ownersOf(source, "alice@x")).toBe("alice");
    expect(await ownersOf(source, "z@x")).toBe("absent");
    const alone = combine(membersOf([broken, table({})], [stale, closed]), rules, "first").source;
    expect(await alone.ownersOf("alice@x", 0)).toBe(foreignByStaleList);
  });

  test("a source that fails for another source's sake is not", async () => {
    const broken = table({});
    broken.error = hangs;
    const stale: Doorkeeper = { refuses: () => undefined, refusesAfter: () => foreignByStaleList };
    const { source } = combine(membersOf([table({}), broken], [stale, open]), rules, "first");
    await expect(ownersOf(source, "alice@x")).rejects.toBe(hangs);
  });

  test("it is so by a list that is overdue when one of them is", () => {
    const stale: Doorkeeper = { refuses: () => foreignByStaleList, refusesAfter };
    const { source } = combine(membersOf([table({}), table({})], [closed, stale]), rules, "first");
    expect(source.ownersOf("alice@x", 0)).toBe(foreignByStaleList);
  });
});

describe("first, beside asking one key after the other", () => {
  interface Drawn {
    readonly form: KeyForm;
    readonly cells: readonly (readonly string[])[];
    /** Places at which the source refuses its key. */
    readonly refused: readonly number[];
  }
  const refusal = new SourceError("ERR_SOURCE_SQL", "refused");
  const drawnSource = fc.record<Drawn>({
    form: fc.constantFrom<KeyForm>("roles", "postfix"),
    cells: fc.array(fc.subarray(["a", "b", " ,"]), { minLength: 10, maxLength: 10 }),
    refused: fc.oneof(fc.constant([]), fc.subarray([0, 1, 2, 3, 8, 9], { maxLength: 2 })),
  });

  /** The cells of a source for a place, or its refusal. */
  function at({ cells, refused }: Drawn, place: number): readonly string[] {
    if (refused.includes(place)) throw refusal;
    return cells[place] ?? [];
  }

  /** maps_find() of Postfix, with the grants of ours: what the whole is held to. */
  function oneByOne(key: string, sources: readonly Drawn[]): string {
    const turns = sources.flatMap((source) =>
      asksFor(key, source.form, rolesOf(source), rules).map((ask) => ({ ask, place: ask.place, source })),
    );
    const owners: string[] = [];
    let isDecided = false;
    for (const { ask, place, source } of turns.toSorted((a, b) => a.place - b.place)) {
      if (isDecided && ask.role !== "grant") continue;
      const cells = at(source, place);
      if (ask.role !== "grant")
        isDecided = source.form === "postfix" ? cells.length > 0 : cells.some((cell) => cell !== " ,");
      if (isDecided || ask.role === "grant") owners.push(...cells.flatMap(splitOwners));
    }
    const text = [...new Set(owners)].join(",");
    return text === "" ? (isDecided ? "," : "absent") : text;
  }

  function rolesOf({ form }: Drawn) {
    return new Set(form === "postfix" ? (["address"] as const) : (["address", "domain", "grant"] as const));
  }

  function databaseOf(key: string, drawn: Drawn): FakeDatabase {
    const database = table({}, { keyForm: drawn.form, roles: [...rolesOf(drawn)] });
    const places = new Map(
      asksFor(key, drawn.form, database.roles, rules).map((ask) => [`${ask.role} ${ask.key.email}`, ask.place]),
    );
    database.find = async (asks: readonly Ask[]): Promise<Cells> => {
      let isEnded = false;
      return asks.map(({ role, key: { email } }) => {
        // A driver asks no further for a table of Postfix that has answered.
        if (isEnded) return [];
        const cells = at(drawn, places.get(`${role} ${email}`) ?? -1);
        isEnded = drawn.form === "postfix" && cells.length > 0;
        return cells;
      });
    };
    return database;
  }

  test("gives the same answers and the same failures, and is explained alike", async () => {
    const keys = fc.constantFrom("alice+t@x", "alice@x", '"a b+t"@x', "@x");
    await fc.assert(
      fc.asyncProperty(keys, fc.array(drawnSource, { minLength: 2, maxLength: 3 }), async (key, sources) => {
        const outcome = (work: () => string) => {
          try {
            return work();
          } catch (error) {
            return error;
          }
        };
        const expected = outcome(() => oneByOne(key, sources));
        const { source, resolver } = combine(membersOf(sources.map((one) => databaseOf(key, one))), rules, "first");
        expect(await ownersOf(source, key).catch((error: unknown) => error)).toEqual(expected);
        const { reply, asks } = await resolver.trace(key, 0);
        const told = reply.kind === "ok" ? reply.owners.text : reply.kind === "notFound" ? reply.because : reply.cause;
        expect(told).toEqual(expected);
        expect(asks.filter(({ state }) => state === "failed").length).toBe(expected === refusal ? 1 : 0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("union: each source's own answer", () => {
  test("is joined without duplicates, in the order of the sources", async () => {
    const union = unionOf(table({ "bob@x": "bob,boss" }), table({ "@x": "boss,eve" }), table({}));
    expect(await ownersOf(union, "bob@x")).toBe("bob,boss,eve");
    expect(await ownersOf(union, "z@x")).toBe("boss,eve");
    expect(await ownersOf(union, "z@y")).toBe("absent");
  });

  test("is joined at once when every source answers at once", () => {
    const union = unionOf(table({ "bob@x": "bob" }, { isAsync: false }), table({}, { isAsync: false }));
    expect(union.ownersOf("bob@x", 0)).toMatchObject({ kind: "ok", derived: false });
  });

  test("is no answer when one source has none", async () => {
    const broken = table({});
    broken.error = away;
    await expect(ownersOf(unionOf(table({ "bob@x": "bob" }), broken), "bob@x")).rejects.toBe(away);
  });

  test("counts as found for the address when one of them was", async () => {
    const direct = await unionOf(table({ "bob@x": "bob" }), table({ "@x": "boss" })).ownersOf("bob@x", 0);
    const derived = await unionOf(table({}), table({ "@x": "boss" })).ownersOf("bob@x", 0);
    expect([(direct as Found).derived, (derived as Found).derived]).toEqual([false, true]);
  });

  test("is foreign when every source says so", async () => {
    const closed = { refuses: () => foreign, refusesAfter: () => undefined, ownersOf: () => foreign };
    const both = membersOf([table({}), table({})]).map((member) => ({ ...member, gate: closed }));
    expect(await combine(both, rules, "union").source.ownersOf("a@x", 0)).toBe(foreign);
    const [first] = both;
    const other = membersOf([table({})]);
    expect(await combine([first!, ...other], rules, "union").source.ownersOf("a@x", 0)).toBe(absent);
  });

  test("is explained as it is answered", async () => {
    const { resolver } = combine(membersOf([table({ "bob@x": "bob" }), table({ "@x": "boss" })]), rules, "union");
    const { reply, asks } = await resolver.trace("bob@x", 0);
    expect(reply).toMatchObject({ owners: { text: "bob,boss" } });
    expect(asks.map(({ state, won }) => `${state} ${won}`)).toEqual([
      "answered true",
      "not_asked false",
      "answered false",
      "answered true",
    ]);
    const broken = table({});
    broken.error = away;
    const failed = combine(membersOf([table({ "bob@x": "bob" }), broken]), rules, "union").resolver;
    expect((await failed.trace("bob@x", 0)).reply).toMatchObject({ kind: "temporary", cause: away });
  });
});

test("one source is asked as if there were no others to combine it with", () => {
  const [member] = membersOf([table({})]);
  expect(combine([member!], rules, "union")).toEqual({ source: member!.gate, resolver: member!.resolver });
});

test("owners in the realm of the map are answered without it too, whichever source has them", async () => {
  const realm = rulesOf({ ...settings, loginRealm: "x" });
  const databases = [table({ "bob@x": "bob@x" }), table({ "@x": "boss@x" })];
  const members = databases.map((database) => ungated(database, realm));
  expect(await ownersOf(combine(members, realm, "first").source, "bob@x")).toBe("bob@x,bob");
  expect(await ownersOf(combine(members, realm, "union").source, "bob@x")).toBe("bob@x,bob,boss@x,boss");
});

test("owners are answered with their U-label by role, and as they stand by a table of Postfix", async () => {
  const rows = { "bob@x": "bob@xn--exmple-cua.com" };
  const byRole = table(rows, { keyForm: "roles" });
  expect(await ownersOf(chainOf(byRole, table({})), "bob@x")).toBe("bob@xn--exmple-cua.com,bob@exämple.com");
  expect(await ownersOf(chainOf(table(rows), byRole), "bob@x")).toBe("bob@xn--exmple-cua.com");
});

test("first: what no source is asked for is explained as foreign, or as no address", async () => {
  const elsewhere = () => fakeDatabase({}, { isAsync: true, domains: ["y"] });
  const { resolver } = combine(membersOf([elsewhere(), elsewhere()]), rules, "first");
  expect(await resolver.trace("bob@x", 0)).toEqual({ reply: foreign, asks: [] });
  const byRole = () => fakeDatabase({}, { isAsync: true });
  const open = combine(membersOf([byRole(), byRole()]), rules, "first").resolver;
  expect(await open.trace("@", 0)).toEqual({ reply: malformed, asks: [] });
});
