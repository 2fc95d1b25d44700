/**
 * What a key can do to a question to a directory: nothing. Any filter with places for a key is the same tree for every key, on the
 * wire, and each place holds the key byte by byte (RFC 4511, 4515); any base has the same names in the same order (RFC 4514).
 */
import fc from "fast-check";
import { BerReader, BerWriter } from "ldapts";
import { describe, expect, test } from "vitest";
import type { Key } from "../../src/model/keys.ts";
import { writeFilter } from "../../src/source/ldap/encode-filter.ts";
import { planOfFilters } from "../../src/source/ldap/filters.ts";
import { escapeDnPart, fillText } from "../../src/source/ldap/key-text.ts";
import type { LdapTable } from "../../src/source/ldap/table.ts";

const runs = { numRuns: 1000 };

/** What is put into the places to find them again; no filter of these tests has such a character. */
const marks: Key = { email: "\u0001", user: "\u0002", domain: "\u0003" };

const hostile = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'()*\\&|!=<>~:,+";# \0\r\n\t/aé日'), minLength: 1, maxLength: 12 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    ")(uid=*",
    "*)(|(uid=*",
    "\\2a",
    "\\",
    "a)(objectClass=*",
    "x,dc=y",
    "x+cn=y",
    "#0402ff",
    "\\2c",
    "*",
  ),
);
const keys = fc.record({ user: hostile, domain: hostile }).map(({ user, domain }): Key => {
  return { email: `${user}@${domain}`, user, domain };
});

const place = fc.constantFrom(":email", ":user", ":domain", "smtp::email", "@:domain", ":user@:domain");
const value = fc.oneof(place, fc.constantFrom("smtp", "\\2a", "a b", "\\c3\\b6", ""));
const attribute = fc.constantFrom("mail", "proxyAddresses", "cn;lang-de", "1.2.840");
const item = fc.oneof(
  fc
    .tuple(attribute, fc.constantFrom("=", ">=", "<=", "~=", ":dn:=", ":2.5.13.2:="), value)
    .map((parts) => parts.join("")),
  fc.tuple(attribute, value, value, value).map(([name, a, b, c]) => `${name}=${a}*${b}*${c}`),
  attribute.map((name) => `${name}=*`),
);
const { filter: filters } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    item.map((one) => `(${one})`),
    fc
      .tuple(fc.constantFrom("&", "|"), fc.array(tie("filter"), { maxLength: 3 }))
      .map(([sign, all]) => `(${sign}${all.join("")})`),
    tie("filter").map((one) => `(!${one})`),
  ),
}));

function tableOf(address: string, searchBase = "dc=x"): LdapTable {
  const plan = planOfFilters({
    searchBase,
    scope: "sub",
    filters: { address },
    resultAttribute: [],
    loginAttribute: "uid",
    memberAttribute: [],
    domainAttribute: [],
  });
  return plan.roles.address as LdapTable;
}

/** A tree of tags, with the bytes of each leaf. */
type Tree = readonly [tag: number, content: string | readonly Tree[]];

function treeOf(table: LdapTable, key: Key): Tree {
  const writer = new BerWriter();
  writeFilter(writer, table.filter, key);
  const [tree, ...others] = read(writer.buffer);
  expect(others).toEqual([]);
  return tree as Tree;
}

function read(bytes: Buffer): Tree[] {
  const trees: Tree[] = [];
  for (let at = 0; at < bytes.length; ) {
    const reader = new BerReader(bytes.subarray(at));
    const tag = reader.peek() ?? 0;
    reader.readSequence(tag);
    const content = bytes.subarray(at + reader.offset, at + reader.offset + reader.length);
    trees.push([tag, (tag & 0x20) === 0 ? content.toString("latin1") : read(content)]);
    at += reader.offset + reader.length;
  }
  return trees;
}

function withKey([tag, content]: Tree, key: Key): Tree {
  if (typeof content !== "string") return [tag, content.map((one) => withKey(one, key))];
  const bytes = (part: string) => Buffer.from(part, "utf8").toString("latin1");
  const filled = (Object.keys(marks) as (keyof Key)[]).reduce(
    (text, part) => text.replaceAll(marks[part], () => `\u0000${part}\u0000`),
    content,
  );
  return [tag, filled.replaceAll(/\0(email|user|domain)\0/g, (_, part: keyof Key) => bytes(key[part]))];
}

describe("a key is a value", () => {
  test("in a filter: the tree on the wire is the same, and only the places differ", () => {
    fc.assert(
      fc.property(filters, keys, (text, key) => {
        const table = tableOf(text);
        expect(treeOf(table, key)).toEqual(withKey(treeOf(table, marks), key));
      }),
      runs,
    );
  });

  test("in a base: as many names, the same attributes, and the key as their values", () => {
    const bases: readonly (readonly [string, (key: Key) => readonly string[]])[] = [
      ["mail=:email,ou=people,dc=x", ({ email }) => [`mail=${email}`, "ou=people", "dc=x"]],
      ["uid=:user+o=:domain,dc=x", ({ user, domain }) => [`uid=${user}`, `o=${domain}`, "dc=x"]],
      ["dc=:domain", ({ domain }) => [`dc=${domain}`]],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...bases), keys, ([base, names], key) => {
        expect(namesIn(fillText(tableOf("(a=b)", base).base, key, escapeDnPart))).toEqual(names(key));
      }),
      runs,
    );
  });

  test("and is asked for only when it has every part that stands there", () => {
    const lacking: Key = { email: "@x", user: "", domain: "x" };
    expect(tableOf("(mail=*:user*)").takes(lacking)).toBe(false);
    expect(tableOf("(a=b)", "uid=:user,dc=x").takes(lacking)).toBe(false);
    expect(tableOf("(mail=:email)").takes(lacking)).toBe(true);
  });
});

/** Reads a DN as RFC 4514, section 3, has it: names between commas and pluses, blanks around a value not counting unless escaped. */
function namesIn(dn: string): string[] {
  const names: string[] = [];
  let name = "";
  let kept = 0;
  for (const [sign] of dn.matchAll(/\\[0-9A-Fa-f]{2}|\\.|[\s\S]/gu)) {
    if (sign === "," || sign === "+") {
      names.push(name);
      name = "";
      kept = 0;
    } else if (sign.length === 3 && sign.startsWith("\\")) {
      name += String.fromCharCode(Number.parseInt(sign.slice(1), 16));
      kept = name.length;
    } else if (sign === '"' || sign === ";" || sign === "<" || sign === ">" || sign.startsWith("\\")) {
      throw new Error(`${sign} stands bare in ${dn}`);
    } else {
      name += sign;
      if (sign !== " ") kept = name.length;
    }
    if (kept === 0) name = name.trimStart();
  }
  names.push(name);
  return names;
}
