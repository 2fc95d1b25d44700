import { expect, test } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { RecentErrors } from "../../../src/telemetry/recent-errors.ts";

const noon = () => new Date("2026-11-24T12:00:00.000Z");

test("keeps the last 50, newest first", () => {
  const recent = new RecentErrors(noon);
  for (let i = 1; i <= 51; i++) recent.add("warn", {}, `message ${i}`);
  const messages = recent.list().map(({ message }) => message);
  expect(messages).toHaveLength(50);
  expect(messages[0]).toBe("message 51");
  expect(messages.at(-1)).toBe("message 2");
});

test("keeps message, code, source, listener, map and count, and nothing that could name a person", () => {
  const recent = new RecentErrors(noon);
  const fields = {
    code: "ERR_SOURCE_TIMEOUT",
    source: "mail",
    listener: "inet:127.0.0.1:9000",
    map: "senders",
    suppressed: 7,
    key: "alice@example.com",
    login: "alice",
    peer: "10.0.0.1",
    reason: "for alice@example.com",
  };
  recent.add("error", fields, "lookup failed");
  expect(recent.list()).toEqual([
    {
      time: "2026-11-24T12:00:00.000Z",
      level: "error",
      message: "lookup failed",
      code: "ERR_SOURCE_TIMEOUT",
      source: "mail",
      listener: "inet:127.0.0.1:9000",
      map: "senders",
      suppressed: 7,
    },
  ]);
});

test.each(["err", "error"])("takes the code from the error in the field %s", (field) => {
  const recent = new RecentErrors(noon);
  recent.add("warn", { [field]: new SourceError("ERR_SOURCE_SQL", "no such table vmail.alias") }, "query failed");
  const [entry] = recent.list();
  expect(entry?.code).toBe("ERR_SOURCE_SQL");
  expect(JSON.stringify(entry)).not.toContain("vmail");
});

test("takes no field of another type than its own", () => {
  const recent = new RecentErrors(noon);
  recent.add("warn", { code: 7, source: { name: "mail" }, suppressed: "many" }, "odd");
  expect(recent.list()).toEqual([{ time: "2026-11-24T12:00:00.000Z", level: "warn", message: "odd" }]);
});
