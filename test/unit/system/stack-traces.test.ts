import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encode } from "@jridgewell/sourcemap-codec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatStack, SourceMaps } from "../../../src/system/stack-traces.ts";

let folder: string;
let bundle: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loginmapd-stack-"));
  mkdirSync(join(folder, "dist"));
  bundle = pathToFileURL(join(folder, "dist/main.js")).href;
  // Line 2 of the bundle is line 41 of a.ts up to column 20, and other people's code from there on.
  const mappings = encode([[], [[4, 0, 40, 2], [20]], []]);
  writeFileSync(
    join(folder, "dist/main.js.map"),
    JSON.stringify({ version: 3, names: [], sources: ["../src/a.ts"], mappings }),
  );
  writeFileSync(join(folder, "dist/broken.js.map"), "{");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A frame as V8 gives it. */
function frame(file: string | null, line: number | null, column: number | null, text: string) {
  return {
    getFileName: () => file,
    getLineNumber: () => line,
    getColumnNumber: () => column,
    toString: () => text,
  };
}

test("a frame in our code names the source, one in other people's code the bundle", () => {
  const frames = [
    frame(bundle, 2, 5, `answer (${bundle}:2:5)`),
    frame(bundle, 2, 30, `parse (${bundle}:2:30)`),
    frame("node:net", 10, 3, "Socket.emit (node:net:10:3)"),
    frame(null, null, null, "Array.map (<anonymous>)"),
  ];
  expect(formatStack(new TypeError("no owner"), frames, new SourceMaps())).toBe(
    [
      "TypeError: no owner",
      `    at answer (${join(folder, "src/a.ts")}:41:3)`,
      `    at parse (${bundle}:2:30)`,
      "    at Socket.emit (node:net:10:3)",
      "    at Array.map (<anonymous>)",
    ].join("\n"),
  );
});

test.each(["missing.js", "broken.js"])("a map that cannot be read (%s) leaves the frame as it is", (name) => {
  const file = bundle.replace("main.js", name);
  const stack = formatStack(new Error("e"), [frame(file, 2, 5, `f (${file}:2:5)`)], new SourceMaps());
  expect(stack).toBe(`Error: e\n    at f (${file}:2:5)`);
});

test("an error whose own text fails has a stack all the same", () => {
  const error = Object.defineProperty(new Error("e"), "message", {
    get() {
      throw new Error("no text");
    },
  });
  expect(formatStack(error, [], new SourceMaps())).toBe("<error>");
});
