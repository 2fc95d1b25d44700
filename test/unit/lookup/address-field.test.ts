import { describe, expect, test } from "vitest";
import { addressesIn } from "../../../src/lookup/address-field.ts";
import { fieldVectors } from "../../support/field-vectors.ts";

describe("addressesIn", () => {
  test.each(fieldVectors())("$id: $rule", ({ field, addresses }) => {
    expect(addressesIn(field)).toEqual(addresses);
  });

  test("reads a display name that is too long for a strict reading with suspicion", () => {
    const name = "word ".repeat(200);

    expect(addressesIn(`${name}<bob@x.example>`)).toEqual(["bob@x.example"]);
    expect(addressesIn(`"boss@x.example" ${name}<bob@x.example>`)).toEqual(["boss@x.example", "bob@x.example"]);
  });

  test.each([
    ["10,000 addresses", "bob@x.example,".repeat(10_000)],
    ["10,000 encoded words", `${"=?utf-8?q?a?= ".repeat(10_000)}<bob@x.example>`],
    ["nothing but @", "@".repeat(250_000)],
  ])("cannot read %s", (_, field) => {
    expect(addressesIn(field)).toBeUndefined();
  });

  test.each([
    ["comments beside each other", `${"a()".repeat(100_000)}( bob@x.example`],
    ["nested comments", `${"(".repeat(100_000)}${")".repeat(100_000)} bob@x.example`],
    ["a name of many words", `${"a. ".repeat(80_000)}<bob@x.example>`],
    ["many names of many words", `${"a.".repeat(250)}<bob@x.example>,`.repeat(400)],
    ["blanks", `${" ".repeat(240_000)}bob@x.example`],
    ["quotes", `${'"a"'.repeat(80_000)}<bob@x.example>`],
    ["one encoded word", `=?utf-8?b?${"YWFh".repeat(60_000)}?= <bob@x.example>`],
  ])("reads %s of a quarter of a megabyte without losing itself", (_, field) => {
    // A quadratic reading of these would take minutes, and the test would time out.
    expect(addressesIn(field)).toEqual(["bob@x.example"]);
  });
});
