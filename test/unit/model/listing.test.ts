import { describe, expect, test } from "vitest";
import { toListedLine } from "../../../src/model/listing.ts";

describe("a row of a listing", () => {
  test.each([
    [["alice@example.com", "alice", "address"], { key: "alice@example.com", owner: "alice", kind: "address" }],
    [["sales@example.com", "alice,bob", "alias"], { key: "sales@example.com", owner: "alice,bob", kind: "alias" }],
    [["off@example.com", null, "address"], { key: "off@example.com", owner: undefined, kind: "address" }],
    [["off@example.com", ""], { key: "off@example.com", owner: undefined, kind: "address" }],
    [["@example.com", "erin"], { key: "@example.com", owner: "erin", kind: "catch-all" }],
    [["@example.com", "bob", "grant"], { key: "@example.com", owner: "bob", kind: "grant" }],
    [["*", "root"], { key: "*", owner: "root", kind: "grant" }],
    [["alice", "alice", "mailbox"], { key: "alice", owner: "alice", kind: "address" }],
    [["alice"], { key: "alice", owner: undefined, kind: "address" }],
  ] as const)("%j is %j", (row, line) => {
    expect(toListedLine(row)).toEqual(line);
  });

  test.each([[[null, "alice"]], [["", "alice"]], [[]]])("%j has no key, so it is no line", (row) => {
    expect(toListedLine(row)).toBeUndefined();
  });
});
