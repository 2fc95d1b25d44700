import { describe, expect, test } from "vitest";
import { verdictsFor } from "../../../src/lookup/verdict.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { absent, Found, type Reply } from "../../../src/model/reply.ts";
import type { MismatchRestriction } from "../../../src/model/restrictions.ts";

const owned = new Found(toOwnerList(["Alice@example.com"])!, false);
const temp: Reply = { kind: "temporary", reason: "" };
const authenticated = "reject_authenticated_sender_login_mismatch";
const unauthenticated = "reject_unauthenticated_sender_login_mismatch";
const both = "reject_sender_login_mismatch";
const known = "reject_known_sender_login_mismatch";
const all: MismatchRestriction[] = [authenticated, unauthenticated, both, known];

function codes(reply: Reply, login: string | undefined, sender = "s@x"): Record<string, number> {
  return Object.fromEntries(verdictsFor(reply, sender, login).map(({ restriction, code }) => [restriction, code]));
}

function sameForAll(code: number): Record<string, number> {
  return Object.fromEntries(all.map((restriction) => [restriction, code]));
}

describe("verdictsFor", () => {
  test("lets an owner pass everywhere, whatever the case of the login", () => {
    expect(codes(owned, "ALICE@Example.com")).toEqual(sameForAll(250));
  });

  test("refuses a login that is not among the owners wherever logins are checked", () => {
    expect(codes(owned, "bob@example.com")).toEqual({ ...sameForAll(553), [unauthenticated]: 250 });
  });

  test("refuses a login for an address that nobody owns, except where only known addresses count", () => {
    expect(codes(absent, "bob@example.com")).toEqual({ ...sameForAll(553), [unauthenticated]: 250, [known]: 250 });
  });

  test("refuses a client that is not logged in for an owned address, except where only logins are checked", () => {
    expect(codes(owned, undefined)).toEqual({ ...sameForAll(553), [authenticated]: 250 });
  });

  test("lets a client that is not logged in use an address that nobody owns", () => {
    expect(codes(absent, undefined)).toEqual(sameForAll(250));
  });

  test("defers where there is no answer, and only where one is asked for", () => {
    expect(codes(temp, "bob")).toEqual({ ...sameForAll(451), [unauthenticated]: 250 });
    expect(codes({ kind: "timeout", reason: "" }, undefined)).toEqual({ ...sameForAll(451), [authenticated]: 250 });
  });

  test("never checks the empty sender", () => {
    expect(codes(owned, "bob", "")).toEqual(sameForAll(250));
  });

  test.each<[string, Reply, string | undefined, string]>([
    ["not owned", absent, "bob", "5.7.1 <S@x>: Sender address rejected: not owned by user bob"],
    ["not logged in", owned, undefined, "5.7.1 <S@x>: Sender address rejected: not logged in"],
    ["deferred", temp, "bob", "4.3.0 <S@x>: Temporary lookup failure"],
    ["misconfigured", { kind: "permanent", reason: "" }, "bob", "4.3.5 Server configuration error"],
  ])("writes the text of smtpd when %s", (_case, reply, login, text) => {
    expect(verdictsFor(reply, "S@x", login)[2]?.text).toBe(text);
  });

  test.each([
    ['"two words"@x', "two words@x"],
    ['"a\\"b"@x', 'a"b@x'],
    ['"tab\there"@x', "tab here@x"],
    ["Alice", "Alice"],
  ])("repeats %j as smtpd does: %j", (sender, repeated) => {
    expect(verdictsFor(absent, sender, "bob")[2]?.text).toBe(
      `5.7.1 <${repeated}>: Sender address rejected: not owned by user bob`,
    );
  });
});
