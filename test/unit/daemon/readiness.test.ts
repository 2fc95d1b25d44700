import { expect, test } from "vitest";
import { readinessOf } from "../../../src/daemon/readiness.ts";
import { clock, mailRows, openSource, settingsWith, startedWith } from "../../support/fakes/chains.ts";

const bound = [{ name: "inet:127.0.0.1:9000", isBound: true }];

function started() {
  const database = mailRows();
  const sources = new Map([["mail", openSource(database)]]);
  const { chains } = startedWith(settingsWith(), sources);
  const readiness = (changes: Partial<Parameters<typeof readinessOf>[0]> = {}) =>
    readinessOf({ isDraining: false, listeners: bound, sources, chains: chains.values(), ...changes });
  return { database, chains, readiness };
}

test("ready is a daemon that listens and whose sources are up", () => {
  expect(started().readiness()).toEqual({
    isReady: true,
    listeners: bound,
    sources: [{ name: "mail", health: { isUp: true, reason: "", hosts: [] }, isServingStale: false }],
  });
});

test("a listener that is not bound, and a drain, are not ready", () => {
  const { readiness } = started();
  expect(readiness({ listeners: [{ name: "inet:127.0.0.1:9000", isBound: false }] }).isReady).toBe(false);
  expect(readiness({ isDraining: true }).isReady).toBe(false);
});

test("a source that is down is not ready, unless stale answers were served in its place within the last minute", async () => {
  const { database, chains, readiness } = started();
  const map = chains.get("senders")?.map;
  await map?.lookup("alice@example.com", Number.POSITIVE_INFINITY);
  database.error = new Error("down");
  expect(readiness().isReady).toBe(false);
  clock.advance(61_000);
  expect(await map?.lookup("alice@example.com", Number.POSITIVE_INFINITY)).toMatchObject({ kind: "ok" });
  expect(readiness()).toMatchObject({ isReady: true, sources: [{ isServingStale: true }] });
  clock.advance(59_000);
  expect(readiness().isReady).toBe(true);
  clock.advance(2_000);
  expect(readiness()).toMatchObject({ isReady: false, sources: [{ isServingStale: false }] });
});

test("a source that is up is not serving stale, whatever was served before it came back", async () => {
  const { database, chains, readiness } = started();
  const map = chains.get("senders")?.map;
  await map?.lookup("alice@example.com", Number.POSITIVE_INFINITY);
  database.error = new Error("down");
  clock.advance(61_000);
  await map?.lookup("alice@example.com", Number.POSITIVE_INFINITY);
  database.error = undefined;
  expect(readiness()).toMatchObject({ isReady: true, sources: [{ isServingStale: false }] });
});
