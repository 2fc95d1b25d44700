import { expect, test } from "vitest";
import { joinDashedValues } from "../../../src/cli/dashed-values.ts";
import { findCommand } from "../../../src/cli/options.ts";

test.each<[readonly string[], readonly string[]]>([
  [
    ["serve", "--recipient-delimiter", "-+"],
    ["serve", "--recipient-delimiter=-+"],
  ],
  [
    ["serve", "--recipient-delimiter", "-", "--demo"],
    ["serve", "--recipient-delimiter", "-", "--demo"],
  ],
  [
    ["serve", "--recipient-delimiter=-+"],
    ["serve", "--recipient-delimiter=-+"],
  ],
  [
    ["serve", "--recipient-delimiter", "--demo"],
    ["serve", "--recipient-delimiter", "--demo"],
  ],
  [
    ["serve", "--recipient-delimiter", "-c", "x"],
    ["serve", "--recipient-delimiter", "-c", "x"],
  ],
  [
    ["serve", "--listen", "--config=x"],
    ["serve", "--listen", "--config=x"],
  ],
  [
    ["serve", "--demo", "-+"],
    ["serve", "--demo", "-+"],
  ],
  [
    ["serve", "--recipient-delimiter"],
    ["serve", "--recipient-delimiter"],
  ],
])("%j becomes %j", (args, expected) => {
  expect(joinDashedValues(args, findCommand("serve"))).toEqual(expected);
});
