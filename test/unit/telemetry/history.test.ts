import { afterEach, expect, test, vi } from "vitest";
import { Metrics } from "../../../src/telemetry/exposition.ts";
import { History } from "../../../src/telemetry/history.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("keeps what was counted at every five seconds of the last five minutes, the earliest first", () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-24T08:00:00.000Z") });
  const metrics = new Metrics({ version: "0.1.0", node: "v20.20.2" });
  const history = new History(
    () => metrics.snapshot(),
    () => new Date(),
  );
  history.start();
  expect(history.list()).toEqual([]);
  metrics.source("mail");
  for (let moment = 1; moment <= 70; moment++) {
    metrics.lookup("senders", "socketmap").results.ok += 10;
    metrics.listener("inet:127.0.0.1:9000").connections = moment;
    metrics.following("mail").changes.changed++;
    metrics.following("mail").changes.removed++;
    vi.advanceTimersByTime(5000);
  }
  expect(history.list()).toHaveLength(60);
  expect(history.list()[0]).toMatchObject({ now: "2026-11-24T08:00:55.000Z", lookups: { ok: 110 }, connections: 11 });
  expect(history.list().at(-1)).toMatchObject({
    now: "2026-11-24T08:05:50.000Z",
    lookups: { ok: 700 },
    connections: 70,
    changes: { mail: 140 },
  });
});
