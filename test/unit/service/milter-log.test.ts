import { describe, expect, test } from "vitest";
import type { MessageVerdict, MilterAction, Refusal } from "../../../src/model/message.ts";
import { messageTally } from "../../../src/model/tally.ts";
import { noteWith } from "../../../src/service/milter-log.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";

const refused: MessageVerdict = {
  result: "reject",
  reason: "not_owned",
  place: "From",
  address: "boss@x",
  reply: "550",
};
const deferred: MessageVerdict = {
  result: "temp",
  reason: "lookup_failed",
  place: "From",
  address: "a@x",
  reply: "451",
};

function bench(action: MilterAction, addresses = 0) {
  const [log, tally, kept] = [fakeLog(), messageTally(), [] as Refusal[]];
  const keep = (refusal: Refusal) => {
    kept.push(refusal);
    return addresses;
  };
  return { note: noteWith({ listener: "inet:1", action: () => action, tally, keep, log }), log, tally, kept };
}

describe("noteWith", () => {
  test("counts what is accepted, and says nothing of it", () => {
    const { note, log, tally, kept } = bench("reject");
    note({ result: "accept", reason: "owned" }, { login: "bob", queueId: "4X" });

    expect(tally.accept.owned).toBe(1);
    expect([log.lines, kept]).toEqual([[], []]);
  });

  test("writes a refusal at level info with queue id, login, header and address", () => {
    const { note, log, tally, kept } = bench("reject");
    note(refused, { login: "bob", queueId: "4X" });

    expect(tally.reject.not_owned).toBe(1);
    expect(log.lines).toEqual([
      {
        level: "info",
        message: "message refused",
        fields: { queueId: "4X", login: "bob", header: "From", address: "boss@x", reason: "not_owned" },
      },
    ]);
    expect(kept).toEqual([
      {
        listener: "inet:1",
        result: "reject",
        reason: "not_owned",
        login: "bob",
        queueId: "4X",
        place: "From",
        address: "boss@x",
      },
    ]);
  });

  test("tells a message that is deferred from one that is refused", () => {
    const { note, log, tally } = bench("reject");
    note(deferred, { login: "bob", queueId: undefined });

    expect(tally.temp.lookup_failed).toBe(1);
    expect(log.lines).toMatchObject([{ level: "info", message: "message deferred" }]);
  });

  test.each([refused, deferred])("action: log counts as would_reject: %o", (verdict) => {
    const { note, log, tally } = bench("log");
    note(verdict, { login: "bob", queueId: "4X" });

    expect(tally.would_reject[verdict.reason]).toBe(1);
    expect(log.lines).toMatchObject([{ level: "info", message: "message would be refused" }]);
  });

  test("cuts what is long", () => {
    const { note, log } = bench("reject");
    note({ ...refused, address: "a".repeat(300) }, { login: "l".repeat(300), queueId: "q".repeat(300) });

    expect(Object.values(log.lines[0]?.fields ?? {}).map((value) => String(value).length)).toEqual([
      200, 200, 4, 200, 9,
    ]);
  });

  test("warns once of a login that is refused for ten addresses", () => {
    const { note, log } = bench("reject", 10);
    note(refused, { login: "bob", queueId: "4X" });

    expect(log.lines[1]).toMatchObject({ level: "warn", fields: { login: "bob", addresses: 10 } });
    expect(bench("reject", 9).log.lines).toEqual([]);
  });
});
