import { beforeEach, describe, expect, test } from "vitest";
import type { ArmPlan } from "../../../../src/source/sql/arm.ts";
import { type ColumnState, type ProbeSession, Schema } from "../../../../src/source/sql/schema.ts";
import { fakeClock, fakeLog } from "../../../support/fakes/fakes.ts";

const session = { isOpen: true } as ProbeSession;
const plan: ArmPlan = {
  optionalColumns: ["mailbox.sender_allowed"],
  arms: () => ({ keyForm: "roles", roles: {} }),
};

let probes: number;
let state: ColumnState;
let clock: ReturnType<typeof fakeClock>;
let schema: Schema;

beforeEach(() => {
  probes = 0;
  state = "there";
  clock = fakeClock();
  const probe = async (columns: readonly string[]) => {
    probes++;
    return new Map(columns.map((column) => [column, state]));
  };
  schema = new Schema(plan, probe, { source: "mail", clock, log: fakeLog() });
});

/** What a lookup does before it asks, and when the server refuses its statement. */
async function lookUpInVain(): Promise<void> {
  if (schema.isDue) await schema.learn(session);
  schema.doubt();
}

describe("a schema", () => {
  test("that is broken is not asked for with every lookup, but every few seconds", async () => {
    for (let i = 0; i < 100; i++) await lookUpInVain();
    expect(probes).toBe(1);
    clock.advance(4999);
    for (let i = 0; i < 100; i++) await lookUpInVain();
    expect(probes).toBe(1);
    clock.advance(1);
    for (let i = 0; i < 100; i++) await lookUpInVain();
    expect(probes).toBe(2);
  });

  test("that changed is followed by the first lookup after a refused one, once a moment has passed", async () => {
    await schema.learn(session);
    const before = schema.arms?.variant;
    state = "missing";
    clock.advance(60_000);
    expect(schema.isDue).toBe(false);
    schema.doubt();
    expect(schema.isDue).toBe(true);
    await schema.learn(session);
    expect(schema.isDue).toBe(false);
    expect(schema.arms?.variant).not.toBe(before);
  });

  test("is looked at again after five minutes without a failure, and stays as it is when nothing changed", async () => {
    await schema.learn(session);
    const before = schema.arms;
    clock.advance(299_999);
    expect(schema.isDue).toBe(false);
    clock.advance(1);
    expect(schema.isDue).toBe(true);
    await schema.learn(session);
    expect(schema.arms).toBe(before);
  });
});
