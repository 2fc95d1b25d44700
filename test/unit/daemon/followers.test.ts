/** Which sources are followed, and what several followers know of one map together. */
import { afterEach, expect, test, vi } from "vitest";
import type { Chains } from "../../../src/daemon/chains.ts";
import { Followers } from "../../../src/daemon/followers.ts";
import { MapChain } from "../../../src/daemon/map-chain.ts";
import type { OpenSources } from "../../../src/daemon/sources.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { Tallies } from "../../../src/telemetry/tallies.ts";
import { openSource, settingsWith } from "../../support/fakes/chains.ts";
import { fakeClock, fakeDatabase, fakeLog } from "../../support/fakes/fakes.ts";
import { FakeListing, line } from "../../support/fakes/followed-source.ts";

const clock = fakeClock();
const tallies = new Tallies();
const parts = { clock, tallies, log: fakeLog() };
let followers: Followers | undefined;

afterEach(() => followers?.close());

/** What is in force with these sources behind the one map. */
function inForce(listings: Readonly<Record<string, FakeListing>>, interval?: "off"): Chains {
  const names = Object.keys(listings);
  const sources: OpenSources = new Map(
    names.map((name) => [
      name,
      openSource(Object.assign(fakeDatabase({ "a@x.test": name }), { listing: listings[name] })),
    ]),
  );
  const base = settingsWith({ map: { sources: names } });
  const settings = {
    ...base,
    sources: Object.fromEntries(
      names.map((name) => [name, interval === undefined ? {} : { listingInterval: interval }]),
    ),
  } as unknown as typeof base;
  const map = settings.maps["senders"];
  if (map === undefined) throw new Error("the fake settings have a map senders");
  const chain = new MapChain(
    "senders",
    map,
    [...sources.values()].map(({ database }) => database),
    { ...parts, settings },
  );
  return { settings, sources, chains: new Map([["senders", chain]]) };
}

async function follow(present: Chains | { readonly chains: Chains }): Promise<void> {
  const now = () => ("settings" in present ? present : present.chains);
  followers = new Followers({
    present: now,
    flush: async (selector) => now().chains.get("senders")?.flush(selector),
    nowMs: clock.nowMs,
    log: fakeLog(),
    tallies,
  });
  await followers.sync();
}

const confirmed = (chains: Chains, key: string) => chains.chains.get("senders")?.cache.confirm(key)?.isListed === true;

function listing(...keys: readonly string[]): FakeListing {
  const made = new FakeListing();
  made.lines = keys.map((key) => line(key, "somebody"));
  return made;
}

test("a source with listing_interval: off is not followed, nor is one that cannot be listed", async () => {
  const mail = listing("a@x.test");
  await follow(inForce({ mail }, "off"));
  expect(followers?.stateOf("mail")).toBeUndefined();
  expect(mail.isWatched).toBe(false);
});

test("of several sources all must know a key to be as before, and one must list it", async () => {
  const chains = inForce({ first: listing("a@x.test"), second: listing("b@x.test") });
  await follow(chains);
  await vi.waitFor(() => expect(confirmed(chains, "a@x.test") && confirmed(chains, "b@x.test")).toBe(true), 20_000);
  expect(confirmed(chains, "c@x.test")).toBe(false);
});

test("while one of several sources cannot be listed, nothing is known of the map", async () => {
  const second = listing("a@x.test");
  second.error = new SourceError("ERR_SOURCE_SQL", "cannot list: denied");
  const chains = inForce({ first: listing("a@x.test"), second });
  await follow(chains);
  await vi.waitFor(() => {
    expect(followers?.stateOf("first")?.listed).toBe(1);
    expect(followers?.stateOf("second")?.reason).toBe("cannot list: denied");
  }, 20_000);
  expect(confirmed(chains, "a@x.test")).toBe(false);
});

test("a source that is not in force any more is listed no more", async () => {
  const mail = listing("a@x.test");
  const present = { chains: inForce({ mail }) };
  await follow(present);
  expect(mail.isWatched).toBe(true);
  present.chains = inForce({ other: listing("a@x.test") });
  await followers?.sync();
  expect(mail.isWatched).toBe(false);
  expect(followers?.stateOf("mail")).toBeUndefined();
});
