import { expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import type { Key } from "../../../../src/model/keys.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { BatchRunner } from "../../../../src/source/pool/batch.ts";
import type { Arm } from "../../../../src/source/sql/arm.ts";
import type { Lookup } from "../../../../src/source/sql/lookup.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {}, isDebugEnabled: () => false };

/** Gives the key itself; a key called "many" has more values than it may. */
const arm: Arm = {
  sql: "SELECT ?",
  bind: ({ email }) => [email],
  collect: (rows, { email }) => {
    if (email === "many") throw new SourceError("ERR_SOURCE_RESULT", "more than expansion_limit = 1 values");
    return rows.flatMap((row) => row.filter((cell) => cell !== null));
  },
  isCombinable: false,
};

function lookupOf(email: string): Lookup {
  const key: Key = { email, user: email, domain: "" };
  return { arms: [{ role: "address", arm, key, values: [email], ask: 0 }], askCount: 1, shape: "address" };
}

test.each([true, false])(
  "a result over its bound fails the lookup that it belongs to, and no other of the batch (first hit only: %s)",
  async (firstHitOnly) => {
    const runner = new BatchRunner("mail", firstHitOnly, {
      clock: { nowMs: () => 0 },
      log: silent,
      tally: sourceTally(),
    });
    const lane = {
      isOpen: true,
      run: async (_sql: string, values: readonly string[]) => ({
        columns: ["owner"],
        rows: [[...values]],
        resultSetCount: 1,
      }),
    };
    const [before, over, after] = await runner.run(lane, ["before", "many", "after"].map(lookupOf));
    expect(before).toEqual([["before"]]);
    expect(over).toMatchObject({ code: "ERR_SOURCE_RESULT" });
    expect(after).toEqual([["after"]]);
  },
);
