import { expect, test } from "vitest";
import { chainsFor } from "../../../src/daemon/chains.ts";
import {
  chainParts,
  mailRows,
  openSource,
  type SettingsChanges,
  settingsWith,
  startedWith,
} from "../../support/fakes/chains.ts";

/** A chain that remembers alice, and what a reload makes of it. */
async function reloaded(changes: SettingsChanges, source: "kept" | "opened anew" | "another" = "kept") {
  const mail = openSource(mailRows());
  const before = startedWith(settingsWith(), new Map([["mail", mail]]));
  const old = before.chains.get("senders");
  await old?.map.lookup("alice@example.com", 0);
  expect(old?.cache.stateOf("alice@example.com").state).toBe("hit");
  const next = source === "kept" ? mail : openSource(mailRows(), source === "another" ? "other" : "same");
  const after = chainsFor(settingsWith(changes), new Map([["mail", next]]), before, chainParts).get("senders");
  return { isKept: after === old, state: after?.cache.stateOf("alice@example.com").state };
}

test("a map for which nothing changed goes on with its chain", async () => {
  expect(await reloaded({})).toEqual({ isKept: true, state: "hit" });
});

test.each([
  ["cache.ttl", { cache: { ttlMs: 1 } }],
  ["limits.lookup_timeout", { limits: { lookupTimeoutMs: 1 } }],
] as const)("another %s is another chain, which takes over what was remembered", async (_key, changes) => {
  const { isKept, state } = await reloaded(changes);
  expect(isKept).toBe(false);
  expect(state).not.toBe("miss");
});

test("a source that was opened anew and answers the same is another chain with the same memory", async () => {
  expect(await reloaded({}, "opened anew")).toEqual({ isKept: false, state: "hit" });
});

test("another database forgets everything: its answers are not those of the old one", async () => {
  expect(await reloaded({}, "another")).toEqual({ isKept: false, state: "miss" });
});

test.each([
  ["another delimiter", { map: { recipientDelimiter: "-" } }],
  ["other local domains", { map: { localDomains: ["example.com"] } }],
] as const)("%s forgets everything: an address has other keys then", async (_change, changes) => {
  expect(await reloaded(changes)).toEqual({ isKept: false, state: "miss" });
});

test("a map that did not exist begins with an empty memory, one that is gone is dropped", () => {
  const sources = new Map([["mail", openSource(mailRows())]]);
  const before = startedWith(settingsWith(), sources);
  const settings = settingsWith();
  const other = { ...settings, maps: { others: settings.maps["senders"] } } as typeof settings;
  const after = chainsFor(other, sources, before, chainParts);
  expect([...after.keys()]).toEqual(["others"]);
  expect(after.get("others")?.cache.sizes()).toEqual({ positive: 0, negative: 0 });
});
