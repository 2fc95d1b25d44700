import { expect, test } from "vitest";
import { turns } from "../../../../src/source/ldap/turns.ts";

test("few are under way at a time, the others wait in their order, and one that fails makes room too", async () => {
  const inTurn = turns(2);
  const begun: number[] = [];
  const ends: ((isFailing: boolean) => void)[] = [];
  const work = (n: number) =>
    inTurn(() => {
      begun.push(n);
      return new Promise<number>((resolve, reject) => {
        ends[n] = (isFailing) => (isFailing ? reject(new Error(`${n} failed`)) : resolve(n));
      });
    });
  const done = [0, 1, 2, 3].map(work);
  expect(begun).toEqual([0, 1]);
  ends[1]?.(true);
  await expect(done[1]).rejects.toThrow("1 failed");
  expect(begun).toEqual([0, 1, 2]);
  for (const n of [0, 2]) ends[n]?.(false);
  expect(await Promise.all([done[0], done[2]])).toEqual([0, 2]);
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[3]?.(false);
  expect(await done[3]).toBe(3);
});
