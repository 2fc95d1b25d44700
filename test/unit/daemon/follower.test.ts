import { afterEach, expect, test, vi } from "vitest";
import { CachedSource } from "../../../src/cache/cached-source.ts";
import { Follower } from "../../../src/daemon/follower.ts";
import type { MapChain } from "../../../src/daemon/map-chain.ts";
import type { FlushSelector } from "../../../src/model/flush.ts";
import type { ListedLine, Listing } from "../../../src/model/listing.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, absent, Found } from "../../../src/model/reply.ts";
import { cacheTally, followTally } from "../../../src/model/tally.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";

const nowMs = () => performance.now();
const aDay = 86_400_000;

/** A source of a few rows: it answers from them, lists them, and tells that they changed. */
class Rows {
  readonly owners: Map<string, string>;
  listings = 0;
  /** Called when a listing has given its last row. */
  onListed = (): void => {};
  hint = (): void => {};

  constructor(owners: Record<string, string>) {
    this.owners = new Map(Object.entries(owners));
  }

  ownersOf = (key: string): Answer => {
    const domain = key.slice(key.lastIndexOf("@"));
    const owner = this.owners.get(key) ?? this.owners.get(domain);
    return owner === undefined ? absent : new Found(toOwnerList([owner])!, !this.owners.has(key));
  };

  readonly listing: Listing = {
    list: (signal) => this.#list(signal),
    watchChanges: (onHint) => {
      this.hint = onHint;
      return {
        ready: Promise.resolve(),
        state: () => ({ signal: "file", advice: "" }),
        close: () => Promise.resolve(),
      };
    },
  };

  async *#list(signal: AbortSignal): AsyncGenerator<readonly ListedLine[], void, undefined> {
    signal.throwIfAborted();
    yield [...this.owners].map(([key, owner]): ListedLine => ({ key, owner, kind: "address" }));
    this.listings++;
    this.onListed();
  }
}

let follower: Follower | undefined;
afterEach(() => follower?.close());

/** Follows rows for one map, whose memory is the cache. */
function follow(rows: Rows): CachedSource {
  const rules = {
    maxEntries: 100,
    maxNegativeEntries: 100,
    ttlMs: aDay,
    negativeTtlMs: aDay,
    staleIfErrorMs: aDay,
    refreshTimeoutMs: 1_000,
    recipientDelimiter: "+",
  };
  const cache = new CachedSource(rules, { source: rows, clock: { nowMs }, tally: cacheTally() });
  const chain = { cache, map: { name: "senders" }, settings: { localDomains: [] } } as unknown as MapChain;
  follower = new Follower({
    source: "mail",
    listing: rows.listing,
    interval: aDay,
    log: fakeLog(),
    tally: followTally(),
    chains: () => [chain],
    flush: (selector: FlushSelector) => Promise.resolve(cache.flush(selector)),
    nowMs,
    timeoutMs: () => 1_000,
  });
  return cache;
}

const within = { timeout: 10_000, interval: 5 };

test("a change that is found while memory is filled for other maps is asked about as any is", async () => {
  const rows = new Rows({ "alice@x": "alice", "@x": "boss" });
  const cache = follow(rows);
  follower?.start();
  await vi.waitFor(() => expect(follower?.confirm("alice@x")).toBeDefined(), within);
  const answer = () => cache.ownersOf("any@x", 0);
  expect(answer()).toMatchObject({ kind: "ok" });
  rows.owners.delete("@x");
  follower?.rewarm();
  await vi.waitFor(() => expect(answer()).toBe(absent), within);
});

test("a follower that is closed as a listing ends keeps nobody waiting for the next one", async () => {
  const rows = new Rows({ "alice@x": "alice" });
  follow(rows);
  const closed = new Promise<void>((resolve, reject) => {
    rows.onListed = () => void follower?.close().then(resolve, reject);
  });
  follower?.start();
  await closed;
  expect(rows.listings).toBe(1);
});
