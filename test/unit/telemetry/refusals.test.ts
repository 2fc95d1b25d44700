import { describe, expect, test } from "vitest";
import type { Refusal } from "../../../src/model/message.ts";
import { Refusals } from "../../../src/telemetry/refusals.ts";

const refusal = (changes: Partial<Refusal> = {}): Refusal => ({
  listener: "inet:1",
  result: "reject",
  reason: "not_owned",
  login: "bob",
  queueId: "4X",
  place: "From",
  address: "boss@x",
  ...changes,
});

describe("Refusals", () => {
  test("keeps the last 50, the latest first, with their time", () => {
    const refusals = new Refusals(() => Date.UTC(2026, 0, 2));
    for (let n = 1; n <= 60; n++) refusals.add(refusal({ queueId: `${n}` }));

    expect(refusals.list()).toHaveLength(50);
    expect(refusals.list()[0]).toEqual({ ...refusal({ queueId: "60" }), time: "2026-01-02T00:00:00.000Z" });
    expect(refusals.list().at(-1)?.queueId).toBe("11");
  });

  test("counts the addresses that a login was refused for, each once and caselessly", () => {
    const refusals = new Refusals(() => 0);

    expect(refusals.add(refusal())).toBe(1);
    expect(refusals.add(refusal({ address: "BOSS@x" }))).toBe(0);
    expect(refusals.add(refusal({ address: "b@x" }))).toBe(2);
    expect(refusals.add(refusal({ login: "eve", address: "b@x" }))).toBe(1);
    expect(refusals.add(refusal({ listener: "inet:2" }))).toBe(1);
    expect(refusals.mostAddresses("inet:1")).toBe(2);
    expect(refusals.mostAddresses("inet:3")).toBe(0);
  });

  test("counts only what was not owned", () => {
    const refusals = new Refusals(() => 0);

    expect(refusals.add(refusal({ reason: "lookup_failed" }))).toBe(0);
    expect(refusals.add(refusal({ reason: "unreadable", address: undefined }))).toBe(0);
    expect(refusals.mostAddresses("inet:1")).toBe(0);
  });

  test("forgets after an hour", () => {
    let nowMs = 0;
    const refusals = new Refusals(() => nowMs);
    refusals.add(refusal());
    nowMs = 3_600_001;
    expect(refusals.mostAddresses("inet:1")).toBe(0);
    expect(refusals.add(refusal({ address: "b@x" }))).toBe(1);
  });

  test("bounds what is counted: 1000 logins, 100 addresses of each", () => {
    const refusals = new Refusals(() => 0);
    for (let n = 0; n < 200; n++) refusals.add(refusal({ address: `a${n}@x` }));
    expect(refusals.mostAddresses("inet:1")).toBe(100);

    for (let n = 0; n < 1000; n++) refusals.add(refusal({ login: `l${n}` }));
    expect(refusals.mostAddresses("inet:1")).toBe(1);
  });
});
