import { beforeEach, describe, expect, test, vi } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { RateLimitedLog } from "../../../src/telemetry/rate-limited-log.ts";
import { RecentErrors } from "../../../src/telemetry/recent-errors.ts";

let written: string[];
const stream = { write: (line: string) => void written.push(line) };

beforeEach(() => {
  written = [];
});

function jsonLines(): Record<string, unknown>[] {
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("writes one JSON object per line: level as a word, time in UTC, fields, message", () => {
  createLog({ level: "info", format: "json" }, stream).warn({ source: "mail", failures: 3 }, "source is down");
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\{[^\n]*\}\n$/);
  const [{ time, ...rest } = {}] = jsonLines();
  expect(rest).toEqual({ level: "warn", source: "mail", failures: 3, msg: "source is down" });
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("writes lines of its level and above, and says whether debug is one of them", () => {
  const log = createLog({ level: "warn", format: "json" }, stream);
  log.debug({}, "a");
  log.info({}, "b");
  log.warn({}, "c");
  log.error({}, "d");
  expect(jsonLines().map(({ msg }) => msg)).toEqual(["c", "d"]);
  expect(log.isDebugEnabled()).toBe(false);
});

test("changes its level while it runs", () => {
  const log = createLog({ level: "error", format: "json" }, stream);
  log.setLevel("debug");
  log.debug({ key: "alice@example.com" }, "lookup");
  expect(log.isDebugEnabled()).toBe(true);
  log.setLevel("error");
  log.debug({}, "lookup");
  expect(jsonLines().map(({ level, key }) => [level, key])).toEqual([["debug", "alice@example.com"]]);
});

describe("secrets", () => {
  test.each([
    ["password"],
    ["mysqlPassword"],
    ["admin_token"],
    ["token"],
    ["Authorization"],
    ["client_secret"],
    ["passphrase"],
    ["cookie"],
  ])("censors the value of %s, however deep it stands", (name) => {
    const log = createLog({ level: "info", format: "json" }, stream);
    log.info({ [name]: "hunter2", source: { [name]: "hunter2", hosts: [{ [name]: "hunter2" }] } }, "configuration");
    expect(written[0]).not.toContain("hunter2");
    expect(jsonLines()[0]?.["source"]).toEqual({ [name]: "[secret]", hosts: [{ [name]: "[secret]" }] });
  });

  test("leaves names of files that hold secrets", () => {
    createLog({ level: "info", format: "json" }, stream).info({ token_file: "/etc/loginmapd/admin-token" }, "read");
    expect(jsonLines()[0]?.["token_file"]).toBe("/etc/loginmapd/admin-token");
  });

  test("reduces errors to what is harmless: mysql2 hangs the statement and its parameters on them", () => {
    const cause = Object.assign(new Error("Duplicate"), { code: "ER_DUP_ENTRY", sql: "SELECT 'alice@example.com'" });
    const err = new SourceError("ERR_SOURCE_SQL", "the database refused the statement", { cause });
    const log = createLog({ level: "info", format: "json" }, stream);
    log.warn({ err }, "query failed");
    expect(written[0]).not.toContain("alice");
    expect(jsonLines()[0]?.["err"]).toEqual({
      name: "SourceError",
      code: "ERR_SOURCE_SQL",
      message: "the database refused the statement",
      cause: { name: "Error", code: "ER_DUP_ENTRY", message: "Duplicate", stack: cause.stack },
    });
  });

  test("has the stack of an error that nobody expected", () => {
    createLog({ level: "info", format: "json" }, stream).error({ err: new TypeError("bug") }, "unexpected error");
    expect(jsonLines()[0]?.["err"]).toEqual({
      name: "TypeError",
      message: "bug",
      stack: expect.stringContaining("log.test.ts"),
    });
  });

  test("writes dates as dates and bytes as a peer's text, and asks no object what it would rather be", () => {
    const talkative = { toJSON: () => "hunter2", source: "mail" };
    const fields = { since: new Date(0), peer: Buffer.from("GET /\r\n"), talkative };
    createLog({ level: "info", format: "json" }, stream).info(fields, "odd");
    expect(jsonLines()[0]).toMatchObject({ since: "1970-01-01T00:00:00.000Z", peer: "GET /\\x0d\\x0a" });
    expect(written[0]).not.toContain("hunter2");
  });

  test("ends where fields contain themselves", () => {
    const fields: Record<string, unknown> = { source: "mail" };
    fields["self"] = fields;
    createLog({ level: "info", format: "json" }, stream).info(fields, "loop");
    expect(JSON.stringify(jsonLines()[0]?.["self"])).toContain("[too deep]");
  });
});

describe("format text", () => {
  test("writes time, level, message and fields on one line", () => {
    const log = createLog({ level: "info", format: "text" }, stream);
    log.info({ endpoint: "inet:127.0.0.1:9000", connections: 3, ok: true, reason: "no route to host" }, "listening");
    expect(written).toHaveLength(1);
    expect(written[0]?.replace(/^\S+Z /, "")).toBe(
      'INFO  listening endpoint=inet:127.0.0.1:9000 connections=3 ok=true reason="no route to host"\n',
    );
  });

  test("escapes whatever could end the line or steer a terminal", () => {
    const log = createLog({ level: "info", format: "text" }, stream);
    log.warn({ peer: "x\nERROR forged", title: "\u001b]0;owned\u0007", c1: "\u009b31m" }, "bad\r\nbytes");
    expect(written[0]?.replace(/^\S+Z /, "")).toBe(
      'WARN  bad\\x0d\\x0abytes peer="x\\nERROR forged" title="\\u001b]0;owned\\u0007" c1="\\x9b31m"\n',
    );
  });

  test("puts the stack of an error below, indented", () => {
    const log = createLog({ level: "info", format: "text" }, stream);
    log.error({ err: new Error("bug"), source: "mail" }, "unexpected error");
    const [first, second, third] = (written[0] ?? "").split("\n");
    expect(first).toContain('ERROR unexpected error err={"name":"Error","message":"bug"} source=mail');
    expect(second).toBe("    Error: bug");
    expect(third).toMatch(/^ {8}at /);
  });
});

const once = { time: "1970-01-01T00:00:00.000Z", firstTime: "1970-01-01T00:00:00.000Z", count: 1 };

test("hands warnings and errors to the recent ones, whatever its level", () => {
  const recentErrors = new RecentErrors(() => new Date(0));
  const log = createLog({ level: "error", format: "json", recentErrors }, stream);
  log.debug({}, "a");
  log.info({}, "b");
  log.warn({ source: "mail" }, "c");
  log.error({}, "d");
  expect(recentErrors.list()).toEqual([
    { ...once, level: "error", message: "d" },
    { ...once, level: "warn", message: "c", source: "mail" },
  ]);
});

test("counts every line of a storm among the recent ones, written or not, and none twice", () => {
  vi.useFakeTimers();
  try {
    const recentErrors = new RecentErrors(() => new Date(0));
    const log = new RateLimitedLog(createLog({ level: "warn", format: "json", recentErrors }, stream), {
      lines: 2,
      intervalMs: 1_000,
    });
    const err = new SourceError("ERR_SOURCE_UNAVAILABLE", "no database host");
    for (let i = 0; i < 100; i++) log.warn({ map: "senders", err }, "lookup failed");
    const counted = { ...once, count: 100, level: "warn", message: "lookup failed", map: "senders", code: err.code };
    expect(recentErrors.list()).toEqual([counted]);
    vi.advanceTimersByTime(1_000);
    expect(recentErrors.list()).toEqual([counted]);
  } finally {
    vi.useRealTimers();
  }
});
