import { describe, expect, test } from "vitest";
import { claimsToOwn, outcomeOf, verdictOn, verdictWithoutLookup } from "../../../src/lookup/message-verdict.ts";
import type { Claim } from "../../../src/model/message.ts";
import { OwnerList } from "../../../src/model/owner-list.ts";
import { absent, Found, foreign, malformed } from "../../../src/model/reply.ts";

const claims: readonly Claim[] = [
  { place: "Envelope sender", address: "bob@x.example" },
  { place: "From", address: "boss@x.example" },
];
const bob = "bob@x.example";

describe("outcomeOf", () => {
  const owned = new Found(new OwnerList(["alice", "BOB@x.example"]), false);
  test.each([
    ["owned, caselessly", owned, "owned"],
    ["owned by others", new Found(new OwnerList(["alice"]), false), "not_owned"],
    ["owned by nobody", absent, "not_owned"],
    ["in a foreign domain", foreign, "not_owned"],
    ["no address at all", malformed, "not_owned"],
    ["not answered", { kind: "temporary", reason: "down" }, "lookup_failed"],
    ["answered too late", { kind: "timeout", reason: "late" }, "lookup_failed"],
    ["refused", { kind: "permanent", reason: "no such map" }, "lookup_failed"],
  ] as const)("an address that is %s is %s", (_, reply, outcome) => {
    expect(outcomeOf(reply, bob)).toBe(outcome);
  });
});

describe("verdictOn", () => {
  test("accepts a message whose claims are all owned", () => {
    expect(verdictOn(claims, ["owned", "owned"], bob, true)).toEqual({ result: "accept", reason: "owned" });
    expect(verdictOn([], [], bob, false)).toEqual({ result: "accept", reason: "no_from" });
  });

  test("names the first address that is not owned, its place and the login", () => {
    expect(verdictOn(claims, ["owned", "not_owned"], bob, true)).toEqual({
      result: "reject",
      reason: "not_owned",
      place: "From",
      address: "boss@x.example",
      reply: "550 5.7.1 <boss@x.example>: From address rejected: not owned by user bob@x.example",
    });
    expect(verdictOn(claims, ["not_owned", "not_owned"], bob, true).reply).toBe(
      "550 5.7.1 <bob@x.example>: Envelope sender address rejected: not owned by user bob@x.example",
    );
  });

  test("refuses for what is certain, even if another lookup failed", () => {
    expect(verdictOn(claims, ["lookup_failed", "not_owned"], bob, true).result).toBe("reject");
  });

  test("defers, and never accepts, when a lookup failed", () => {
    expect(verdictOn(claims, ["owned", "lookup_failed"], bob, true)).toEqual({
      result: "temp",
      reason: "lookup_failed",
      place: "From",
      address: "boss@x.example",
      reply: "451 4.3.0 Temporary lookup failure",
    });
  });

  test("repeats printable ASCII alone, at most 200 bytes of an address and of a login", () => {
    const claim: Claim = { place: "Sender", address: `${"a".repeat(300)}@x` };
    const { reply } = verdictOn([claim], ["not_owned"], "j\u00f6rg\r\n250 ok", false);

    expect(reply).toBe(`550 5.7.1 <${"a".repeat(200)}>: Sender address rejected: not owned by user j?rg??250 ok`);
  });
});

describe("verdictWithoutLookup", () => {
  test.each([
    [{ kind: "several", place: "From" }, "550 5.7.1 More than one From header"],
    [{ kind: "several", place: "Sender" }, "550 5.7.1 More than one Sender header"],
    [{ kind: "unreadable", place: "From" }, "550 5.7.1 From header cannot be read"],
    [{ kind: "unreadable", place: "Resent-From" }, "550 5.7.1 Resent-From header cannot be read"],
  ] as const)("%o is %s", (unread, reply) => {
    expect(verdictWithoutLookup(unread)).toEqual({ result: "reject", reason: unread.kind, place: unread.place, reply });
  });

  test("leaves claims to the lookups", () => {
    expect(verdictWithoutLookup({ kind: "claims", claims, hasFrom: true })).toBeUndefined();
  });
});

describe("claimsToOwn", () => {
  const resent: readonly Claim[] = [...claims, { place: "Resent-From", address: "bob@x.example" }];

  test("a resent message must own its From as well", () => {
    expect(claimsToOwn(resent, "refuse")).toEqual(resent);
  });

  test("resent: allow lets go of From alone, and only of a message that was resent", () => {
    expect(claimsToOwn(resent, "allow").map(({ place }) => place)).toEqual(["Envelope sender", "Resent-From"]);
    expect(claimsToOwn(claims, "allow")).toEqual(claims);
  });
});
