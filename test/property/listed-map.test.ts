/** What a listing says of who may send as what, against the lookup of the same sources. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { combine, ungated } from "../../src/lookup/combine.ts";
import { type ListedMap, listMap } from "../../src/lookup/reverse.ts";
import type { Ask } from "../../src/model/keys.ts";
import { type ListedLine, noSignal, toListedLine } from "../../src/model/listing.ts";
import { withULabels } from "../../src/model/owner-forms.ts";
import { isOwner } from "../../src/model/owner-list.ts";
import type { Database } from "../../src/model/source.ts";
import { parseTexthash } from "../../src/source/texthash/parse.ts";
import { fakeDatabase } from "../support/fakes/fakes.ts";

type Row = readonly [key: string, owner: string | null, kind: string | null];

const logins = ["alice@r.test", "bob@r.test", "carol", "dora@xn--exmple-cua.com"];
const forms = [...logins, "ALICE", "bob", "dora@exämple.com"];
const someLogin = fc.constantFrom(...logins);
const addresses = ["a@x.test", "a+t@x.test", "b@x.test", '"b c"@x.test', "b@y.test", "a@r.test"];
const someRow: fc.Arbitrary<Row> = fc.oneof(
  fc.tuple(fc.constantFrom(...addresses), fc.option(someLogin), fc.constant("address")),
  fc.tuple(fc.constantFrom("@x.test", "@y.test"), someLogin, fc.constant("catch-all")),
  fc.tuple(fc.constantFrom(...addresses, "@x.test", "*"), someLogin, fc.constant("grant")),
);

/** A database by role, answered by its rows as the queries of a preset answer. */
function databaseOf(name: string, rows: readonly Row[]): Database {
  const ownersOf = (isWanted: (row: Row) => boolean) =>
    rows.flatMap((row) => (isWanted(row) && row[1] !== null ? [row[1]] : []));
  const cellsFor = ({ role, key: { email, domain } }: Ask) => {
    const isRow = (row: Row) => row[0] === email && row[2] === "address";
    if (role === "address") return ownersOf(isRow);
    if (role === "grant")
      return ownersOf(([key, , kind]) => kind === "grant" && [email, `@${domain}`, "*"].includes(key));
    return rows.some(isRow) ? [] : ownersOf(([key, , kind]) => kind === "catch-all" && key === `@${domain}`);
  };
  return {
    ...fakeDatabase({}),
    name,
    find: (asks) => asks.map(cellsFor),
    listing: listingOf(rows.flatMap((row) => toListedLine(row) ?? [])),
  };
}

/** A text file: with the key of our own and both forms of an owner, or as Postfix reads it. */
function textFileOf(name: string, text: string, isPostfixTable = false): Database {
  const { values } = parseTexthash(Buffer.from(text));
  const cellsOf = (key: string) => {
    const cells = values.has(key) ? [values.get(key) as string] : [];
    return isPostfixTable ? cells : withULabels(cells);
  };
  return {
    ...fakeDatabase({}, { keyForm: "postfix", roles: isPostfixTable ? ["address"] : ["address", "grant"] }),
    name,
    find: (asks) => asks.map(({ role, key }) => cellsOf(role === "grant" ? "*" : key.email)),
    listing: listingOf([...values].flatMap((row) => toListedLine(row) ?? [])),
  };
}

function listingOf(lines: readonly ListedLine[]): NonNullable<Database["listing"]> {
  return {
    async *list() {
      yield lines;
    },
    watchChanges: () => noSignal(""),
  };
}

interface Asked {
  readonly databases: readonly Database[];
  readonly how: "first" | "union";
  readonly realm: string | undefined;
}

function lookupIn({ databases, how, realm }: Asked) {
  const rules = { recipientDelimiter: "+", localDomains: new Set<string>(), loginRealm: realm };
  const members = databases.map((database) => ungated(database, rules));
  return { rules, source: combine(members, rules, how).source };
}

/** Of `@domain`, an address there that nobody has. */
const askedFor = (key: string) => (key.startsWith("@") ? `nobody${key}` : key);

async function ownersOf(asked: Asked, key: string) {
  const answer = await lookupIn(asked).source.ownersOf(askedFor(key), 0);
  return answer.kind === "ok" ? answer.owners : undefined;
}

async function expectSameOwners(asked: Asked, map: ListedMap): Promise<void> {
  const text = [...map.texthash("<nobody>")].map(([key, owners]) => `${key}\t${owners}\n`).join("");
  const { repeated, ignored } = parseTexthash(Buffer.from(text));
  expect([...repeated, ...ignored]).toEqual([]);
  const file: Asked = { databases: [textFileOf("file", text, true)], how: "first", realm: undefined };
  for (const key of map.keys()) {
    if (key === "*") continue;
    const wanted = (await ownersOf(asked, key))?.logins ?? [];
    const found = (await ownersOf(file, key))?.logins ?? [];
    expect([key, found.filter((login) => login !== "<nobody>").sort()]).toEqual([key, [...wanted].sort()]);
  }
}

async function expectSameKeys(asked: Asked, map: ListedMap, login: string): Promise<void> {
  const named = new Set([...map.sendables({ login })].map(({ key }) => key));
  const granted = [...map.sendables({ login })].filter(({ kind }) => kind === "grant").map(({ key }) => key);
  for (const key of map.keys()) {
    if (key === "*") continue;
    const owners = await ownersOf(asked, key);
    // A grant to the domain or to everything is told once.
    const isTold = named.has(key) || granted.includes("*") || granted.includes(key.slice(key.lastIndexOf("@")));
    expect([login, key, isTold]).toEqual([login, key, owners !== undefined && isOwner(owners, login)]);
  }
}

test("a listing names for every key whom the lookup lets pass, and nobody else", { timeout: 60_000 }, async () => {
  const someSource = fc.record({ rows: fc.array(someRow, { maxLength: 8 }), isText: fc.boolean() });
  const someMap = fc.record({
    sources: fc.array(someSource, { minLength: 1, maxLength: 3 }),
    how: fc.constantFrom("first", "union"),
    realm: fc.constantFrom(undefined, "r.test"),
  });
  await fc.assert(
    fc.asyncProperty(someMap, async ({ sources, how, realm }) => {
      const databases = sources.map(({ rows, isText }, i) =>
        isText ? textFileOf(`s${i}`, textOf(rows)) : databaseOf(`s${i}`, rows),
      );
      const asked: Asked = { databases, how, realm };
      const { rules } = lookupIn(asked);
      const { signal } = new AbortController();
      const map = await listMap({ databases, rules, combine: how, deadlineMs: 0, signal });
      await expectSameOwners(asked, map);
      for (const login of forms) await expectSameKeys(asked, map, login);
    }),
    { numRuns: 500 },
  );
});

/** The rows as the lines of a text file: a key stands once there, and no owner is a cell of separators. */
function textOf(rows: readonly Row[]): string {
  return [...new Map(rows.map(([key, owner]) => [key, owner ?? ","]))].map((cells) => `${cells.join(" ")}\n`).join("");
}
