import { describe, expect, test } from "vitest";
import { toLdapError } from "../../../../src/source/ldap/errors.ts";
import { expand } from "../../../../src/source/ldap/expand.ts";
import { anyEntry } from "../../../../src/source/ldap/filter-template.ts";
import { answerAsks } from "../../../../src/source/ldap/lookup.ts";
import type { Entry, RunSearch, Search } from "../../../../src/source/ldap/search.ts";
import type { LdapTable } from "../../../../src/source/ldap/table.ts";

const key = { email: "team@x", user: "team", domain: "x" };

function tableWith(changes: Partial<LdapTable> = {}): LdapTable {
  return {
    base: ["dc=x"],
    scope: "sub",
    filter: anyEntry,
    dereference: "never",
    attributes: { result: ["uid"], leaf: ["mail"], terminal: ["drop"], special: ["member"] },
    sizeLimit: 0,
    expansionLimit: 0,
    recursionLimit: 10,
    takes: () => true,
    format: (value) => value,
    ...changes,
  };
}

type Attributes = Readonly<Record<string, readonly string[]>>;

/** A directory: what is found for the key, and entries by DN. */
class Directory {
  readonly #found: readonly Attributes[];
  readonly #entries: Readonly<Record<string, Attributes>>;
  readonly searches: Search[] = [];
  underWay = 0;
  mostUnderWay = 0;

  constructor(found: readonly Attributes[], entries: Readonly<Record<string, Attributes>> = {}) {
    this.#found = found;
    this.#entries = entries;
  }

  readonly search: RunSearch = async (search) => {
    this.searches.push(search);
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay--;
    if (search.scope === "sub") return this.#found.map((attributes) => toEntry("found", attributes, search));
    const attributes = this.#entries[search.base];
    if (attributes === undefined) throw toLdapError(32, "");
    return [toEntry(search.base, attributes, search)];
  };
}

/** An entry with what was asked of it; of `member;range=…` the part that is meant, two at a time. */
function toEntry(dn: string, attributes: Attributes, { attributes: asked }: Search): Entry {
  const from = Number(/range=(\d+)/.exec(asked.join())?.[1] ?? 0);
  return {
    dn,
    attributes: Object.entries(attributes).map(([type, values]) => {
      if (type !== "cut") return { type, values };
      const part = values.slice(from, from + 2);
      const last = from + 2 >= values.length ? "*" : String(from + 1);
      return { type: `member;range=${from}-${last}`, values: part };
    }),
  };
}

function ask(directory: Directory, table = tableWith(), dangling: string[] = []) {
  return expand(table, key, { search: directory.search, onDangling: (dn) => dangling.push(dn) });
}

describe("which values count", () => {
  test.each([
    ["those of result attributes", { uid: ["a", "b"] }, ["a", "b"]],
    ["of leaf attributes where nothing leads on", { mail: ["m"], uid: ["a"] }, ["m", "a"]],
    ["not of leaf attributes where something does", { mail: ["m"], uid: ["a"], member: ["one"] }, ["a", "1"]],
    ["of terminal attributes alone", { drop: ["d"], uid: ["a"], member: ["one"], mail: ["m"] }, ["d"]],
    ["none of attributes that were not asked for", { cn: ["c"] }, []],
  ])("%s", async (_, found, values) => {
    expect(await ask(new Directory([found], { one: { uid: ["1"] } }))).toEqual(values);
  });

  test("each entry is judged by itself", async () => {
    expect(await ask(new Directory([{ drop: ["d"], mail: ["x"] }, { mail: ["m"] }]))).toEqual(["d", "m"]);
  });

  test("in the order of the entries, however long each search takes", async () => {
    const directory = new Directory([{ member: ["deep", "flat"] }, { uid: ["last"] }], {
      deep: { member: ["deeper"] },
      deeper: { uid: ["first"] },
      flat: { uid: ["second"] },
    });
    expect(await ask(directory)).toEqual(["first", "second", "last"]);
  });

  test("the same entry by two ways counts twice", async () => {
    const directory = new Directory([{ member: ["a", "b"] }], {
      a: { member: ["c"] },
      b: { member: ["c"] },
      c: { uid: ["1"] },
    });
    expect(await ask(directory, tableWith({ expansionLimit: 2 }))).toEqual(["1", "1"]);
    await expect(ask(directory, tableWith({ expansionLimit: 1 }))).rejects.toThrow("expansion_limit = 1");
  });

  test("an entry that is not there counts for nothing, and is told", async () => {
    const dangling: string[] = [];
    expect(
      await ask(new Directory([{ member: ["gone", "one"] }], { one: { uid: ["1"] } }), tableWith(), dangling),
    ).toEqual(["1"]);
    expect(dangling).toEqual(["gone"]);
  });

  test("a key that the table does not take is not asked for", async () => {
    const directory = new Directory([{ uid: ["a"] }]);
    expect(await ask(directory, tableWith({ takes: () => false }))).toEqual([]);
    expect(directory.searches).toEqual([]);
  });
});

describe("fails, and never answers in part", () => {
  test("in a circle, when it closes", async () => {
    const directory = new Directory([{ member: ["a"] }], { a: { member: ["b"] }, b: { member: ["A"] } });
    await expect(ask(directory, tableWith({ recursionLimit: 1000 }))).rejects.toThrow("in a circle");
    expect(directory.searches).toHaveLength(3);
  });

  test("for a value that is no text", async () => {
    const search: RunSearch = async () => [{ dn: "x", attributes: [{ type: "uid", values: [Buffer.from([0xff])] }] }];
    await expect(expand(tableWith(), key, { search, onDangling: () => {} })).rejects.toThrow(
      "a value of uid is no text",
    );
  });

  test("where the server has more than it sends", async () => {
    const search: RunSearch = () => Promise.reject(toLdapError(4, ""));
    await expect(expand(tableWith(), key, { search, onDangling: () => {} })).rejects.toMatchObject({
      code: "ERR_SOURCE_RESULT",
    });
  });

  test("for more entries than any key needs", async () => {
    const many = Array.from({ length: 100_001 }, () => ({ dn: "x", attributes: [] }));
    const search: RunSearch = async () => many;
    await expect(expand(tableWith(), key, { search, onDangling: () => {} })).rejects.toThrow(
      "more than 100000 entries",
    );
  });

  test("and makes no further search once one failed", async () => {
    const members = Array.from({ length: 100 }, (_, i) => `m${i}`);
    const searches: string[] = [];
    const search: RunSearch = async ({ base, scope }) => {
      searches.push(base);
      await new Promise((resolve) => setImmediate(resolve));
      if (scope === "sub") return [{ dn: "x", attributes: [{ type: "member", values: members }] }];
      throw toLdapError(50, "");
    };
    const lookup = { shape: "", arms: [{ table: tableWith(), key }], isFirstHitOnly: false, deadlineMs: 0 };
    await expect(answerAsks(lookup, { search, onDangling: () => {} })).rejects.toThrow("insufficientAccessRights");
    await new Promise((resolve) => setImmediate(resolve));
    expect(searches.length).toBeLessThanOrEqual(13);
  });
});

describe("a base that is not there", () => {
  const search: RunSearch = () => Promise.reject(toLdapError(32, ""));
  const needs = { search, onDangling: () => {} };

  test("is a failure", async () => {
    await expect(expand(tableWith(), key, needs)).rejects.toThrow("noSuchObject (there is no such search base");
  });

  test("is not found where each key has its own", async () => {
    const base = ["dc=", (one: typeof key) => one.domain, ",dc=x"];
    expect(await expand(tableWith({ base }), key, needs)).toEqual([]);
  });
});

test("the parts of a key in a base are escaped as parts of a DN", async () => {
  const directory = new Directory([]);
  const hostile = { ...key, user: 'a,b+c"d\\e<f>g;h#i=j\tk l\0' };
  const base = ["uid=", (one: typeof key) => one.user, ",dc=x"];
  await expand(tableWith({ base }), hostile, { search: directory.search, onDangling: () => {} });
  expect(directory.searches[0]?.base).toBe("uid=a\\2Cb\\2Bc\\22d\\5Ce\\3Cf\\3Eg\\3Bh\\23i=j\\09k\\20l\\00,dc=x");
});

test("an attribute that the server sends in parts is fetched to its end (Active Directory)", async () => {
  const members = ["a", "b", "c", "d", "e"];
  const entries = Object.fromEntries(members.map((name) => [name, { uid: [name] }]));
  const directory = new Directory([{ member: ["group"] }], { ...entries, group: { cut: members } });
  expect(await ask(directory)).toEqual(members);
  const ranges = directory.searches.flatMap(({ attributes }) => attributes.filter((name) => name.includes("range")));
  expect(ranges).toEqual(["member;range=2-*", "member;range=4-*"]);
});

describe("answerAsks", () => {
  const owner = (uid: string) => tableWith({ base: [uid] });
  const search: RunSearch = async ({ base }) => {
    if (base === "fails") throw toLdapError(50, "");
    return base === "nobody" ? [] : [{ dn: base, attributes: [{ type: "uid", values: [base] }] }];
  };
  const needs = { search, onDangling: () => {} };
  const lookup = (isFirstHitOnly: boolean, ...bases: string[]) => ({
    shape: "",
    arms: bases.map((base) => ({ table: owner(base), key })),
    isFirstHitOnly,
    deadlineMs: 0,
  });

  test("gives the values of each question", async () => {
    expect(await answerAsks(lookup(false, "a", "nobody", "b"), needs)).toEqual([["a"], [], ["b"]]);
  });

  test("a failure of any question is the lookup's", async () => {
    await expect(answerAsks(lookup(false, "a", "fails"), needs)).rejects.toThrow("insufficientAccessRights");
  });

  test("where the first hit counts, a later failure does not, and an earlier one does", async () => {
    expect(await answerAsks(lookup(true, "nobody", "a", "fails", "b"), needs)).toEqual([[], ["a"], [], []]);
    await expect(answerAsks(lookup(true, "fails", "a"), needs)).rejects.toThrow("insufficientAccessRights");
  });

  test("a large group keeps few searches under way", async () => {
    const members = Array.from({ length: 500 }, (_, i) => `m${i}`);
    const directory = new Directory(
      [{ member: members }],
      Object.fromEntries(members.map((one) => [one, { uid: [one] }])),
    );
    const table = { ...lookup(false), arms: [{ table: tableWith(), key }] };
    const [values] = await answerAsks(table, { search: directory.search, onDangling: () => {} });
    expect(values).toEqual(members);
    expect(directory.mostUnderWay).toBe(6);
  });
});
