import { expect, test } from "vitest";
import { LabelledLog } from "../../../src/telemetry/labelled-log.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";

test.each(["debug", "info", "warn", "error"] as const)(
  "says with every line of level %s where it comes from",
  (level) => {
    const inner = fakeLog();
    new LabelledLog(inner, { listener: "inet:127.0.0.1:9000" })[level]({ map: "senders" }, "lookup failed");
    expect(inner.lines).toEqual([
      { level, message: "lookup failed", fields: { listener: "inet:127.0.0.1:9000", map: "senders" } },
    ]);
  },
);

test("leaves a line what it says itself", () => {
  const inner = fakeLog();
  new LabelledLog(inner, { listener: "configured" }).warn({ listener: "bound" }, "listener failed");
  expect(inner.lines[0]?.fields).toEqual({ listener: "bound" });
});

test("writes debug lines when the log behind does", () => {
  expect(new LabelledLog(fakeLog(false), {}).isDebugEnabled()).toBe(false);
  expect(new LabelledLog(fakeLog(true), {}).isDebugEnabled()).toBe(true);
});
