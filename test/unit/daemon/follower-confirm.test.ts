/** What a follower vouches for: only what was asked for since it changed, and whose asking did not fail. */
import { afterEach, expect, test, vi } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { type FollowedSource, followedSource, line } from "../../support/fakes/followed-source.ts";

const gone = new SourceError("ERR_SOURCE_UNAVAILABLE", "gone");
let source: FollowedSource;

afterEach(async () => {
  await source.follower.close();
  vi.useRealTimers();
});

/** Follows alice and bob, whose answers are in memory and confirmed. */
async function follow(more: Record<string, string> = {}, lines = [line("bob@x.test", "bob")]): Promise<void> {
  source = followedSource({ "alice@x.test": "alice", "bob@x.test": "bob", ...more });
  source.listing.lines = [line("alice@x.test", "alice"), ...lines];
  source.follower.start();
  await source.until("a second listing", () => source.listing.count >= 2);
  await source.pass(1000);
}

const isVouchedFor = (key: string) => source.follower.confirm(key)?.isListed === true;

test("a key that changed is vouched for again once it could be asked for, and no sooner", async () => {
  await follow();
  expect([isVouchedFor("alice@x.test"), isVouchedFor("bob@x.test")]).toEqual([true, true]);
  source.database.error = gone;
  source.listing.lines = [line("alice@x.test", "carol"), line("bob@x.test", "bob")];
  await source.until("the change", () => source.tally.changes.changed === 1);
  await source.pass(5000);
  expect([isVouchedFor("alice@x.test"), isVouchedFor("bob@x.test")]).toEqual([false, true]);
  source.database.error = undefined;
  await source.pass(5000);
  expect(isVouchedFor("alice@x.test")).toBe(true);
});

test("a key that went is asked for once more a second later: the first lookup may have been of the moment before", async () => {
  await follow();
  source.listing.lines = [line("alice@x.test", "alice")];
  await source.until("the change", () => source.tally.changes.removed === 1);
  delete source.rows["bob@x.test"];
  await source.pass(1200);
  source.database.error = gone;
  expect(await source.ask("bob@x.test")).toBe("notFound");
});

test("a line of a domain that changed has memory filled again for the addresses below it", async () => {
  await follow({ "domain x.test": "erin" }, [line("bob@x.test", "bob"), line("@x.test", "erin")]);
  source.rows["domain x.test"] = "frank";
  source.listing.lines = [line("alice@x.test", "alice"), line("bob@x.test", "bob"), line("@x.test", "frank")];
  await source.until("the change", () => source.tally.changes.changed === 1);
  await source.pass(5000);
  source.database.error = gone;
  expect([await source.ask("alice@x.test"), await source.ask("bob@x.test")]).toEqual(["alice", "bob"]);
});

test("nothing is vouched for while memory is still to be filled for maps that came meanwhile", async () => {
  await follow();
  const renew = source.chain.cache.renew.bind(source.chain.cache);
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let hasBegun = false;
  source.chain.cache.renew = async (...args) => {
    hasBegun = true;
    await held;
    return renew(...args);
  };
  source.follower.rewarm();
  await source.until("memory to be filled", () => hasBegun);
  source.follower.rewarm();
  // The next listing, with which the second filling begins, is kept from ending.
  source.listing.error = gone;
  goOn();
  await source.pass(100);
  expect(isVouchedFor("alice@x.test")).toBe(false);
  source.listing.error = undefined;
  await source.pass(5000);
  expect(isVouchedFor("alice@x.test")).toBe(true);
});
