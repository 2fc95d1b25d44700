import { expect, test } from "vitest";
import { tableOf } from "../../bench/report.ts";
import type { Entry, Lineup, Sample } from "../../bench/statistics.ts";
import { summaryOf } from "../../bench/summary.ts";
import { judge, tableOfVerdicts } from "../../bench/targets.ts";

const entry = (name: string, ...samples: Sample[]): Entry => ({ name, samples });

const hits: Lineup = {
  suite: "hits",
  title: "hits, socketmap unix, 16 connections",
  entries: [
    entry(
      "loginmapd",
      { cpuUs: 9, perSecond: 90_000 },
      { cpuUs: 10, perSecond: 100_000 },
      { cpuUs: 22, perSecond: 45_000 },
    ),
    entry(
      "bare Node",
      { cpuUs: 9, perSecond: 90_000 },
      { cpuUs: 8, perSecond: 125_000 },
      { cpuUs: 20, perSecond: 50_000 },
    ),
    entry(
      "C limit",
      { cpuUs: 4, perSecond: 180_000 },
      { cpuUs: 4, perSecond: 200_000 },
      { cpuUs: 11, perSecond: 90_000 },
    ),
  ],
};

test("a table has CPU first, and the quartiles of paired runs behind each median", () => {
  const { columns, rows } = tableOf(hits);
  expect(columns).toEqual(["", "CPU µs", "CPU × bare Node", "CPU × C limit", "per second", "per second × bare Node"]);
  expect(rows[0]).toEqual([
    "loginmapd",
    "10 (9.5–16)",
    "1.1 (1.05–1.18)",
    "2.25 (2.13–2.38)",
    "90,000 (67,500–95,000)",
    "0.9 (0.85–0.95)",
  ]);
  expect(rows[1]?.[2]).toBe("1");
});

test("a target is met by the median, and its spread is told", () => {
  expect(tableOfVerdicts(judge([hits])).rows).toEqual([
    ["hits, socketmap unix, 16 connections: CPU × bare Node", "at most 1", "1.1 (1.05–1.18)", "missed"],
    ["hits, socketmap unix, 16 connections: CPU × C limit", "at most 2.1", "2.25 (2.13–2.38)", "missed"],
  ]);
});

test("the summary says what was measured, and nothing of what was not", () => {
  expect(summaryOf([hits])).toEqual([
    "**An address that was asked for before** is answered from memory, 90,000 times a second at most with 16 clients: 0.9 × what a Node server does that looks nothing up.",
    "Each costs 10 µs of a processor when there are many of them, 2.25 × the least that any program can do it for.",
  ]);
});
