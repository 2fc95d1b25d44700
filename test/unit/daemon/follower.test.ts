/** Following a source, with a fake listing and a fake clock: what is asked again, when, and what is believed. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { type FollowedSource, followedSource, line } from "../../support/fakes/followed-source.ts";

const open: FollowedSource[] = [];

afterEach(async () => {
  for (const { follower } of open.splice(0)) await follower.close();
  vi.useRealTimers();
});

/** A source of these rows that is listed so and followed, its memory filled and confirmed. */
async function following(rows: Record<string, string>, lines: FollowedSource["listing"]["lines"]) {
  const source = followedSource(rows);
  open.push(source);
  source.listing.lines = lines;
  source.follower.start();
  // The first finds everything new, the second confirms it.
  await source.until("a second listing", () => source.listing.count >= 2);
  // Then memory is asked for once more.
  await source.pass(1000);
  return source;
}

const aliceAndBob = () =>
  following({ "alice@x.test": "alice", "bob@x.test": "bob" }, [
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
    const source = followedSource({ "alice@x.test": "alice" });
    open.push(source);
    source.listing.lines = [line("alice@x.test", "alice")];
    source.follower.start();
    expect(await source.until("a second listing", () => source.listing.count >= 2)).toBeLessThan(1000);
  });

  test("believes the lookup, not the listing", async () => {
    const { ask } = await following({ "alice@x.test": "alice" }, [line("alice@x.test", "mallory")]);
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

  test("an address that is switched off under a catch-all has no owner, and its tags neither", async () => {
    const { rows, listing, tally, until, ask } = await following({ "domain x.test": "erin", "kept@x.test": "alice" }, [
      line("@x.test", "erin"),
      line("kept@x.test", "alice"),
    ]);
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
    const { rows, listing, tally, until, ask, database } = await following(
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
    // Each lookup asks for the address and for grants.
    const lookupOfEach = ["alice@x.test", "alice@x.test", "bob@x.test", "bob@x.test"];
    expect(database.asked).toEqual([...lookupOfEach, ...lookupOfEach]);
    for (let minute = 0; minute < 30; minute++) {
      await pass(60_000);
      expect([await ask("alice@x.test"), await ask("bob@x.test")]).toEqual(["alice", "bob"]);
    }
    expect(database.asked).toHaveLength(8);
  }, 60_000);

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

describe("when something is wrong", () => {
  test("a listing that fails leaves lookups as they are, is told once, and is tried again", async () => {
    const { listing, log, tally, follower, until, ask, database, pass } = await aliceAndBob();
    listing.error = new SourceError("ERR_SOURCE_SQL", "cannot list: SELECT command denied");
    await until("several failures", () => tally.failures >= 3);
    expect(follower.state().reason).toBe("cannot list: SELECT command denied");
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    // As a source that is not followed: the lifetime counts, and then the source is asked.
    await pass(120_000);
    database.asked.length = 0;
    expect(await ask("alice@x.test")).toBe("alice");
    expect(database.asked).toContain("alice@x.test");
    listing.error = undefined;
    await until("a listing that succeeds", () => follower.state().reason === "");
    expect(log.lines.at(-1)).toMatchObject({ level: "info", message: "source is followed again" });
  });

  test("a listing that was cut short is taken for nothing", async () => {
    const { listing, tally, until, follower, ask } = await aliceAndBob();
    const whole = listing.lines;
    listing.lines = whole.slice(0, 1);
    listing.error = new SourceError("ERR_SOURCE_UNAVAILABLE", "cannot list: the rows were cut short");
    await until("a failure", () => tally.failures >= 1);
    expect(tally.changes.removed).toBe(0);
    expect(await ask("bob@x.test")).toBe("bob");
    listing.lines = whole;
    listing.error = undefined;
    await until("a listing that succeeds", () => follower.state().reason === "");
    expect(tally.changes).toEqual({ added: 0, changed: 0, removed: 0 });
  });

  test("what could not be asked for is asked for after the next listing", async () => {
    const { rows, listing, tally, database, until, ask } = await aliceAndBob();
    database.error = new SourceError("ERR_SOURCE_UNAVAILABLE", "gone");
    rows["alice@x.test"] = "carol";
    listing.lines = [line("alice@x.test", "carol"), line("bob@x.test", "bob")];
    await until("the change to be seen", () => tally.changes.changed === 1);
    database.asked.length = 0;
    database.error = undefined;
    await until("it to be asked for", () => database.asked.includes("alice@x.test"));
    expect(await ask("alice@x.test")).toBe("carol");
  });

  test("while the source is away every listed address is answered for cache.stale_if_error, and what nobody named is not", async () => {
    const { listing, database, pass, ask } = await aliceAndBob();
    const gone = new SourceError("ERR_SOURCE_UNAVAILABLE", "gone");
    listing.error = gone;
    database.error = gone;
    for (let second = 0; second < 60; second++) {
      await pass(1000);
      expect([await ask("alice@x.test"), await ask("bob@x.test")]).toEqual(["alice", "bob"]);
      expect(await ask("made-up@x.test")).toBe("temporary");
    }
  });

  test("what was revoked before the source went is not answered again", async () => {
    const { rows, listing, database, tally, until, pass, ask } = await aliceAndBob();
    delete rows["bob@x.test"];
    listing.lines = [line("alice@x.test", "alice")];
    await until("the revocation to be seen", () => tally.changes.removed === 1);
    await pass(1100);
    const gone = new SourceError("ERR_SOURCE_UNAVAILABLE", "gone");
    listing.error = gone;
    database.error = gone;
    for (let second = 0; second < 120; second++) {
      await pass(1000);
      expect(await ask("bob@x.test")).not.toBe("bob");
      expect(await ask("bob+tag@x.test")).not.toBe("bob");
    }
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
  const source = followedSource({ "alice@x.test": "alice" });
  source.listing.lines = [line("alice@x.test", "alice")];
  const closed = new Promise<void>((resolve, reject) => {
    source.listing.onListed = () => void source.follower.close().then(resolve, reject);
  });
  source.follower.start();
  await closed;
  expect(source.listing.count).toBe(1);
});

test("a change that is found while memory is filled for other maps is asked about as any is", async () => {
  const { rows, listing, follower, until, ask } = await following(
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
