import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { Fingerprints } from "../../../src/daemon/fingerprints.ts";

type Line = readonly [key: string, owner: string];

function list(fingerprints: Fingerprints, lines: readonly Line[]): Record<string, string> {
  fingerprints.begin();
  for (const [key, owner] of lines) fingerprints.add(key, "address", owner);
  return Object.fromEntries([...fingerprints.finish()].flat());
}

describe("from one listing to the next", () => {
  test("tells what appeared, changed and went", () => {
    const fingerprints = new Fingerprints(1);
    expect(
      list(fingerprints, [
        ["a@x", "alice"],
        ["b@x", "bob"],
        ["c@x", "carol"],
      ]),
    ).toEqual({ "a@x": "added", "b@x": "added", "c@x": "added" });
    expect(
      list(fingerprints, [
        ["a@x", "alice"],
        ["b@x", "bert"],
        ["d@x", "dora"],
      ]),
    ).toEqual({ "b@x": "changed", "c@x": "removed", "d@x": "added" });
    expect(fingerprints.size).toBe(3);
    expect([...fingerprints.keys()].flat().sort()).toEqual(["a@x", "b@x", "d@x"]);
    expect(
      list(fingerprints, [
        ["a@x", "alice"],
        ["b@x", "bert"],
        ["d@x", "dora"],
      ]),
    ).toEqual({});
  });

  test("lines of a key count together, in any order and apart", () => {
    const fingerprints = new Fingerprints(1);
    list(fingerprints, [
      ["a@x", "alice"],
      ["b@x", "bob"],
      ["a@x", "arno"],
    ]);
    expect(
      list(fingerprints, [
        ["a@x", "arno"],
        ["a@x", "alice"],
        ["b@x", "bob"],
      ]),
    ).toEqual({});
    expect(
      list(fingerprints, [
        ["a@x", "arno"],
        ["b@x", "bob"],
      ]),
    ).toEqual({ "a@x": "changed" });
  });

  test("a line that says something else of the same owner is a change", () => {
    const fingerprints = new Fingerprints(1);
    list(fingerprints, [["a@x", "alice"]]);
    fingerprints.begin();
    fingerprints.add("a@x", "alias", "alice");
    expect([...fingerprints.finish()].flat()).toEqual([["a@x", "changed"]]);
  });

  test("a listing that was cut short is forgotten by the next", () => {
    const fingerprints = new Fingerprints(1);
    list(fingerprints, [
      ["a@x", "alice"],
      ["b@x", "bob"],
    ]);
    fingerprints.begin();
    fingerprints.add("a@x", "address", "mallory");
    fingerprints.add("new@x", "address", "mallory");
    expect(fingerprints.has("new@x")).toBe(false);
    expect(
      list(fingerprints, [
        ["a@x", "alice"],
        ["b@x", "bob"],
      ]),
    ).toEqual({});
    expect(fingerprints.size).toBe(2);
  });

  test("a source that lists nothing any more has lost everything, and gets it back", () => {
    const fingerprints = new Fingerprints(1);
    list(fingerprints, [["a@x", "alice"]]);
    expect(list(fingerprints, [])).toEqual({ "a@x": "removed" });
    expect(fingerprints.has("a@x")).toBe(false);
    expect(list(fingerprints, [["a@x", "alice"]])).toEqual({ "a@x": "added" });
  });
});

// Parts of one size would double together: at some of these numbers half of their room would be empty.
test.each([3_000, 10_000, 135_000, 150_000, 265_000])("each of %i keys takes at most 100 bytes", (count) => {
  // In a process of its own: here others use the heap too, and so does whoever measures coverage.
  const module = new URL("../../../src/daemon/fingerprints.ts", import.meta.url).href;
  const program = `
    import { Fingerprints } from ${JSON.stringify(module)};
    const used = () => {
      globalThis.gc();
      globalThis.gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    // As a driver makes them: flat strings that nobody else holds.
    const fill = (count) => {
      const fingerprints = new Fingerprints(1);
      fingerprints.begin();
      for (let i = 0; i < count; i++)
        fingerprints.add(Buffer.from("user" + i + "@example" + (i % 500) + ".test").toString("latin1"), "address", "login" + i);
      for (const _ of fingerprints.finish());
      return fingerprints;
    };
    // Compiled code is no key's.
    fill(20_000);
    const count = ${count};
    const measured = [];
    let fingerprints;
    for (let i = 0; i < 5; i++) {
      fingerprints = undefined;
      const before = used();
      fingerprints = fill(count);
      measured.push((used() - before) / count);
      // V8 compiles, and throws compiled code away, beside the program: that falls on one measurement or two, the median has none of it.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const bytes = measured.sort((a, b) => a - b)[2];
    console.log(JSON.stringify({ bytes, size: fingerprints.size }));
  `;
  const args = ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", program];
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const { bytes, size } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", env }));
  expect(size).toBe(count);
  // What the parts take themselves, however few keys there are.
  const fixed = count < 100_000 ? 128 * 1024 : 0;
  expect(bytes).toBeLessThanOrEqual(100 + fixed / count);
  expect(bytes).toBeGreaterThan(20);
});

test("gives keys and changes in pieces of some hundred, so that nobody waits for all of them", () => {
  const fingerprints = new Fingerprints(1);
  fingerprints.begin();
  for (let i = 0; i < 100_000; i++) fingerprints.add(`user${i}@x.test`, "address", "owner");
  const pieces = [...fingerprints.finish(), ...fingerprints.keys()].map((piece) => piece.length);
  expect(pieces.reduce((sum, length) => sum + length, 0)).toBe(200_000);
  expect(Math.max(...pieces)).toBeLessThan(300);
});
