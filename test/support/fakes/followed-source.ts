/** A source that is followed, without a database: what its listing and its lookups say is set by hand, as is the time. */
import { afterEach, vi } from "vitest";
import { Follower } from "../../../src/daemon/follower.ts";
import { MapChain } from "../../../src/daemon/map-chain.ts";
import type { ChangeWatch, ListedLine, Listing } from "../../../src/model/listing.ts";
import { type FollowTally, followTally } from "../../../src/model/tally.ts";
import { Tallies } from "../../../src/telemetry/tallies.ts";
import { type SettingsChanges, settingsWith } from "./chains.ts";
import { type FakeClock, type FakeDatabase, type FakeLog, fakeClock, fakeDatabase, fakeLog } from "./fakes.ts";

const stepMs = 20;
// What is counted is done a little later: on a busy machine it leaves turns of the event loop to others first.
const turnsAfter = 50;

/** A listing whose lines are set by hand. */
export class FakeListing implements Listing {
  lines: readonly ListedLine[] = [];
  /** Thrown by a listing, after the lines. */
  error: Error | undefined;
  /** Called when a listing has given its last line. */
  onListed: () => void = () => {};
  /** How often it was listed. */
  count = 0;
  isWatched = false;
  /** As the source signals a change. */
  signal: () => void = () => {};

  async *list(): AsyncGenerator<readonly ListedLine[], void, undefined> {
    this.count++;
    yield this.lines;
    if (this.error !== undefined) throw this.error;
    this.onListed();
  }

  watchChanges(onHint: () => void): ChangeWatch {
    this.isWatched = true;
    this.signal = onHint;
    return {
      ready: Promise.resolve(),
      state: () => ({ signal: "binlog", advice: "" }),
      close: async () => {
        this.isWatched = false;
      },
    };
  }
}

/** A line of a listing. */
export function line(key: string, owner?: string): ListedLine {
  return { key, owner, kind: key.startsWith("@") ? "catch-all" : "address" };
}

/** A follower with one map, and what it works on. */
export interface FollowedSource {
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly tally: FollowTally;
  readonly rows: Record<string, string>;
  readonly database: FakeDatabase;
  readonly listing: FakeListing;
  readonly chain: MapChain;
  readonly follower: Follower;
  /** What a client is told of an address. */
  ask(address: string): Promise<string>;
  /** Lets time pass until something is so, a minute at most. @returns how long that was, in milliseconds */
  until(what: string, isSo: () => boolean): Promise<number>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
}

/**
 * Makes a follower that has not begun. Timers are fake: `vi.useRealTimers()` after the test.
 *
 * @param rows as of `fakeDatabase`; lookups see what is changed in it later
 */
export function followedSource(
  rows: Record<string, string>,
  changes: SettingsChanges = {},
  interval: number | "auto" = "auto",
): FollowedSource {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const clock = fakeClock();
  const log = fakeLog();
  const tally = followTally();
  const listing = new FakeListing();
  const database = Object.assign(fakeDatabase(rows), { listing });
  const settings = settingsWith(changes);
  const map = settings.maps["senders"];
  if (map === undefined) throw new Error("the fake settings have a map senders");
  const chain = new MapChain("senders", map, [database], { settings, clock, tallies: new Tallies(), log });
  const follower = new Follower({
    source: "mail",
    listing,
    interval,
    log,
    tally,
    nowMs: clock.nowMs,
    chains: () => [chain],
    flush: async (selector) => chain.flush(selector),
    timeoutMs: () => 10_000,
  });
  chain.cache.confirm = (key) => follower.confirm(key);
  const pass = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      clock.advance(stepMs);
      await vi.advanceTimersByTimeAsync(stepMs);
      await new Promise(setImmediate);
    }
  };
  return {
    clock,
    log,
    tally,
    rows,
    database,
    listing,
    chain,
    follower,
    pass,
    async ask(address) {
      const answer = await chain.map.lookup(address, clock.nowMs() + 10_000);
      return answer.kind === "ok" ? answer.owners.text : answer.kind;
    },
    async until(what, isSo) {
      const beganMs = clock.nowMs();
      while (!isSo()) {
        if (clock.nowMs() - beganMs > 60_000) throw new Error(`waited a minute for ${what}`);
        await pass(stepMs);
      }
      const tookMs = clock.nowMs() - beganMs;
      for (let turn = 0; turn < turnsAfter; turn++) await new Promise(setImmediate);
      return tookMs;
    },
  };
}

/** For a file of tests: sources that are closed after each test. */
export function useFollowedSources() {
  const open: FollowedSource[] = [];
  afterEach(async () => {
    for (const { follower } of open.splice(0)) await follower.close();
    vi.useRealTimers();
  });
  /** As `followedSource`. */
  const make = (...parts: Parameters<typeof followedSource>): FollowedSource => {
    const source = followedSource(...parts);
    open.push(source);
    return source;
  };
  /** A source of these rows that is listed so and followed, its memory filled and confirmed. */
  const following = async (
    rows: Record<string, string>,
    lines: readonly ListedLine[],
    interval: number | "auto" = "auto",
  ): Promise<FollowedSource> => {
    const source = make(rows, {}, interval);
    source.listing.lines = lines;
    source.follower.start();
    // The first finds everything new, the second confirms it.
    await source.until("a second listing", () => source.listing.count >= 2);
    // Then memory is asked for once more.
    await source.pass(1000);
    return source;
  };
  return { make, following };
}
