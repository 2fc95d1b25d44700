import { describe, expect, test } from "vitest";
import {
  changesPerMinute,
  compare,
  formatCount,
  formatMoment,
  formatRate,
  formatSeconds,
  formatShare,
  formatUptime,
  quantile,
  type Status,
  statusAt,
  unanswered,
} from "../../../../src/sidecar/page/numbers.js";

const start: Status = {
  version: "0.1.0",
  node: "v22.0.0",
  startedAt: "2026-11-24T06:00:00.000Z",
  now: "2026-11-24T08:00:00.000Z",
  ready: true,
  tokenConfigured: true,
  revealed: false,
  lookups: { ok: 1000, notfound: 500, temp: 0 },
  lookupDuration: { bounds: [0.001, 0.01], counts: [1400, 90, 10] },
  cache: { hit: 900, negative_hit: 50, stale: 5, coalesced: 5, miss: 100, foreign_domain: 400 },
  listeners: [],
  messages: [],
  history: [],
  sources: [
    {
      name: "mail",
      up: true,
      servingStale: false,
      hostsUp: 1,
      hostsDown: 0,
      queries: { ok: 100, error: 1, timeout: 0 },
      changes: 40,
    },
  ],
  maps: [mapStatus("senders", "mail", { temp: 5, timeout: 1 }, 3), mapStatus("lists", "mail", { temp: 1 }, 0)],
};

function mapStatus(map: string, source: string, lookups: Record<string, number>, staleAnswers: number) {
  const none = { positive: 0, negative: 0 };
  return { map, source, lookups, entries: none, staleEntries: 0, staleAnswers, limits: none, flushed: 0 };
}

function later(seconds: number, changes: Partial<Status> = {}): Status {
  return { ...start, now: new Date(Date.parse(start.now) + seconds * 1000).toISOString(), ...changes };
}

function moment(secondsAgo: number, changes: number) {
  const now = new Date(Date.parse(start.now) - secondsAgo * 1000).toISOString();
  const { lookups, lookupDuration, cache } = start;
  return { now, lookups, lookupDuration: lookupDuration.counts, cache, connections: 3, changes: { mail: changes } };
}

describe("the history", () => {
  test("is compared as polls are: what was counted between two of its moments", () => {
    const before = { ...moment(10, 0), lookups: { ok: 900, notfound: 500, temp: 0 }, lookupDuration: [1300, 90, 10] };
    const interval = compare(statusAt(start, before), statusAt(start, moment(5, 0)));
    expect(interval?.lookupsPerSecond).toEqual({ ok: 20, notfound: 0, temp: 0 });
    expect(interval?.p50).toBe(0.0005);
  });

  test("tells how much changed in the last minute, or since the start", () => {
    const history = [moment(120, 10), moment(62, 20), moment(58, 25), moment(5, 38)];
    expect(changesPerMinute({ ...start, history }, "mail")).toBe(15);
    expect(changesPerMinute(start, "mail")).toBe(40);
    expect(changesPerMinute({ ...start, history }, "other")).toBe(0);
  });
});

describe("compare", () => {
  test("turns counts into rates over the time that really passed", () => {
    const interval = compare(start, later(4, { lookups: { ok: 1020, notfound: 502, temp: 1 } }));
    expect(interval?.lookupsPerSecond).toEqual({ ok: 5, notfound: 0.5, temp: 0.25 });
  });

  test("counts hits, negative hits and foreign domains as answered from memory; stale ones are misses", () => {
    const cache = { hit: 910, negative_hit: 55, stale: 7, coalesced: 6, miss: 104, foreign_domain: 405 };
    const interval = compare(start, later(2, { cache }));
    expect(interval?.memoryShare).toBe(20 / 25);
    expect(interval?.staleShare).toBe(2 / 25);
  });

  test("takes percentiles from what was added to the buckets", () => {
    const lookupDuration = { bounds: [0.001, 0.01], counts: [1499, 90, 11] };
    const interval = compare(start, later(2, { lookupDuration }));
    expect(interval?.p50).toBeCloseTo(0.000_505, 6);
    expect(interval?.p99).toBe(0.001);
  });

  test("gives queries per second by source, and zero for a source that is new", () => {
    const [mail] = start.sources;
    const sources = [
      { ...mail!, queries: { ok: 110, error: 1, timeout: 0 } },
      { ...mail!, name: "new", queries: { ok: 0, error: 0, timeout: 0 } },
    ];
    expect(compare(start, later(5, { sources }))?.queriesPerSecond).toEqual({ mail: 2, new: 0 });
  });

  test("gives lookups without an answer per second by source, since a source that is down is sent no queries", () => {
    const maps = [mapStatus("senders", "mail", { temp: 9, timeout: 2 }, 3), mapStatus("lists", "mail", { temp: 2 }, 0)];
    expect(compare(start, later(2, { maps }))?.unansweredPerSecond).toEqual({ mail: 3 });
    expect(compare(start, later(2, { maps: [] }))?.unansweredPerSecond).toEqual({ mail: 0 });
  });

  test("gives stale answers per second by map, and of a map that is new all of them", () => {
    const maps = [mapStatus("senders", "mail", {}, 7), mapStatus("new", "mail", {}, 2)];
    expect(compare(start, later(2, { maps }))?.stalePerSecond).toEqual({ senders: 2, new: 1 });
  });

  test("says nothing of shares and percentiles when nothing happened", () => {
    expect(compare(start, later(2))).toMatchObject({ memoryShare: null, staleShare: null, p50: null, p99: null });
  });

  test("takes counts that shrank, since a reload dropped a map, for none", () => {
    const changes = {
      lookups: { ok: 10, notfound: 501 },
      lookupDuration: { bounds: [0.001, 0.01], counts: [0, 0, 0] },
    };
    const interval = compare(start, later(1, changes));
    expect(interval?.lookupsPerSecond).toEqual({ ok: 0, notfound: 1 });
    expect(interval?.p99).toBeNull();
  });

  test.each([
    ["another process", later(2, { startedAt: "2026-11-24T07:59:59.000Z" })],
    ["no time between", start],
    ["a clock that went back", later(-2)],
  ])("does not compare %s", (_, status) => {
    expect(compare(start, status)).toBeUndefined();
  });
});

describe("quantile", () => {
  test.each([
    ["interpolates within the bucket", [1, 2, 4], [0, 10, 0, 0], 0.5, 1.5],
    ["begins the first bucket at zero", [1, 2, 4], [10, 0, 0, 0], 0.5, 0.5],
    ["skips empty buckets", [1, 2, 4], [5, 0, 5, 0], 0.75, 3],
    ["ends at the last bound, above which nothing is known", [1, 2, 4], [1, 0, 0, 99], 0.99, 4],
    ["takes the whole of the last bucket for 1", [1, 2, 4], [5, 5, 0, 0], 1, 2],
  ])("%s", (_, bounds, counts, q, expected) => {
    expect(quantile(bounds, counts, q)).toBe(expected);
  });

  test("is null without observations", () => {
    expect(quantile([1, 2], [0, 0, 0], 0.5)).toBeNull();
  });
});

test.each([
  [0, "0"],
  [0.25, "0.25"],
  [0.123, "0.12"],
  [12.34, "12.3"],
  [99.96, "100"],
  [1204.4, "1,204"],
])("writes the rate %s as %s", (rate, text) => {
  expect(formatRate(rate)).toBe(text);
});

test.each([
  [0.000_05, "50 µs"],
  [0.000_183, "180 µs"],
  [0.0025, "2.5 ms"],
  [0.25, "250 ms"],
  [1.234, "1.2 s"],
  [10, "10 s"],
])("writes %s seconds as %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test.each([
  [5, "5 s"],
  [65, "1 min"],
  [7_500, "2 h 5 min"],
  [273_600, "3 d 4 h"],
])("writes an uptime of %s seconds as %s", (seconds, text) => {
  expect(formatUptime(seconds)).toBe(text);
});

test("counts the lookups without an answer of the maps of a source", () => {
  expect(unanswered(start, "mail")).toBe(7);
  expect(unanswered(start, "other")).toBe(0);
});

test("counts those of a map of several sources for the one that is down, and for each while all are up", () => {
  const [mail] = start.sources;
  const maps = [{ ...mapStatus("senders", "grants, mail", { temp: 5 }, 0), sources: ["grants", "mail"] }];
  const statusWith = (isUp: boolean): Status => ({
    ...start,
    maps,
    sources: [
      { ...mail!, up: isUp },
      { ...mail!, name: "grants" },
    ],
  });
  expect([unanswered(statusWith(false), "mail"), unanswered(statusWith(false), "grants")]).toEqual([5, 0]);
  expect([unanswered(statusWith(true), "mail"), unanswered(statusWith(true), "grants")]).toEqual([5, 5]);
});

test("writes a moment with its date", () => {
  expect(formatMoment("2026-11-04T07:59:12.000Z")).toMatch(/^4 Nov \d\d:\d\d:12$/);
});

test("writes counts and shares", () => {
  expect(formatCount(1_234_567)).toBe("1,234,567");
  expect(formatShare(0.9736)).toBe("97.4 %");
  expect(formatShare(1)).toBe("100 %");
});
