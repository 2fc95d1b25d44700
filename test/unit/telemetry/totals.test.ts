import { expect, test } from "vitest";
import { Tallies } from "../../../src/telemetry/tallies.ts";
import { takeSnapshot } from "../../../src/telemetry/totals.ts";

test("adds up replies, durations and cache outcomes over maps and protocols", () => {
  const tallies = new Tallies();
  const socketmap = tallies.lookup("senders", "socketmap");
  socketmap.results.ok = 5;
  socketmap.duration.observe(0.000_01, 5);
  const tcpTable = tallies.lookup("lists", "tcp_table");
  tcpTable.results.ok = 2;
  tcpTable.results.timeout = 1;
  tcpTable.duration.observe(0.000_01, 2);
  tcpTable.duration.observe(20);
  Object.assign(tallies.lookup("senders", "tcp_table").results, { ok: 1, temp: 4 });
  tallies.cache("senders").requests.hit = 3;
  tallies.cache("lists").requests.hit = 4;
  tallies.cache("lists").requests.stale = 1;

  const { lookups, lookupDuration, cache, maps } = takeSnapshot(tallies);

  expect(lookups).toEqual({ ok: 8, notfound: 0, temp: 4, timeout: 1, perm: 0 });
  expect(lookupDuration.bounds[0]).toBe(0.000_05);
  expect(lookupDuration.counts[0]).toBe(7);
  expect(lookupDuration.counts.at(-1)).toBe(1);
  expect(lookupDuration.counts).toHaveLength(lookupDuration.bounds.length + 1);
  expect(maps).toEqual([
    { name: "senders", lookups: { ok: 6, notfound: 0, temp: 4, timeout: 0, perm: 0 } },
    { name: "lists", lookups: { ok: 2, notfound: 0, temp: 0, timeout: 1, perm: 0 } },
  ]);
  expect(cache).toEqual({ hit: 7, negative_hit: 0, stale: 1, coalesced: 0, miss: 0, foreign_domain: 0 });
});

test("keeps listeners and sources apart, and does not move on when they do", () => {
  const tallies = new Tallies();
  const listener = tallies.listener("inet:127.0.0.1:9000");
  Object.assign(listener, { connections: 2, connectionsTotal: 9 });
  listener.errors.framing = 1;
  listener.errors.too_large = 2;
  tallies.source("mail").queries.ok = 6;

  const snapshot = takeSnapshot(tallies);
  listener.connections = 100;
  tallies.source("mail").queries.ok = 100;

  expect(snapshot.listeners).toEqual([{ name: "inet:127.0.0.1:9000", connections: 2, connectionsTotal: 9, errors: 3 }]);
  expect(snapshot.sources).toEqual([{ name: "mail", changes: 0, queries: { ok: 6, error: 0, timeout: 0 } }]);
});

test("leaves the tallies as they were", () => {
  const tallies = new Tallies();
  tallies.lookup("senders", "socketmap").results.ok = 1;
  takeSnapshot(tallies);
  expect(takeSnapshot(tallies).lookups.ok).toBe(1);
});
