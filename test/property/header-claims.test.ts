import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressesIn } from "../../src/lookup/address-field.ts";
import { claimsOf, maxClaims } from "../../src/lookup/header-claims.ts";
import { fieldVectors } from "../support/field-vectors.ts";
import { checkField, readings } from "../support/naive-readings.ts";

const pieces = [
  ...[
    "bob@x.example",
    "boss@y.example",
    "<bob@x.example>",
    "<boss@y.example>",
    "bob",
    "Boss",
    "@",
    "@y.example",
    "x.example",
  ],
  ...[
    '"',
    '"Bob" ',
    '"boss@y.example"',
    "\\",
    "<",
    ">",
    "(",
    ")",
    ",",
    ";",
    ":",
    ".",
    " ",
    "\n ",
    "\t",
    "\u00a0",
    "\uff20",
  ],
  ...[
    "=?utf-8?q?",
    "=3Cboss=40y.example=3E",
    "=?utf-8?q?boss_=40_y.example?=",
    "?=",
    "=?utf-8?b?PGJvc3NAeS5leGFtcGxlPg==?=",
    "J\u00f6rg",
    "\ufffd",
    "=",
    "?",
  ],
];
const field = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join("")),
  fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 12 })
    .map((parts) => parts.join("")),
);

describe("header fields", () => {
  test("no reading of a field that is accepted shows anybody but its sender", () => {
    fc.assert(
      fc.property(field, (text) => void checkField(text)),
      { numRuns: 20_000 },
    );
  });

  test.each(fieldVectors())("the vectors: $id", ({ field }) => {
    checkField(field);
  });

  const corpus = new URL("corpus/header-field/", import.meta.url);
  test.each(readdirSync(corpus))("the kept corpus: %s", (name) => {
    checkField(readFileSync(new URL(name, corpus), "utf8"));
  });

  test("the readings do see what deceives them", () => {
    const shown = Object.values(readings).map((reading) => reading('"<boss@y.example>" <bob@x.example>'));

    expect(shown.some((addresses) => addresses.includes("boss@y.example"))).toBe(true);
  });

  test("a field is read the same, however it is folded", () => {
    fc.assert(
      fc.property(field, fc.array(fc.nat(40)), (text, places) => {
        const plain = text.replace(/[\n\t]/g, " ");
        let folded = plain;
        for (const place of places) {
          const at = folded.indexOf(" ", place);
          if (at !== -1 && folded[at - 1] !== "\n") folded = `${folded.slice(0, at)}\n${folded.slice(at)}`;
        }
        expect(addressesIn(folded)).toEqual(addressesIn(plain));
      }),
      { numRuns: 3000 },
    );
  });

  test("any text is read or refused, within the bound of claims", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(field, fc.string({ unit: "binary", maxLength: 40 })), { maxLength: 4 }),
        (values) => {
          const fields = values.map((value) => ({ header: "Resent-From" as const, value }));
          const claims = claimsOf({ sender: "e@x", fields });
          if (claims.kind === "claims") expect(claims.claims.length).toBeLessThanOrEqual(maxClaims);
          else expect(claims).toEqual({ kind: "unreadable", place: "Resent-From" });
        },
      ),
      { numRuns: 3000 },
    );
  });
});
