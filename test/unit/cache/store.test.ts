import { beforeEach, describe, expect, test } from "vitest";
import type { Entry } from "../../../src/cache/bounded-store.ts";
import { AnswerStore, type EntryKind } from "../../../src/cache/store.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, absent, Found } from "../../../src/model/reply.ts";

let evicted: EntryKind[];
let store: AnswerStore;

beforeEach(() => {
  evicted = [];
  store = make(1000);
});

function make(maxEntries: number, maxNegativeEntries = 1000): AnswerStore {
  const limits = { maxEntries, maxNegativeEntries, recipientDelimiter: "+" };
  return new AnswerStore(limits, (kind) => evicted.push(kind));
}

function entryOf(answer: Answer): Entry {
  return { answer, storedAtMs: 0, expiresAtMs: 60_000, usedAtMs: 0, askedAtMs: 0, sinceMs: 0, isSettled: false };
}

function owned(owners: readonly string[], derived = false): Found {
  return new Found(toOwnerList(owners)!, derived);
}

/** So many owners that a list is about 60 kB, as a catch-all for a whole company has. */
const company = (name: string) => Array.from({ length: 3000 }, (_, i) => `${name}${i}@example.com`);

describe("what a sender can vary at will", () => {
  test.each([
    ["accents", (i: number) => `${accented(i)}@x`],
    ["control characters", (i: number) => `a${"\u0001".repeat(i)}lice@x`],
    ["quotes", (i: number) => `"${"\\".repeat(i % 2)}alice${i}"@x`],
    ["backslashes", (i: number) => `al\\ice${i}@x`],
    ["blanks", (i: number) => `alice${" ".repeat(i)}@x`],
  ])("%s: does not push a real owner out, though found for the very key", (_what, variant) => {
    for (let i = 0; i < 1000; i++) store.set(`user${i}@x`, entryOf(owned([`user${i}@x`])));
    for (let i = 1; i < 1500; i++) store.set(variant(i), entryOf(owned(["alice"])));
    for (let i = 0; i < 1000; i++) expect(store.peek(`user${i}@x`)).toBeDefined();
    expect(store.sizes().positive).toBeLessThanOrEqual(1000 + 125);
  });

  test("is no part of an ordinary address: all that smtpd sends without quotes counts as the address itself", () => {
    const small = make(8);
    const keys = Array.from({ length: 8 }, (_, i) => `o'brien!#$%&*+-/=?^_\`{|}~${i}@[127.0.0.1]`);
    for (const key of keys) small.set(key, entryOf(owned(["alice"])));
    expect(keys.filter((key) => small.peek(key) === undefined)).toEqual([]);
  });
});

/** A spelling of aeiou@ that no other number has. */
function accented(i: number): string {
  return `${Array.from("aeiouaeiou", (letter, bit) => (i & (1 << bit) ? `${letter}\u0301`.normalize() : letter)).join("")}é`;
}

describe("memory", () => {
  test("of equal long lists is taken once, and free when the last of them has gone", () => {
    const made = Array.from({ length: 125 }, (_, i) => `made-up-${i}@x`);
    for (const key of made) store.set(key, entryOf(owned(company("u"), true)));
    const [first, ...others] = made.map((key) => store.peek(key)?.answer);
    expect(others.every((answer) => answer === first)).toBe(true);
    expect(store.bytes).toBeLessThan(300_000);
    for (const key of made) store.delete(key);
    expect(store.bytes).toBe(0);
  });

  test("is counted right when answers are replaced by others and by the same", () => {
    for (const owners of [company("u"), company("u"), ["alice"], company("v"), company("u")]) {
      store.set("a@x", entryOf(owned(owners, true)));
      store.set("b@x", entryOf(owned(company("u"), true)));
    }
    store.set("a@x", entryOf(absent));
    store.deleteAddress("b@x");
    store.deleteAddress("a@x");
    expect(store.bytes).toBe(0);
    expect(store.sizes()).toEqual({ positive: 0, negative: 0 });
  });

  test("is bounded whatever the lists are: those used least recently go", () => {
    for (let i = 0; i < 1000; i++) store.set(`list${i}@x`, entryOf(owned(company(`c${i}-`))));
    expect(store.bytes).toBeLessThanOrEqual(1_048_576);
    expect(store.sizes().positive).toBeGreaterThan(4);
    expect(store.peek("list999@x")).toBeDefined();
    expect(store.peek("list0@x")).toBeUndefined();
    expect(evicted.length + store.sizes().positive).toBe(1000);
  });

  test("holds one answer however long it is", () => {
    const small = make(1);
    small.set("all@x", entryOf(owned(Array.from({ length: 40_000 }, (_, i) => `user${i}@example.com`))));
    expect(small.peek("all@x")).toBeDefined();
  });

  test("is enough for as many ordinary answers as the number says", () => {
    const large = make(5000, 5000);
    for (let i = 0; i < 5000; i++) {
      large.set(`firstname.lastname-${i}@example.com`, entryOf(owned([`firstname.lastname-${i}@example.com`, "boss"])));
      large.set(`nobody.${i}@example.com`, entryOf(absent));
    }
    expect(large.sizes()).toEqual({ positive: 5000, negative: 5000 });
    expect(evicted).toEqual([]);
  });

  test("an equal list of an answer that is the address's own stays its own", () => {
    store.set("a@x", entryOf(owned(company("u"), false)));
    store.set('"b c"@x', entryOf(owned(company("u"), true)));
    expect(store.peek("a@x")?.answer).toMatchObject({ derived: false });
    expect(store.peek('"b c"@x')?.answer).toMatchObject({ derived: true });
  });
});

describe("an answer that the source gives again", () => {
  const said = (atMs: number) => ({ atMs, expiresAtMs: atMs + 60_000, listedAtMs: undefined });

  test("leaves the entry as it is but for its times", () => {
    store.keep("a@x", owned(["alice"]), said(0));
    const entry = store.peek("a@x");
    const answer = entry?.answer;
    store.keep("a@x", owned(["alice"]), said(5000));
    expect(store.peek("a@x")).toBe(entry);
    expect(entry?.answer).toBe(answer);
    expect(entry).toMatchObject({ storedAtMs: 5000, askedAtMs: 5000, expiresAtMs: 65_000, sinceMs: 0 });
  });

  test("makes it no more recently used: nobody used it", () => {
    const small = make(2);
    for (const key of ["a@x", "b@x", "a@x"]) small.keep(key, owned(["alice"]), said(0));
    small.keep("c@x", owned(["alice"]), said(0));
    expect(["a@x", "b@x", "c@x"].filter((key) => small.peek(key) !== undefined)).toEqual(["b@x", "c@x"]);
  });

  test("is settled by a listing that began after it was first given, and before this time", () => {
    store.keep("a@x", owned(["alice"]), said(0));
    store.keep("a@x", owned(["alice"]), { ...said(10), listedAtMs: 0 });
    expect(store.peek("a@x")?.isSettled).toBe(false);
    store.keep("a@x", owned(["alice"]), { ...said(20), listedAtMs: 5 });
    expect(store.peek("a@x")?.isSettled).toBe(true);
  });

  test("goes where it belongs when it is derived now", () => {
    const small = make(1);
    small.keep("a@x", owned(["alice"]), said(0));
    small.keep("a@x", owned(["alice"], true), said(5));
    small.keep("b@x", owned(["bob"]), said(5));
    expect(small.peek("a@x")?.answer).toMatchObject({ derived: true });
    expect(small.peek("b@x")).toBeDefined();
  });

  test("is a new entry when it is another, or was void", () => {
    store.keep("a@x", owned(["alice"]), said(0));
    store.keep("a@x", owned(["bob"]), said(5));
    expect(store.peek("a@x")).toMatchObject({ sinceMs: 5, isSettled: false });
    store.voidDomains(["x"], 6);
    store.keep("a@x", owned(["bob"]), said(7));
    expect(store.peek("a@x")).toMatchObject({ sinceMs: 7, storedAtMs: 7 });
  });
});
