import { expect, test } from "vitest";
import { isHostedBy } from "../../../src/lookup/hosted.ts";
import { type FakeOptions, fakeDatabase } from "../../support/fakes/fakes.ts";

const rules = { recipientDelimiter: "+", localDomains: new Set(["local"]) };

test.each<[string, string, FakeOptions, boolean]>([
  ["a domain that is listed", "alice@x", { domains: ["x"] }, true],
  ["a domain that is not", "alice@y", { domains: ["x"] }, false],
  ["a local domain, listed or not", "alice@local", { domains: ["x"] }, true],
  ["a key without a domain", "alice", { domains: ["x"] }, true],
  ["any domain of a source that lists none", "alice@y", {}, true],
])("takes for hosted: %s", async (_, key, options, expected) => {
  expect(await isHostedBy(fakeDatabase({}, options), key, rules, 0)).toBe(expected);
});

test("takes every domain for hosted while the list cannot be read", async () => {
  const database = fakeDatabase({}, { domains: ["x"] });
  database.error = new Error("down");
  expect(await isHostedBy(database, "alice@y", rules, 0)).toBe(true);
});

test("asks for the list only where it matters", async () => {
  let readings = 0;
  const hostedDomains = async () => {
    readings++;
    return new Set(["x"]);
  };
  for (const key of ["alice", "alice@local"]) expect(await isHostedBy({ hostedDomains }, key, rules, 0)).toBe(true);
  expect(readings).toBe(0);
  expect(await isHostedBy({ hostedDomains }, "alice@x", rules, 0)).toBe(true);
  expect(readings).toBe(1);
});
