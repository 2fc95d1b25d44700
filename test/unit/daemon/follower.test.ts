/** Following a source, with a fake listing and a fake clock: what is asked again, when, and what is believed. */
import { describe, expect, test, vi } from "vitest";
import { line, useFollowedSources } from "../../support/fakes/followed-source.ts";

const sources = useFollowedSources();

const aliceAndBob = () =>
  sources.following({ "alice@x.test": "alice", "bob@x.test": "bob" }, [
    line("alice@x.test", "alice"),
    line("bob@x.test", "bob"),
  ]);

describe("a start", () => {
  test("fills memory with every listed address through the ordinary lookup, and counts none as a change", async () => {
    const { chain, database, tally, follower } = await aliceAndBob();
    expect(chain.cache.sizes()).toEqual({ positive: 2, negative: 0 });
    expect(new Set(database.asked)).toEqual(new Set(["alice@x.test", "bob@x.test"]));
    expect(tally.changes).toEqual({ added: 0, changed: 0, removed: 0 });
    expect(follower.state()).toMatchObject({ listed: 2, reason: "", signal: { signal: "binlog" } });
  });

  test("is followed by a listing that confirms what was asked for, without waiting for the interval", async () => {
    const source = sources.make({ "alice@x.test": "alice" });
    source.listing.lines = [line("alice@x.test", "alice")];
    source.follower.start();
    expect(await source.until("a second listing", () => source.listing.count >= 2)).toBeLessThan(1000);
  });

  test("believes the lookup, not the listing", async () => {
    const { ask } = await sources.following({ "alice@x.test": "alice" }, [line("alice@x.test", "mallory")]);
    expect(await ask("alice@x.test")).toBe("alice");
  });
});

describe("between two listings", () => {
  test("an address that appears is answered before anybody asks", async () => {
    const { rows, listing, tally, until, ask, database } = await aliceAndBob();
    expect(await ask("carol@x.test")).toBe("notFound");
    rows["carol@x.test"] = "carol";
    listing.lines = [...listing.lines, line("carol@x.test", "carol")];
    await until("carol to be seen", () => tally.changes.added === 1);
    await until("carol to be asked for", () => database.asked.filter((key) => key === "carol@x.test").length >= 2);
    expect(await ask("carol@x.test")).toBe("carol");
  });

  test("an owner that changes, or goes, is another answer long before the lifetime of the old one", async () => {
    const { rows, listing, tally, until, ask } = await aliceAndBob();
    expect(await ask("bob+tag@x.test")).toBe("bob");
    rows["alice@x.test"] = "carol";
    delete rows["bob@x.test"];
    listing.lines = [line("alice@x.test", "carol")];
    await until("both to be seen", () => tally.changes.changed + tally.changes.removed === 2);
    expect(await ask("alice@x.test")).toBe("carol");
    expect(await ask("bob@x.test")).toBe("notFound");
    expect(await ask("bob+tag@x.test")).toBe("notFound");
  });

  test("what changed is asked for at once and once more a second later", async () => {
    const { rows, listing, database, tally, pass, until, ask } = await aliceAndBob();
    listing.lines = [line("alice@x.test", "carol"), line("bob@x.test", "bob")];
    database.asked.length = 0;
    await until("the change to be seen", () => tally.changes.changed === 1);
    // The listing was quicker than what a lookup may see.
    expect(await ask("alice@x.test")).toBe("alice");
    rows["alice@x.test"] = "carol";
    await pass(1100);
    expect(await ask("alice@x.test")).toBe("carol");
    expect(database.asked).not.toContain("bob@x.test");
  });

  test("the second time does not wait for another listing", async () => {
    const lines = [line("alice@x.test", "alice")];
    const { rows, listing, database, tally, pass, until } = await sources.following(
      { "alice@x.test": "alice" },
      lines,
      30_000,
    );
    listing.lines = [line("alice@x.test", "carol")];
    await until("the change to be seen", () => tally.changes.changed === 1);
    rows["alice@x.test"] = "carol";
    database.asked.length = 0;
    const { count } = listing;
    await pass(1100);
    expect(listing.count).toBe(count);
    expect(database.asked).toContain("alice@x.test");
  });

  test("a line of a domain that changes has every listed address asked for anew, which may stand on it", async () => {
    const { rows, listing, tally, until, database } = await sources.following(
      { "alice@x.test": "alice", "domain x.test": "erin" },
      [line("@x.test", "erin"), line("alice@x.test", "alice")],
    );
    rows["domain x.test"] = "frank";
    listing.lines = [line("@x.test", "frank"), line("alice@x.test", "alice")];
    database.asked.length = 0;
    await until("the change to be seen", () => tally.changes.changed === 1);
    await until("alice to be asked for", () => database.asked.includes("alice@x.test"));
  });

  test("an address that is switched off under a catch-all has no owner, and its tags neither", async () => {
    const { rows, listing, tally, until, ask } = await sources.following(
      { "domain x.test": "erin", "kept@x.test": "alice" },
      [line("@x.test", "erin"), line("kept@x.test", "alice")],
    );
    expect(await ask("kept+tag@x.test")).toBe("alice");
    expect(await ask("other@x.test")).toBe("erin");
    // As a stack says of it: a row, and no owner.
    rows["kept@x.test"] = "";
    listing.lines = [line("@x.test", "erin"), line("kept@x.test")];
    await until("the change to be seen", () => tally.changes.changed === 1);
    expect(await ask("kept@x.test")).not.toBe("alice");
    expect(await ask("kept+tag@x.test")).not.toBe("alice");
  });

  test("a line of a domain that changes voids what was derived from it, and nothing of other domains", async () => {
    const { rows, listing, tally, until, ask, database } = await sources.following(
      { "domain x.test": "erin", "domain y.test": "yves" },
      [line("@x.test", "erin"), line("@y.test", "yves")],
    );
    expect([await ask("any@x.test"), await ask("any@y.test")]).toEqual(["erin", "yves"]);
    rows["domain x.test"] = "frank";
    listing.lines = [line("@x.test", "frank"), line("@y.test", "yves")];
    await until("the change to be seen", () => tally.changes.changed === 1);
    database.asked.length = 0;
    expect([await ask("any@x.test"), await ask("any@y.test")]).toEqual(["frank", "yves"]);
    expect(new Set(database.asked)).toEqual(new Set(["any@x.test"]));
  });

  test("a listing that shrank to nothing is asked about, not believed", async () => {
    const { listing, tally, until, ask, database } = await aliceAndBob();
    database.asked.length = 0;
    listing.lines = [];
    await until("both to be gone", () => tally.changes.removed === 2);
    await until("both to be asked for", () => database.asked.length >= 2);
    expect([await ask("alice@x.test"), await ask("bob@x.test")]).toEqual(["alice", "bob"]);
  });

  test("what did not change is asked for once more after a listing, and then fresh without being asked for", async () => {
    const { database, pass, ask } = await aliceAndBob();
    await pass(5_000);
    // Twice each, in some order, and each lookup asks for the address and for grants.
    const fourOf = (address: string) => Array.from({ length: 4 }, () => address);
    expect(database.asked.toSorted()).toEqual([...fourOf("alice@x.test"), ...fourOf("bob@x.test")]);
    for (let minute = 0; minute < 30; minute++) {
      await pass(60_000);
      expect([await ask("alice@x.test"), await ask("bob@x.test")]).toEqual(["alice", "bob"]);
    }
    expect(database.asked).toHaveLength(8);
  }, 60_000);

  test("a listing after which nothing is to be asked for has no entry looked at", async () => {
    const { chain, listing, pass, until } = await aliceAndBob();
    await pass(5_000);
    const looks = vi.spyOn(chain.cache, "isToSettle");
    const before = listing.count;
    await until("two more listings", () => listing.count >= before + 2);
    expect(looks).not.toHaveBeenCalled();
  });

  test("a right that came and went between two listings ends with the next one", async () => {
    const { rows, chain, listing, tally, pass, until, ask } = await aliceAndBob();
    await pass(5_000);
    chain.flush({ kind: "address", address: "alice@x.test" });
    rows["alice@x.test"] = "mallory";
    expect(await ask("alice@x.test")).toBe("mallory");
    rows["alice@x.test"] = "alice";
    const before = listing.count;
    await until("two more listings", () => listing.count >= before + 2);
    expect(await ask("alice@x.test")).toBe("alice");
    expect(tally.changes).toEqual({ added: 0, changed: 0, removed: 0 });
  });

  test("a signal has the source listed at once", async () => {
    const { listing, pass, until } = await aliceAndBob();
    await pass(5000);
    const before = listing.count;
    listing.signal();
    expect(await until("the listing", () => listing.count > before)).toBeLessThanOrEqual(200);
  });
});

test("a follower that was closed lists and watches no more", async () => {
  const { follower, listing, pass } = await aliceAndBob();
  await follower.close();
  const before = listing.count;
  listing.signal();
  await pass(10_000);
  expect(listing.count).toBe(before);
  expect(listing.isWatched).toBe(false);
});

test("a follower that is closed as a listing ends keeps nobody waiting for the next one", async () => {
  const source = sources.make({ "alice@x.test": "alice" });
  source.listing.lines = [line("alice@x.test", "alice")];
  const closed = new Promise<void>((resolve, reject) => {
    source.listing.onListed = () => void source.follower.close().then(resolve, reject);
  });
  source.follower.start();
  await closed;
  expect(source.listing.count).toBe(1);
});

test("a change that is found while memory is filled for other maps is asked about as any is", async () => {
  const { rows, listing, follower, until, ask } = await sources.following(
    { "alice@x.test": "alice", "domain x.test": "boss" },
    [line("alice@x.test", "alice"), line("@x.test", "boss")],
  );
  expect(await ask("any@x.test")).toBe("boss");
  delete rows["domain x.test"];
  listing.lines = [line("alice@x.test", "alice")];
  follower.rewarm();
  const before = listing.count;
  await until("the listing", () => listing.count > before);
  expect(await ask("any@x.test")).toBe("notFound");
});

test("nothing is confirmed after memory was filled, where the maps became others meanwhile", async () => {
  const source = sources.make({ "alice@x.test": "alice" });
  const { listing, follower, database, until } = source;
  listing.lines = [line("alice@x.test", "alice")];
  const { find } = database;
  const confirmed: boolean[] = [];
  database.find = (...question) => {
    // While memory is filled for the first time.
    database.find = find;
    follower.rewarm();
    listing.onListed = () => confirmed.push(follower.confirm("alice@x.test") !== undefined);
    return find(...question);
  };
  follower.start();
  await until("two more listings", () => confirmed.length >= 2);
  expect(confirmed[0]).toBe(false);
  await until("it to be confirmed", () => follower.confirm("alice@x.test") !== undefined);
});
