import { describe, expect, test } from "vitest";
import { claimingHeader, claimsOf, maxClaims, maxFieldChars } from "../../../src/lookup/header-claims.ts";
import type { ClaimingHeader } from "../../../src/model/message.ts";

const field = (header: ClaimingHeader, value: string) => ({ header, value });

describe("claimingHeader", () => {
  test.each([
    ["From", "From"],
    ["fRoM", "From"],
    ["SENDER", "Sender"],
    ["resent-from", "Resent-From"],
    ["Resent-SENDER", "Resent-Sender"],
  ] as const)("%s is %s", (name, header) => {
    expect(claimingHeader(name)).toBe(header);
  });

  test.each(["Reply-To", "To", "Date", "Fro", "From:", "Sende", "Subjec", "Resent-Date", "X-From", ""])(
    "%s claims nothing",
    (name) => {
      expect(claimingHeader(name)).toBeUndefined();
    },
  );
});

describe("claimsOf", () => {
  test("takes the envelope sender and every address of every claiming field, in the order in which people read them", () => {
    const fields = [
      field("Resent-Sender", "rs@x"),
      field("Sender", "s@x"),
      field("From", "a@x, b@x"),
      field("Resent-From", "rf@x"),
    ];

    expect(claimsOf({ sender: "e@x", fields })).toEqual({
      kind: "claims",
      hasFrom: true,
      claims: [
        { place: "Envelope sender", address: "e@x" },
        { place: "From", address: "a@x" },
        { place: "From", address: "b@x" },
        { place: "Sender", address: "s@x" },
        { place: "Resent-From", address: "rf@x" },
        { place: "Resent-Sender", address: "rs@x" },
      ],
    });
  });

  test("claims nothing by <> and without a field", () => {
    expect(claimsOf({ sender: "", fields: [] })).toEqual({ kind: "claims", hasFrom: false, claims: [] });
  });

  test.each(["From", "Sender"] as const)(
    "does not choose between two %s fields, even if they are the same",
    (header) => {
      const fields = [field(header, "bob@x"), field(header, "bob@x")];

      expect(claimsOf({ sender: "bob@x", fields })).toEqual({ kind: "several", place: header });
    },
  );

  test("takes several Resent- fields: a message may be sent on more than once", () => {
    const fields = [field("Resent-From", "a@x"), field("Resent-From", "b@x"), field("Resent-Sender", "c@x")];

    expect(claimsOf({ sender: "", fields })).toMatchObject({ kind: "claims", claims: { length: 3 } });
  });

  test.each(["From", "Sender", "Resent-From", "Resent-Sender"] as const)(
    "cannot read %s without an address",
    (header) => {
      expect(claimsOf({ sender: "", fields: [field(header, "Bob")] })).toEqual({ kind: "unreadable", place: header });
    },
  );

  test(`reads ${maxClaims} addresses and no more`, () => {
    const list = (length: number) => Array.from({ length }, (_, n) => `a${n}@x`).join(",");

    expect(claimsOf({ sender: "", fields: [field("From", list(maxClaims))] }).kind).toBe("claims");
    expect(claimsOf({ sender: "e@x", fields: [field("From", list(maxClaims))] }).kind).toBe("unreadable");
    expect(claimsOf({ sender: "", fields: [field("From", list(maxClaims + 1))] }).kind).toBe("unreadable");
  });

  test("bounds the fields of a message together", () => {
    const half = (address: string) => `${" ".repeat(maxFieldChars / 2 - address.length)}${address}`;
    const fields = [field("From", half("bob@x")), field("Sender", half("bob@x"))];

    expect(claimsOf({ sender: "", fields }).kind).toBe("claims");
    expect(claimsOf({ sender: "", fields: [...fields, field("Resent-From", "bob@x")] })).toEqual({
      kind: "unreadable",
      place: "Resent-From",
    });
  });
});
