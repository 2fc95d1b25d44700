/** The milter while its lookups take their time, fail or come too late. */
import { describe, expect, test } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { OwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, Found } from "../../../src/model/reply.ts";
import { endOfHeaders, header, mail, packet } from "../../support/wire/milter-wire.ts";
import { bob, greeted, ownMessage, refusal } from "./support.ts";

describe("lookups that take their time", () => {
  const later = () => {
    const waiting: ((answer: Answer | Error) => void)[] = [];
    const lookup = () =>
      new Promise<Answer>((resolve, reject) => {
        waiting.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      });
    return { lookup, waiting };
  };
  const owned = new Found(new OwnerList([bob]), false);

  test("are waited for, all of them", async () => {
    const { lookup, waiting } = later();
    const bench = greeted(lookup);
    expect(bench.say(ownMessage(header("From", "bob+x@x.example")))).toEqual(["c"]);
    expect(bench.debts).toMatchObject([{ deadlineMs: 6000 }]);

    waiting[0]?.(owned);
    await Promise.resolve();
    expect(bench.heard()).toEqual([]);
    waiting[1]?.(owned);
    await new Promise(setImmediate);
    expect(bench.heard()).toEqual(["a"]);
  });

  test("that fail defer the message; the log has the cause", async () => {
    const { lookup, waiting } = later();
    const bench = greeted(lookup);
    bench.say(ownMessage());
    waiting[0]?.(new SourceError("ERR_SOURCE_UNAVAILABLE", "no host"));
    await new Promise(setImmediate);

    expect(bench.heard()).toEqual(["y 451 4.3.0 Temporary lookup failure"]);
    expect(bench.log.lines).toMatchObject([{ level: "warn", message: "lookup failed", fields: { map: "senders" } }]);
  });

  test("that are late defer it at the deadline, and change nothing after", async () => {
    const { lookup, waiting } = later();
    const bench = greeted(lookup);
    bench.say(ownMessage());
    bench.debts[0]?.expire();
    expect(bench.heard()).toEqual(["y 451 4.3.0 Temporary lookup failure"]);

    waiting[0]?.(owned);
    await new Promise(setImmediate);
    expect(bench.heard()).toEqual([]);
    expect(bench.notes).toHaveLength(1);
  });

  test("one of which says foreign refuse at the deadline, though another did not come", async () => {
    const { lookup, waiting } = later();
    const bench = greeted(lookup);
    bench.say(ownMessage(header("From", "boss@x.example")));
    waiting[1]?.(new Found(new OwnerList(["boss"]), false));
    await new Promise(setImmediate);
    bench.debts[0]?.expire();

    expect(bench.heard()).toEqual([refusal("From", "boss@x.example")]);
  });

  test("are forgotten when the mail server gives the message up", async () => {
    const { lookup, waiting } = later();
    const bench = greeted(lookup);
    bench.say(ownMessage());
    expect(bench.say(packet("A") + mail("", bob) + endOfHeaders())).toEqual(["c", "a"]);
    waiting[0]?.(owned);
    await new Promise(setImmediate);

    expect(bench.heard()).toEqual([]);
    expect(bench.notes).toHaveLength(1);
  });
});
