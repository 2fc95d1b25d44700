import { expect, test } from "vitest";
import { addressesIn } from "../../../src/lookup/address-field.ts";
import { rememberingReader } from "../../../src/lookup/field-reader.ts";
import { fieldVectors } from "../../support/field-vectors.ts";

test("reads as addressesIn does, the first time and every other", () => {
  const read = rememberingReader();
  for (const _ of [1, 2]) {
    for (const { field } of fieldVectors()) expect(read(field)).toEqual(addressesIn(field));
  }
});

test("gives the very answer again, of the last 1024 fields and of none that is long", () => {
  const read = rememberingReader();
  const first = read("first@x.example");
  expect(read("first@x.example")).toBe(first);
  for (let n = 0; n < 1024; n++) read(`a${n}@x.example`);
  expect(read("first@x.example")).toEqual(first);
  expect(read("first@x.example")).not.toBe(first);

  const long = `${"name ".repeat(60)}<bob@x.example>`;
  expect(read(long)).toEqual(["bob@x.example"]);
  expect(read(long)).not.toBe(read(long));
});
