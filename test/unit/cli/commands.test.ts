import { expect, test } from "vitest";
import { commandsBesideServe } from "../../../src/cli/commands.ts";
import { commands } from "../../../src/cli/options.ts";

test("every command of the table has code that runs it", () => {
  expect(["serve", ...Object.keys(commandsBesideServe)]).toEqual(commands.map(({ name }) => name));
});
