import { BerWriter, FilterParser } from "ldapts";
import { describe, expect, test } from "vitest";
import { writeFilter } from "../../../../src/source/ldap/encode-filter.ts";
import { parseFilter } from "../../../../src/source/ldap/filter-template.ts";
import type { KeyText } from "../../../../src/source/ldap/key-text.ts";

const key = { email: "alice@example.com", user: "alice", domain: "example.com" };

/** The bytes of a filter as a request carries them. */
function encoded(text: KeyText, bound = key): Buffer {
  const filter = parseFilter(text);
  if ("problem" in filter) throw new Error(filter.problem);
  const writer = new BerWriter();
  writeFilter(writer, filter, bound);
  return writer.buffer;
}

/** The bytes that ldapts makes of a filter in the form that it reads. */
function reference(text: string): Buffer {
  const writer = new BerWriter();
  FilterParser.parseString(text).write(writer);
  return writer.buffer;
}

function problemOf(...text: (string | ((bound: typeof key) => string))[]): string {
  const filter = parseFilter(text);
  return "problem" in filter ? filter.problem : "none";
}

describe("reads what RFC 4515 writes", () => {
  test.each([
    "(mail=alice@example.com)",
    "(&(objectClass=person)(|(mail=a)(uid=b)))",
    "(!(accountStatus=disabled))",
    "(mail=*)",
    "(mail=a*)",
    "(mail=*a*b*c)",
    "(n>=5)",
    "(n<=5)",
    "(sn~=meier)",
    "(uid:caseExactMatch:=x)",
    "(ou:dn:=people)",
    "(ou:dn:2.4.6.8:=x)",
    "(:dn:2.4.6.8:=x)",
    "(cn=a\\2ab)",
  ])("%s", (text) => {
    expect(encoded([text])).toEqual(reference(text));
  });
});

describe("reads what libldap reads beside it", () => {
  test.each([
    ["no outer parentheses", "mail=a", "(mail=a)"],
    ["blanks between the parts", "( & (a=b) ( | (c=d)  (e=f) ) )", "(&(a=b)(|(c=d)(e=f)))"],
    ["line breaks between the parts", "(&\n  (a=b)\n\t(c=d)\n)", "(&(a=b)(c=d))"],
    ["blanks in a value are its own", "(cn= a b )", "(cn= a b )"],
    ["escapes of LDAPv2", "(cn=a\\(b\\)c\\*d\\\\e)", "(cn=a\\28b\\29c\\2ad\\5ce)"],
    ["an equals sign in a value", "(cn=a=b)", "(cn=a=b)"],
  ])("%s", (_, text, same) => {
    expect(encoded([text])).toEqual(reference(same));
  });

  test("bytes beyond ASCII by their escapes, which ldapts takes for characters each", () => {
    expect(encoded(["(cn=j\\c3\\B6rg)"])).toEqual(encoded(["(cn=jörg)"]));
  });

  test.each([
    ["(&)", "a000"],
    ["(|)", "a100"],
  ])("%s, which is true or false (RFC 4526)", (text, bytes) => {
    expect(encoded([text]).toString("hex")).toBe(bytes);
  });
});

describe("a part of the key is a value, whatever it holds", () => {
  const hostile = '*()\\,+"=<>;#)(uid=*\0 jörg';
  const bound = { email: hostile, user: hostile, domain: "d" };
  const part = (one: typeof key) => one.email;

  test("as a whole value", () => {
    const writer = new BerWriter();
    writer.startSequence(0xa3);
    writer.writeString("mail");
    writer.writeString(hostile);
    writer.endSequence();
    expect(encoded(["(mail=", part, ")"], bound)).toEqual(writer.buffer);
  });

  test("between stars", () => {
    expect(encoded(["(mail=*", part, "@x*)"], { ...bound, email: "a*b" })).toEqual(reference("(mail=*a\\2ab@x*)"));
  });

  test("nothing between stars is any value", () => {
    expect(encoded(["(mail=*", part, "*)"], { ...bound, email: "" })).toEqual(reference("(mail=*)"));
  });

  test.each([
    ["an attribute", ["(", part, "=x)"]],
    ["a filter", ["(&", part, ")"]],
    ["what follows a backslash", ["(mail=\\", part, ")"]],
    ["everything", [part]],
  ] as [string, KeyText][])("it cannot be %s", (_, text) => {
    expect(parseFilter(text)).toHaveProperty("problem");
  });
});

describe("refuses", () => {
  test.each([
    ["", "is empty"],
    ["  ", "is empty"],
    ["(mail=a", "lacks a closing parenthesis"],
    ["(&(a=b)", "lacks a closing parenthesis"],
    ["(a=b))", "goes on after the parenthesis that ends it"],
    ["(a=b)(c=d)", "goes on after the parenthesis that ends it"],
    ["((a=b))", "has two parentheses in a row where & | ! or an attribute is expected"],
    ["(!(a=b)(c=d))", "needs exactly one filter after !"],
    ["(a)", 'expected attribute=value, got "a"'],
    ["(=x)", '"" is no name of an attribute'],
    ["(a b=x)", '"a b" is no name of an attribute'],
    ["(a=b(c)", "has a ( in a value: write \\28"],
    ["(a>=b*)", "has a * where none can stand: write \\2a"],
    ["(a=\\zz)", "has a \\ that is followed by no two hexadecimal digits"],
    ["(:=x)", 'expected attribute:dn:rule:=value, got ":="'],
    ["(&a=b)", "expected (, got a"],
    [`${"(!".repeat(60)}(a=b)${")".repeat(60)}`, "is nested more than 50 deep"],
  ])("%s", (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });
});
