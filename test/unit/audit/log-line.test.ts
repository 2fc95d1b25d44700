import { describe, expect, test } from "vitest";
import { LogLineReader } from "../../../src/audit/log-line.ts";

const newestMs = new Date(2026, 0, 15, 12).getTime();
const read = (line: string) => new LogLineReader({ newestMs }).read(line);

describe("a line of Postfix", () => {
  test.each<[string, string, object]>([
    [
      "of syslog",
      "Jan  8 11:08:48 mx1 postfix/submission/smtpd[16067]: connect from x",
      {
        stamp: "Jan  8 11:08:48",
        timeMs: new Date(2026, 0, 8, 11, 8, 48).getTime(),
        host: "mx1",
        daemon: "smtpd",
        pid: "16067",
        message: "connect from x",
      },
    ],
    [
      "of syslog with fractions",
      "Jan 08 11:08:48.341360 mx1 postfix/qmgr[3]: A: removed",
      { daemon: "qmgr", pid: "3" },
    ],
    [
      "of RFC 3339",
      "2026-01-08T11:08:48.341360+01:00 mx1 postfix/qmgr[3]: A: removed",
      {
        stamp: "2026-01-08T11:08:48+01:00",
        timeMs: Date.UTC(2026, 0, 8, 10, 8, 48),
        host: "mx1",
        message: "A: removed",
      },
    ],
    [
      "of journalctl -o short-iso",
      "2026-01-08T11:08:48+0100 mx1 postfix/qmgr[3]: x",
      { timeMs: Date.UTC(2026, 0, 8, 10, 8, 48) },
    ],
    ["of UTC", "2026-01-08T11:08:48Z mx1 postfix/qmgr[3]: x", { timeMs: Date.UTC(2026, 0, 8, 11, 8, 48) }],
    ["of another name", "Jan  8 11:08:48 mx1 mail-out/smtpd[1]: x: [y]: z", { daemon: "smtpd", message: "x: [y]: z" }],
    ["of another instance", "Jan  8 11:08:48 mx1 postfix-2/pickup[1]: x", { daemon: "pickup" }],
    ["behind NUL bytes", "Jan  8 1\0\0\0Jan  8 11:08:48 mx1 postfix/smtpd[1]: x", { host: "mx1", message: "x" }],
    [
      "of last year",
      "Dec 31 23:59:59 mx1 postfix/smtpd[1]: x",
      { timeMs: new Date(2025, 11, 31, 23, 59, 59).getTime() },
    ],
    [
      "of a clock that is ahead",
      "Jan 16 11:00:00 mx1 postfix/smtpd[1]: x",
      { timeMs: new Date(2026, 0, 16, 11).getTime() },
    ],
  ])("%s", (_, line, expected) => {
    expect(read(line)).toMatchObject(expected);
  });

  test.each([
    "",
    "-- Journal begins at Sun 2026-01-04 11:08:48 UTC. --",
    "-- Boot 0123456789abcdef --",
    "Jan  8 11:08:48 mx1 kernel: eth0: link up",
    "Jan  8 11:08:48 mx1 postfix/smtp[4]: A: to=<x>, status=sent",
    "Jan  8 11:08:48 mx1 dovecot[1]: x",
    "Jan  8 11:0",
    "Xyz  8 11:08:48 mx1 postfix/smtpd[1]: x",
    "postfix/smtpd[1]: x",
    "2026-13-45T11:08:48Z mx1 postfix/qmgr[3]: x",
  ])("is none: %j", (line) => {
    expect(read(line)).toBeUndefined();
  });
});

test("a reader keeps no time of a line before", () => {
  const reader = new LogLineReader({ newestMs });
  const times = ["Jan  8 11:08:48", "Jan  8 11:08:48", "Jan  8 11:08:49"].map(
    (stamp) => reader.read(`${stamp} mx1 postfix/smtpd[1]: x`)?.timeMs,
  );
  expect(times).toEqual([48, 48, 49].map((second) => new Date(2026, 0, 8, 11, 8, second).getTime()));
});
