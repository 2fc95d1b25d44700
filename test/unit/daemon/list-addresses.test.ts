import { expect, test } from "vitest";
import type { Daemon } from "../../../src/daemon/daemon.ts";
import { listAddresses } from "../../../src/daemon/list-addresses.ts";
import { SourceError } from "../../../src/model/errors.ts";
import type { ListedLine } from "../../../src/model/listing.ts";
import { settingsWith } from "../../support/fakes/chains.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";
import { FakeListing, line } from "../../support/fakes/followed-source.ts";

/** A daemon with the map `senders` over sources that list so. */
function daemonOf(...listings: readonly (readonly ListedLine[] | Error)[]): Daemon {
  const databases = listings.map((lines, i) => {
    const listing = new FakeListing();
    if (lines instanceof Error) listing.error = lines;
    else listing.lines = lines;
    return Object.assign(fakeDatabase({}, { domains: ["x.test", "y.test"] }), { listing, name: `source${i}` });
  });
  const settings = { ...settingsWith(), listeners: [] };
  // No more of the daemon is looked at.
  return { settings, nowMs: () => 0, chains: new Map([["senders", { databases }]]) } as unknown as Daemon;
}

test("lists what a login may send as by every source of the map, each key once, and why", async () => {
  const daemon = daemonOf(
    [line("team@x.test", "alice, bob"), line("@y.test", "ALICE"), line("bob@x.test", "bob")],
    [
      line("team@x.test", "alice"),
      line("bob@x.test", "alice"),
      line("a@x.test", "alice"),
      line("else@z.test", "alice"),
    ],
  );
  expect(await listAddresses(daemon, { login: "alice", map: "senders" })).toEqual({
    map: "senders",
    isComplete: true,
    addresses: [
      { key: "team@x.test", login: "alice", kind: "address", source: "source0" },
      { key: "@y.test", login: "ALICE", kind: "catch-all", source: "source0" },
      { key: "a@x.test", login: "alice", kind: "address", source: "source1" },
    ],
  });
});

test("of a map of one source it does not repeat its name", async () => {
  const { addresses } = await listAddresses(daemonOf([line("a@x.test", "alice")]), { map: "senders" });
  expect(addresses).toEqual([{ key: "a@x.test", login: "alice", kind: "address" }]);
  expect(addresses[0]).not.toHaveProperty("source");
});

test("of a domain it lists that domain alone, written as people write it", async () => {
  const daemon = daemonOf([line("a@x.test", "alice"), line("b@y.test", "alice")]);
  const { addresses } = await listAddresses(daemon, { domain: "@Y.test", map: "senders" });
  expect(addresses.map(({ key }) => key)).toEqual(["b@y.test"]);
});

test("gives no more than it can, and says that there is more", async () => {
  const daemon = daemonOf(Array.from({ length: 20_001 }, (_, i) => line(`user${i}@x.test`, "alice")));
  const { isComplete, addresses } = await listAddresses(daemon, { map: "senders" });
  expect([isComplete, addresses.length]).toEqual([false, 20_000]);
});

test("a source that cannot be listed is a failure, not a shorter list", async () => {
  const refused = new SourceError("ERR_SOURCE_SQL", "cannot list: denied");
  const daemon = daemonOf([line("a@x.test", "alice")], refused);
  await expect(listAddresses(daemon, { map: "senders" })).rejects.toBe(refused);
});

test("a map that went with a reload is a failure, not a map without addresses", async () => {
  await expect(listAddresses(daemonOf(), { map: "gone" })).rejects.toMatchObject({ code: "ERR_SOURCE_CLOSED" });
});
