import { expect, test } from "vitest";
import type { Use } from "../../../src/audit/messages.ts";
import { Pairs } from "../../../src/audit/pairs.ts";

function use(login: string, sender: string, timeMs = 0, kind: Use["kind"] = "sent"): Use {
  return {
    login,
    sender,
    kind,
    line: { stamp: `t${timeMs}`, timeMs, host: "h", daemon: "qmgr", pid: "1", message: "" },
  };
}

test("a pair counts by what became of it, with its last time, and has one spelling whatever the order", () => {
  const pairs = new Pairs();
  pairs.add(use("Alice@x", "Boss@x", 5));
  pairs.add(use("alice@x", "boss@X", 9, "warned"));
  pairs.add(use("alice@x", "boss@x", 7, "refused"));
  pairs.add(use("alice@x", "alice@x", 1));
  expect(pairs.values()).toEqual([
    { login: "alice@x", sender: "boss@x", sent: 1, refused: 1, warned: 1, last: "t9", lastMs: 9 },
    { login: "alice@x", sender: "alice@x", sent: 1, refused: 0, warned: 0, last: "t1", lastMs: 1 },
  ]);
  expect([pairs.firstMs, pairs.lastMs]).toEqual([1, 9]);
});

test("the null sender is counted apart", () => {
  const pairs = new Pairs();
  pairs.add(use("alice@x", ""));
  expect([pairs.values(), pairs.nullSenders]).toEqual([[], 1]);
});

test("bytes become letters", () => {
  const pairs = new Pairs();
  pairs.add(use("alice@x", Buffer.from("jörg@münchen.example").toString("latin1")));
  expect(pairs.values()).toMatchObject([{ sender: "jörg@münchen.example" }]);
});

test("more pairs than can be kept are counted, and known ones go on counting", () => {
  const pairs = new Pairs(2);
  for (const sender of ["a@x", "b@x", "c@x", "d@x", "a@x"]) pairs.add(use("alice@x", sender));
  expect(pairs.dropped).toBe(2);
  expect(pairs.values().map(({ sender, sent }) => [sender, sent])).toEqual([
    ["a@x", 2],
    ["b@x", 1],
  ]);
});
