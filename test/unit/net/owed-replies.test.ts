import { expect, test } from "vitest";
import { nowhere } from "../../../src/model/under-way.ts";
import { type LateReply, OwedReplies } from "../../../src/net/owed-replies.ts";

const lookup = (): LateReply => ({ place: nowhere, text: undefined, deadlineMs: 0, expire: () => {} });

test("a reply waits for those owed before it", () => {
  const owed = new OwedReplies();
  const [first, second] = [lookup(), lookup()];
  owed.add("a");
  owed.owe(first);
  owed.add("c");
  owed.owe(second);
  expect(owed.take()).toBe("a");
  expect([owed.isReady, owed.isEmpty]).toEqual([false, false]);
  owed.settle(first, "b");
  expect(owed.isReady).toBe(true);
  expect(owed.take()).toBe("bc");
  owed.settle(second, "d");
  expect(owed.take()).toBe("d");
  expect([owed.isReady, owed.isEmpty]).toEqual([false, true]);
});

test("is full at 8 lookups under way, until one of them has ended", () => {
  const owed = new OwedReplies();
  const lookups = Array.from({ length: 8 }, lookup);
  for (const reply of lookups) {
    expect(owed.isFull).toBe(false);
    owed.owe(reply);
  }
  expect(owed.isFull).toBe(true);
  owed.settle(lookups[7] as LateReply, "h");
  expect(owed.isFull).toBe(false);
});

test("is full at 64 replies, and at 200,000 bytes whether they wait for a lookup or for the socket", () => {
  const many = new OwedReplies();
  many.owe(lookup());
  for (let i = 0; i < 62; i++) many.add("x");
  expect(many.isFull).toBe(false);
  many.add("x");
  expect(many.isFull).toBe(true);

  const unsent = new OwedReplies();
  unsent.add("x".repeat(199_999));
  expect(unsent.isFull).toBe(false);
  unsent.add("x");
  expect(unsent.isFull).toBe(true);
  unsent.take();
  expect(unsent.isFull).toBe(false);

  const heldBack = new OwedReplies();
  const [slow, settled] = [lookup(), lookup()];
  heldBack.owe(slow);
  heldBack.add("x".repeat(100_000));
  heldBack.owe(settled);
  expect(heldBack.isFull).toBe(false);
  heldBack.settle(settled, "x".repeat(100_000));
  expect(heldBack.isFull).toBe(true);
  heldBack.settle(slow, "y");
  heldBack.take();
  expect(heldBack.isFull).toBe(false);
});

test("gives no more at once than fills the bound, however much is ready", () => {
  const owed = new OwedReplies();
  const lookups = Array.from({ length: 64 }, lookup);
  for (const reply of lookups) owed.owe(reply);
  for (const reply of lookups) owed.settle(reply, "x".repeat(100_000));
  const portions: number[] = [];
  while (owed.isReady) portions.push(owed.take().length);
  expect(portions).toEqual(Array(32).fill(200_000));
  expect(owed.isEmpty).toBe(true);
});
