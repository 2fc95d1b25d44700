import { describe, expect, test } from "vitest";
import {
  foldDomain,
  foldKey,
  internalForm,
  isExternalForm,
  isHosted,
  joinAddress,
  quoteLocalpart,
  splitAddress,
  stripExtension,
  unquoteLocalpart,
} from "../../../src/model/address.ts";

describe("foldKey", () => {
  test.each([
    ["Alice@Example.COM", "alice@example.com"],
    ["JÖRG@example.com", "jörg@example.com"],
    ["alice@EXÄMPLE.com", "alice@xn--exmple-cua.com"],
    ["alice@xn--exmple-cua.com", "alice@xn--exmple-cua.com"],
    ["ALICE", "alice"],
    ["JÖRG", "jörg"],
    ["@Example.com", "@example.com"],
    ["@Exämple.com", "@xn--exmple-cua.com"],
    ["User@[127.0.0.1]", "user@[127.0.0.1]"],
    ["a@b@Exämple.com", "a@b@xn--exmple-cua.com"],
    ["ü@x_y.example", "ü@x_y.example"],
    ["WEIẞ@straße.de", "weiss@strasse.de"],
  ])("folds %s to %s", (key, folded) => {
    expect(foldKey(key)).toBe(folded);
  });

  test.each([
    [""],
    ["a\0b@example.com"],
    ["alice@exä mple.com"],
    ["alice@exämple.com/x"],
    ["alice@ä%2e.com"],
    ["a@ä:25"],
  ])("takes %j for no address", (key) => {
    expect(foldKey(key)).toBeUndefined();
  });

  test("never folds an accented domain to the unaccented one", () => {
    expect(foldKey("alice@exämple.com")).not.toBe(foldKey("alice@example.com"));
  });
});

describe("foldDomain", () => {
  test("takes a domain without an A-label for none", () => {
    expect(foldDomain("\u{d800}ä.com")).toBeUndefined();
    expect(foldDomain("xn--ä.com")).toBeUndefined();
  });

  test("leaves ASCII domains as they are but for their case", () => {
    expect(foldDomain("MX.Example")).toBe("mx.example");
  });
});

describe("splitAddress and joinAddress", () => {
  test.each([
    ["alice@example.com", "alice", "example.com"],
    ["a@b@example.com", "a@b", "example.com"],
    ["alice", "alice", ""],
    ["@example.com", "", "example.com"],
    ["alice@", "alice", ""],
  ])("splits %s at its last @", (key, localpart, domain) => {
    expect(splitAddress(key)).toEqual({ localpart, domain });
  });

  test("joins what was split", () => {
    expect(joinAddress({ localpart: "alice", domain: "example.com" })).toBe("alice@example.com");
    expect(joinAddress({ localpart: "alice", domain: "" })).toBe("alice");
  });
});

describe("isHosted", () => {
  const hosted = new Set(["x"]);

  test.each<[string, string, ReadonlySet<string> | undefined, boolean]>([
    ["a domain that is listed", "alice@x", hosted, true],
    ["a domain that is not", "alice@y", hosted, false],
    ["the domain after the last @", "alice@x@y", hosted, false],
    ["a subdomain of one that is listed", "alice@sub.x", hosted, false],
    ["a catch-all of a domain that is not", "@y", hosted, false],
    ["a local domain, listed or not", "alice@local", hosted, true],
    ["a key without a domain", "alice", hosted, true],
    ["any domain when the source cannot tell", "alice@y", undefined, true],
    ["no domain when the source lists none", "alice@x", new Set(), false],
  ])("%s: %s", (_, key, domains, expected) => {
    expect(isHosted(key, domains, new Set(["local"]))).toBe(expected);
  });
});

describe("quoting", () => {
  test.each([
    ['"two words"', "two words"],
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', "a\\b"],
    ["plain", "plain"],
    ['"plain"', "plain"],
    ['""', ""],
    ["a\\", "a"],
  ])("unquotes %s to %s", (external, internal) => {
    expect(unquoteLocalpart(external)).toBe(internal);
  });

  test.each([
    ['"two words"', true],
    ['"a\\"b"', true],
    ['""', true],
    ['"plain"', false],
    ["two words", false],
    ['a"', false],
    ["a\\", false],
    ['"a"b"', false],
  ])("tells whether %s is what smtpd asks for first", (localpart, isExternal) => {
    expect(isExternalForm(localpart)).toBe(isExternal);
    expect(internalForm(localpart)).toBe(isExternal ? unquoteLocalpart(localpart) : localpart);
  });

  test.each([
    ["two words", '"two words"'],
    ['a"b', '"a\\"b"'],
    ["a@b", '"a@b"'],
    ["plain", "plain"],
    ["a.b", "a.b"],
    ["a..b", '"a..b"'],
    [".a", '".a"'],
    ["", '""'],
    ["a\u0001b", '"a\u0001b"'],
    ["jörg", "jörg"],
    ["o'brien", "o'brien"],
  ])("quotes %j as %s", (internal, external) => {
    expect(quoteLocalpart(internal)).toBe(external);
  });
});

describe("stripExtension", () => {
  test.each([
    ["alice+tag", "+", "alice"],
    ["alice+a+b", "+", "alice"],
    ["alice-a+b", "+-", "alice"],
    ["alice", "+", undefined],
    ["+tag", "+", undefined],
    ["alice+", "+", "alice"],
    ["alice+tag", "", undefined],
    ["postmaster", "m", undefined],
    ["mailer-daemon", "-", undefined],
    ["double-bounce", "-", undefined],
    ["owner-list", "-", undefined],
    ["owner+list", "+", "owner"],
    ["list-request", "-", undefined],
    ["-request", "-", undefined],
    ["list-other", "-", "list"],
    ["list-request", "q", "list-re"],
  ])("of %s with %j leaves %s", (localpart, delimiters, stripped) => {
    expect(stripExtension(localpart, delimiters)).toBe(stripped);
  });
});
