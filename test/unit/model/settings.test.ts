import { expect, test } from "vitest";
import { defaultMapOf, type Settings } from "../../../src/model/settings.ts";

test.each([
  [{ others: {}, senders: {} }, "senders"],
  [{ others: {}, more: {} }, "others"],
  [{}, "senders"],
])("of %j the map that is meant when none is named is %s", (maps, name) => {
  expect(defaultMapOf({ maps } as unknown as Settings)).toBe(name);
});
