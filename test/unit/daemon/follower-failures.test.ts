/** Following a source that cannot be listed or asked: what is answered meanwhile, and what is made good when it is back. */
import { describe, expect, test } from "vitest";
import { SourceError } from "../../../src/model/errors.ts";
import { line, useFollowedSources } from "../../support/fakes/followed-source.ts";

const sources = useFollowedSources();

const aliceAndBob = () =>
  sources.following({ "alice@x.test": "alice", "bob@x.test": "bob" }, [
    line("alice@x.test", "alice"),
    line("bob@x.test", "bob"),
  ]);

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

  test("an address that is listed no more is asked for with every listing until it was, and nothing settles it meanwhile", async () => {
    const { rows, listing, tally, database, pass, until, follower, ask } = await aliceAndBob();
    database.error = new SourceError("ERR_SOURCE_UNAVAILABLE", "gone");
    delete rows["alice@x.test"];
    listing.lines = [line("bob@x.test", "bob")];
    await until("the change to be seen", () => tally.changes.removed === 1);
    // Past the second time that a change is asked for by itself.
    await pass(5000);
    expect(follower.confirm("alice@x.test")).toBeUndefined();
    expect(follower.confirm("bob@x.test")).toBeDefined();
    database.asked.length = 0;
    database.error = undefined;
    await until("it to be asked for", () => database.asked.includes("alice@x.test"));
    await until("it to be settled", () => follower.confirm("alice@x.test")?.isListed === false);
    expect(await ask("alice@x.test")).toBe("notFound");
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
