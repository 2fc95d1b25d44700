import { expect, test } from "vitest";
import { describeFlatSettings, toFlatSettings } from "../../../src/config/flat-section.ts";
import { optional, required, section, withDefault } from "../../../src/config/key.ts";
import { choice, duration, integer, path, text } from "../../../src/config/value-types.ts";

const words = { help: "Something.", example: "x" };
const { keys } = section("A section.", {
  max_open_files: withDefault(integer({ min: 1, max: 10 }), "1", words),
  wait: required(duration({ min: "0s", max: "1d" }), words),
  state_file: optional(path, words),
  owner: optional(text, words),
  format: withDefault(choice("json", "text"), "json", words),
});
const ms = keys.wait.type.read("90s");
if (typeof ms !== "number") throw new Error("a duration that is none");
const values = { max_open_files: 3, wait: ms, state_file: "state", owner: "state", format: "text" } as const;
const resolvePath = (file: string) => `/etc/${file}`;

test("a setting has the name of its key in camel case, with Ms after a duration; paths are resolved, other texts are not", () => {
  expect(toFlatSettings(keys, values, resolvePath)).toEqual({
    maxOpenFiles: 3,
    waitMs: 90_000,
    stateFile: "/etc/state",
    owner: "state",
    format: "text",
  });
});

test("a key that is absent gives undefined, and no path is made of it", () => {
  const settings = toFlatSettings(keys, { ...values, state_file: undefined }, resolvePath);
  expect(settings).toHaveProperty("stateFile", undefined);
});

test("the section comes back in the order of its keys, durations as they are written", () => {
  const section = describeFlatSettings(
    keys,
    toFlatSettings(keys, values, (file) => file),
  );
  expect(Object.entries(section)).toEqual(Object.entries({ ...values, wait: "90s" }));
});
