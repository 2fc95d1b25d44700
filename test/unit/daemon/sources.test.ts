import { expect, test } from "vitest";
import { closeSources, openSources } from "../../../src/daemon/sources.ts";
import type { Settings } from "../../../src/model/settings.ts";
import { Tallies } from "../../../src/telemetry/tallies.ts";
import { fakeClock, fakeLog } from "../../support/fakes/fakes.ts";

const parts = { clock: fakeClock(), log: fakeLog(), tallies: new Tallies() };

function settings(path: string, maxWaitingLookups = 10): Settings {
  const mail = {
    connection: { driver: "sqlite", path, queryTimeoutMs: 1000 },
    queries: { kind: "queries", sql: { address: "SELECT :email" } },
  } as const;
  // No more of the settings is looked at.
  return { sources: { mail }, limits: { maxWaitingLookups } } as unknown as Settings;
}

test("a reload keeps a source for which nothing changed, and opens one anew for which anything did", async () => {
  const first = openSources(settings("/nowhere/a"), parts);
  const mail = first.get("mail");
  expect(openSources(settings("/nowhere/a"), parts, first).get("mail")).toBe(mail);
  expect(openSources(settings("/nowhere/b"), parts, first).get("mail")).not.toBe(mail);
  const more = openSources(settings("/nowhere/a", 20), parts, first).get("mail");
  expect(more).not.toBe(mail);
  // What it answers is the same, so that the cache is kept.
  expect(more?.fingerprint).toBe(mail?.fingerprint);
  await closeSources(first);
});
