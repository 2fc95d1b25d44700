import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyNumbers } from "../../../src/daemon/key-numbers.ts";

describe("numbers of keys", () => {
  test("go from 0 on, and stay", () => {
    const numbers = new KeyNumbers(1);
    expect(["a", "b", "a", "c"].map((key) => numbers.name(key))).toEqual([0, 1, 0, 2]);
    expect(["c", "a", "d"].map((key) => numbers.find(key))).toEqual([2, 0, undefined]);
    expect([0, 1, 2, 3].map((number) => numbers.keyAt(number))).toEqual(["a", "b", "c", undefined]);
    expect(numbers.size).toBe(3);
  });

  test("of keys that went are given to others", () => {
    const numbers = new KeyNumbers(1);
    for (const key of ["a", "b", "c"]) numbers.name(key);
    numbers.delete(1);
    numbers.delete(1);
    expect([numbers.size, numbers.find("b"), numbers.keyAt(1)]).toEqual([2, undefined, undefined]);
    expect(["d", "e", "b"].map((key) => numbers.name(key))).toEqual([1, 3, 4]);
  });

  test("are found whatever the order, after as many as fill a table many times", () => {
    const numbers = new KeyNumbers(1);
    const keys = Array.from({ length: 20_000 }, (_, i) => `user${i}@x.test`);
    for (const key of keys) numbers.name(key);
    numbers.rewind();
    for (const ordered of [keys, keys.toReversed()]) {
      expect(ordered.map((key) => numbers.name(key))).toEqual(ordered.map((key) => Number(key.slice(4, -7))));
    }
    expect([...numbers.ranges()].at(0)?.[0]).toBe(0);
    expect([...numbers.ranges()].at(-1)?.[1]).toBe(20_000);
  });

  test("are found after others went that stood in the way", () => {
    const numbers = new KeyNumbers(1);
    const keys = Array.from({ length: 20_000 }, (_, i) => `user${i}@x.test`);
    for (const key of keys) numbers.name(key);
    const isGone = (number: number) => number % 3 === 0;
    for (let number = 0; number < keys.length; number++) if (isGone(number)) numbers.delete(number);
    expect(keys.map((key) => numbers.find(key))).toEqual(keys.map((_, i) => (isGone(i) ? undefined : i)));
    expect(numbers.size).toBe(keys.filter((_, i) => !isGone(i)).length);
  });

  test("agree with a map, whatever is named and forgotten", () => {
    const key = fc.integer({ min: 0, max: 60 }).map((i) => `k${i}`);
    const step = fc.record({ key, does: fc.constantFrom("name", "name", "delete", "rewind") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const numbers = new KeyNumbers(1);
        const model = new Map<string, number>();
        for (const { key, does } of steps) {
          if (does === "rewind") numbers.rewind();
          else if (does === "delete") {
            const number = model.get(key);
            if (number !== undefined) numbers.delete(number);
            model.delete(key);
          } else {
            const number = numbers.name(key);
            expect(model.get(key) ?? number).toBe(number);
            model.set(key, number);
          }
        }
        expect(numbers.size).toBe(model.size);
        expect(new Set(model.values()).size).toBe(model.size);
        for (const [known, number] of model) {
          expect([numbers.find(known), numbers.keyAt(number)]).toEqual([number, known]);
        }
      }),
    );
  });
});
