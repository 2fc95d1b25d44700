import { expect, test } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { RecentErrors } from "../../../src/telemetry/recent-errors.ts";

const noon = "2026-11-24T12:00:00.000Z";
const atNoon = () => new Date(noon);

/** A clock that is a second later each time that it is asked. */
function ticking(): () => Date {
  let seconds = 0;
  return () => new Date(Date.parse(noon) + 1000 * seconds++);
}

test("keeps the last 50 that differ, the latest first", () => {
  const recent = new RecentErrors(atNoon);
  for (let i = 1; i <= 51; i++) recent.add("warn", {}, `message ${i}`);
  const messages = recent.list().map(({ message }) => message);
  expect(messages).toHaveLength(50);
  expect(messages[0]).toBe("message 51");
  expect(messages.at(-1)).toBe("message 2");
});

test("counts a repeat where it stands, with its first and last time, so that a storm pushes nothing out", () => {
  const recent = new RecentErrors(ticking());
  recent.add("warn", { source: "mail", host: "db1" }, "database host is down");
  for (let i = 1; i <= 200; i++) recent.add("warn", { reason: "unknown map", queryId: `c1.q${i}` }, "query refused");
  expect(recent.list()).toEqual([
    {
      time: "2026-11-24T12:03:20.000Z",
      firstTime: "2026-11-24T12:00:01.000Z",
      count: 200,
      level: "warn",
      message: "query refused",
      reason: "unknown map",
    },
    {
      time: noon,
      firstTime: noon,
      count: 1,
      level: "warn",
      message: "database host is down",
      source: "mail",
      host: "db1",
    },
  ]);
});

test("what happens again comes first again, and outlives what did not", () => {
  const recent = new RecentErrors(ticking());
  for (let i = 1; i <= 50; i++) recent.add("warn", {}, `message ${i}`);
  recent.add("warn", {}, "message 1");
  recent.add("warn", {}, "message 51");
  const messages = recent.list().map(({ message }) => message);
  expect(messages.slice(0, 2)).toEqual(["message 51", "message 1"]);
  expect(messages).not.toContain("message 2");
});

type Line = Parameters<RecentErrors["add"]>;

test.each<[string, Line, Line]>([
  ["level", ["warn", {}, "m"], ["error", {}, "m"]],
  ["message", ["warn", {}, "m"], ["warn", {}, "n"]],
  ["code", ["warn", { code: "ERR_SOURCE_SQL" }, "m"], ["warn", { code: "ERR_SOURCE_TIMEOUT" }, "m"]],
  ["reason", ["warn", { reason: "unknown map" }, "m"], ["warn", { reason: "not a query" }, "m"]],
  ["source", ["warn", { source: "a" }, "m"], ["warn", { source: "b" }, "m"]],
  ["host", ["warn", { host: "a" }, "m"], ["warn", { host: "b" }, "m"]],
  ["listener", ["warn", { listener: "a" }, "m"], ["warn", { listener: "b" }, "m"]],
  ["map", ["warn", { map: "a" }, "m"], ["warn", { map: "b" }, "m"]],
  ["the field that a value stands in", ["warn", { source: "a" }, "m"], ["warn", { map: "a" }, "m"]],
])("keeps apart what differs in %s", (_, one, other) => {
  const recent = new RecentErrors(atNoon);
  recent.add(...one);
  recent.add(...other);
  expect(recent.list().map(({ count }) => count)).toEqual([1, 1]);
});

test("keeps what it is about, and no key, login, peer or other field", () => {
  const recent = new RecentErrors(atNoon);
  const fields = {
    code: "ERR_SOURCE_TIMEOUT",
    reason: "source timeout",
    source: "mail",
    host: "inet:10.0.0.5:3306",
    listener: "inet:127.0.0.1:9000",
    map: "senders",
    key: "alice@example.com",
    login: "alice",
    peer: "10.0.0.1",
    queryId: "c1.q1",
  };
  recent.add("error", fields, "lookup failed");
  expect(recent.list()).toEqual([
    {
      time: noon,
      firstTime: noon,
      count: 1,
      level: "error",
      message: "lookup failed",
      code: "ERR_SOURCE_TIMEOUT",
      reason: "source timeout",
      source: "mail",
      host: "inet:10.0.0.5:3306",
      listener: "inet:127.0.0.1:9000",
      map: "senders",
    },
  ]);
});

test("takes the problem of a configuration for the reason", () => {
  const recent = new RecentErrors(atNoon);
  recent.add("warn", { problem: "cache.ttl: below a second" }, "configuration");
  expect(recent.list()[0]?.reason).toBe("cache.ttl: below a second");
});

test("cuts a reason to 200 characters", () => {
  const recent = new RecentErrors(atNoon);
  recent.add("warn", { reason: "x".repeat(200) }, "as it is");
  recent.add("warn", { reason: "x".repeat(201) }, "cut");
  expect(recent.list().map(({ reason }) => reason)).toEqual([`${"x".repeat(199)}…`, "x".repeat(200)]);
});

test.each(["err", "error"])("takes the code from the error in the field %s", (field) => {
  const recent = new RecentErrors(atNoon);
  recent.add("warn", { [field]: new SourceError("ERR_SOURCE_SQL", "no such table vmail.alias") }, "query failed");
  const [entry] = recent.list();
  expect(entry?.code).toBe("ERR_SOURCE_SQL");
  expect(JSON.stringify(entry)).not.toContain("vmail");
});

test("takes no field of another type than its own", () => {
  const recent = new RecentErrors(atNoon);
  recent.add("warn", { code: 7, source: { name: "mail" }, reason: ["a"] }, "odd");
  expect(recent.list()).toEqual([{ time: noon, firstTime: noon, count: 1, level: "warn", message: "odd" }]);
});
