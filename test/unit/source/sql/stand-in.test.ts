import { expect, test } from "vitest";
import { askWithStandIns } from "../../../../src/source/sql/stand-in.ts";

const rowsOf = (cell: string) => ({ columns: ["owner"], rows: [[cell]], resultSetCount: 1 });

test("a parameter that is refused only together with another is no ground for taking either away", async () => {
  const asked: (readonly string[])[] = [];
  const result = await askWithStandIns(["日", "本"], async (values) => {
    asked.push(values);
    return values.every((value) => /[^\0-\x7f]/.test(value)) ? undefined : rowsOf("owner");
  });
  expect(asked).toHaveLength(4);
  expect(result).toBeUndefined();
});

test("one parameter takes one question more", async () => {
  let asked = 0;
  const result = await askWithStandIns(["日本@example.com", "example.com"], async (values) => {
    asked++;
    return rowsOf(values[1] as string);
  });
  expect(result?.rows).toEqual([["example.com"]]);
  expect(asked).toBe(1);
});

test("a query that gives out what it was given has no answer: its stand-in is no owner", async () => {
  const echoing = await askWithStandIns(["日本@example.com"], async ([value]) => rowsOf(`alice,${value}`));
  expect(echoing).toBeUndefined();
  const folding = await askWithStandIns(["日本@example.com"], async ([value]) => rowsOf((value as string).slice(1)));
  expect(folding).toBeUndefined();
});

test("a failure of another kind is no answer", async () => {
  const failing = askWithStandIns(["日", "本"], async (values) => {
    if (values.includes("日")) throw new Error("gave up");
    return rowsOf("owner");
  });
  await expect(failing).rejects.toThrow("gave up");
});

test("a stand-in is never the same twice, so no row can be written for it", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 5; i++) {
    await askWithStandIns(["日本+tag@example.com"], async ([value]) => {
      seen.add(value as string);
      return rowsOf("owner");
    });
  }
  expect(seen.size).toBe(5);
  for (const value of seen) expect(value).toMatch(/^\x01\d{17}\+tag@example\.com$/);
});
