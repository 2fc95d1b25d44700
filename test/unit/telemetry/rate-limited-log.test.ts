import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RateLimitedLog } from "../../../src/telemetry/rate-limited-log.ts";
import { type FakeLog, fakeLog } from "../../support/fakes/fakes.ts";

let inner: FakeLog;
let log: RateLimitedLog;

beforeEach(() => {
  vi.useFakeTimers();
  inner = fakeLog();
  log = new RateLimitedLog(inner, { lines: 2, intervalMs: 1_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What an operator sees who has not turned level debug on. */
const written = () => inner.lines.filter(({ level }) => level !== "debug");

function storm(times: number, fields: Record<string, unknown> = {}, message = "source is down"): void {
  for (let i = 0; i < times; i++) log.warn(fields, message);
}

test("writes the first lines of a storm, then one line with the count of the others", () => {
  storm(100, { source: "mail", attempt: 1 });
  expect(written()).toHaveLength(2);
  expect(written()[0]).toEqual({ level: "warn", message: "source is down", fields: { source: "mail", attempt: 1 } });
  vi.advanceTimersByTime(1_000);
  expect(written()).toHaveLength(3);
  expect(written()[2]).toEqual({
    level: "warn",
    message: "source is down",
    fields: { source: "mail", suppressed: 98 },
  });
});

test("has the lines over the limit at level debug, so that no query id is lost", () => {
  storm(3, { source: "mail", queryId: "c1.q3" });
  expect(inner.lines.at(-1)).toEqual({
    level: "debug",
    message: "source is down",
    fields: { source: "mail", queryId: "c1.q3" },
  });
});

test("says nothing more of an event that stayed below the limit", () => {
  storm(2);
  vi.advanceTimersByTime(10_000);
  expect(written()).toHaveLength(2);
});

test("begins anew in the next interval", () => {
  storm(3);
  vi.advanceTimersByTime(1_000);
  storm(3);
  expect(written().map(({ fields }) => fields["suppressed"])).toEqual([undefined, undefined, 1, undefined, undefined]);
});

test.each([
  ["source", { source: "mail" }, { source: "other" }],
  ["listener", { listener: "a" }, { listener: "b" }],
  ["map", { map: "senders" }, { map: "others" }],
  ["code", { code: "ERR_SOURCE_SQL" }, { code: "ERR_SOURCE_TIMEOUT" }],
  ["reason", { reason: "unknown map" }, { reason: "not a query" }],
])("counts apart what differs in %s", (_, one, other) => {
  storm(5, one);
  storm(1, other);
  expect(written()).toHaveLength(3);
  expect(written()[2]?.fields).toEqual(other);
});

test("counts apart messages, and warnings from errors", () => {
  storm(5);
  storm(1, {}, "another message");
  log.error({}, "source is down");
  expect(
    written()
      .slice(2)
      .map(({ level, message }) => `${level} ${message}`),
  ).toEqual(["warn another message", "error source is down"]);
});

test("limits errors too", () => {
  for (let i = 0; i < 5; i++) log.error({}, "unexpected error");
  vi.advanceTimersByTime(1_000);
  expect(written().map(({ level, fields }) => [level, fields])).toEqual([
    ["error", {}],
    ["error", {}],
    ["error", { suppressed: 3 }],
  ]);
});

test("passes debug and info lines as they come", () => {
  for (let i = 0; i < 5; i++) {
    log.debug({}, "lookup");
    log.info({}, "listening");
  }
  expect(inner.lines).toHaveLength(10);
  expect(log.isDebugEnabled()).toBe(false);
  expect(new RateLimitedLog(fakeLog(true)).isDebugEnabled()).toBe(true);
});

test("writes what is still counted when it is flushed, and leaves no timer behind", () => {
  storm(5);
  log.flush();
  expect(written()[2]?.fields).toEqual({ suppressed: 3 });
  expect(vi.getTimerCount()).toBe(0);
});

test("takes ten lines a minute unless told otherwise", () => {
  log = new RateLimitedLog(inner);
  storm(11);
  vi.advanceTimersByTime(59_999);
  expect(written()).toHaveLength(10);
  vi.advanceTimersByTime(1);
  expect(written()).toHaveLength(11);
});
