import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RateLimitedLog } from "../../../src/telemetry/rate-limited-log.ts";
import { type FakeLog, fakeLog } from "../../support/fakes.ts";

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

function storm(times: number, fields: Record<string, unknown> = {}, message = "source is down"): void {
  for (let i = 0; i < times; i++) log.warn(fields, message);
}

test("writes the first lines of a storm, then one line with the count of the others", () => {
  storm(100, { source: "mail", attempt: 1 });
  expect(inner.lines).toHaveLength(2);
  expect(inner.lines[0]).toEqual({ level: "warn", message: "source is down", fields: { source: "mail", attempt: 1 } });
  vi.advanceTimersByTime(1_000);
  expect(inner.lines).toHaveLength(3);
  expect(inner.lines[2]).toEqual({
    level: "warn",
    message: "source is down",
    fields: { source: "mail", suppressed: 98 },
  });
});

test("says nothing more of an event that stayed below the limit", () => {
  storm(2);
  vi.advanceTimersByTime(10_000);
  expect(inner.lines).toHaveLength(2);
});

test("begins anew in the next interval", () => {
  storm(3);
  vi.advanceTimersByTime(1_000);
  storm(3);
  expect(inner.lines.map(({ fields }) => fields["suppressed"])).toEqual([
    undefined,
    undefined,
    1,
    undefined,
    undefined,
  ]);
});

test.each([
  ["source", { source: "mail" }, { source: "other" }],
  ["listener", { listener: "a" }, { listener: "b" }],
  ["code", { code: "ERR_SOURCE_SQL" }, { code: "ERR_SOURCE_TIMEOUT" }],
])("counts apart what differs in %s", (_, one, other) => {
  storm(5, one);
  storm(1, other);
  expect(inner.lines).toHaveLength(3);
  expect(inner.lines[2]?.fields).toEqual(other);
});

test("counts apart messages, and warnings from errors", () => {
  storm(5);
  storm(1, {}, "another message");
  log.error({}, "source is down");
  expect(inner.lines.slice(2).map(({ level, message }) => `${level} ${message}`)).toEqual([
    "warn another message",
    "error source is down",
  ]);
});

test("limits errors too", () => {
  for (let i = 0; i < 5; i++) log.error({}, "unexpected error");
  vi.advanceTimersByTime(1_000);
  expect(inner.lines.map(({ level, fields }) => [level, fields])).toEqual([
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
  expect(inner.lines[2]?.fields).toEqual({ suppressed: 3 });
  expect(vi.getTimerCount()).toBe(0);
});

test("takes ten lines a minute unless told otherwise", () => {
  log = new RateLimitedLog(inner);
  storm(11);
  vi.advanceTimersByTime(59_999);
  expect(inner.lines).toHaveLength(10);
  vi.advanceTimersByTime(1);
  expect(inner.lines).toHaveLength(11);
});
