/**
 * Follows one source: lists it, compares with what it listed before, and has what is not as before asked again.
 *
 * A listing is a hint (design decision 11). A signal may come before its commit can be seen, and a listing too: what changed is asked
 * again at once and once more a second later, and a signal has the source listed twice.
 */
import type { Confirmation } from "../cache/answers.ts";
import { foldKey } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import type { ChangeWatch, FollowState, Listing } from "../model/listing.ts";
import type { Log } from "../model/log.ts";
import type { FollowTally } from "../model/tally.ts";
import { WorkSlices } from "../system/work-slices.ts";
import { Fingerprints } from "./fingerprints.ts";
import { ListingSchedule } from "./listing-schedule.ts";
import { OpenKeys } from "./open-keys.ts";
import { Refresher, type RefresherParts } from "./refresher.ts";

/** What a follower is made with. */
export interface FollowerParts extends Omit<RefresherParts, "signal"> {
  readonly source: string;
  readonly listing: Listing;
  /** `sources.NAME.listing_interval`. */
  readonly interval: number | "auto";
  readonly log: Log;
  readonly tally: FollowTally;
}

// When what changed is asked for the second time: a commit was seen up to 11 ms after its signal.
const againMs = 1000;
// So many lines are taken as fast as they come; a longer listing leaves the processor to lookups in between.
const hurriedLines = 5000;
// So many keys are doubted at a time: less than 1 ms of work.
const keysAtOnce = 512;

/** What a listing found not to be as before. */
interface Changes {
  readonly keys: readonly string[];
  /** Whether a line of a domain, or of everything, is among it: what was derived from that has to be asked for anew. */
  readonly hasDomains: boolean;
}

/** Follows a source until it is closed. */
export class Follower {
  readonly #parts: FollowerParts;
  readonly #refresher: Refresher;
  readonly #fingerprints = new Fingerprints(Math.floor(Math.random() * 2 ** 32));
  readonly #schedule: ListingSchedule;
  readonly #aborter = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #openKeys = new OpenKeys();
  /** What is being asked, one after the other. */
  #asking: Promise<void> = Promise.resolve();
  #watch: ChangeWatch | undefined;
  #running: Promise<void> = Promise.resolve();
  #listedAtMs: number | undefined;
  #durationMs = 0;
  #reason = "";
  /** Whether memory is to be filled after the next listing. */
  #isToWarm = true;
  /** Whether every listed address that memory has was asked for since it was first listed; until then nothing is confirmed. */
  #isWarm = false;
  #warming: Promise<void> = Promise.resolve();
  #isSettling = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#schedule = new ListingSchedule(parts.interval, parts.nowMs);
    this.#refresher = new Refresher({ ...parts, signal: this.#aborter.signal });
  }

  /** Begins, in the background. */
  start(): void {
    if (this.#watch !== undefined) return;
    this.#watch = this.#parts.listing.watchChanges(() => this.#schedule.hint());
    this.#running = this.#run();
  }

  /** Has every listed address asked for again with the next listing: the maps that the source answers are others now. */
  rewarm(): void {
    this.#isToWarm = true;
    this.#isWarm = false;
    this.#schedule.hint();
  }

  /** What is known of a folded key, listed or not: that nothing changed for it, up to a moment. `undefined` while that is open. */
  confirm(key: string): Confirmation | undefined {
    if (this.#listedAtMs === undefined || !this.#isWarm || this.#openKeys.has(key)) return undefined;
    const freshForMs = 2 * this.#schedule.intervalMs;
    return { atMs: this.#listedAtMs, freshForMs, isListed: this.#fingerprints.has(key) };
  }

  state(): FollowState {
    return {
      signal: this.#watch?.state() ?? { signal: undefined, advice: "" },
      listed: this.#fingerprints.size,
      ageMs: this.#listedAtMs === undefined ? undefined : this.#parts.nowMs() - this.#listedAtMs,
      durationMs: this.#durationMs,
      intervalMs: this.#schedule.intervalMs,
      reason: this.#reason,
    };
  }

  async close(): Promise<void> {
    this.#aborter.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#schedule.close();
    await Promise.all([this.#watch?.close(), this.#running, this.#warming, this.#asking]);
  }

  async #run(): Promise<void> {
    while (!this.#aborter.signal.aborted) {
      try {
        const changes = await this.#list();
        this.#schedule.listed(this.#durationMs, changes > 0);
      } catch (error) {
        if (this.#aborter.signal.aborted) return;
        if (!(error instanceof SourceError)) throw error;
        this.#failed(error);
        this.#schedule.failed();
      }
      await this.#schedule.due();
    }
  }

  /** Lists once. @returns how many keys are not as before */
  async #list(): Promise<number> {
    const { nowMs, listing, log, source } = this.#parts;
    const startedAtMs = nowMs();
    let restedMs = 0;
    this.#fingerprints.begin();
    const slices = new WorkSlices();
    let lines = 0;
    for await (const batch of listing.list(this.#aborter.signal)) {
      for (const { key, owner = "", kind } of batch) {
        const folded = foldKey(key);
        if (folded !== undefined) this.#fingerprints.add(folded, kind, owner);
      }
      lines += batch.length;
      const beforeMs = nowMs();
      await (lines < hurriedLines ? slices.rest() : slices.pause());
      restedMs += nowMs() - beforeMs;
    }
    this.#durationMs = nowMs() - startedAtMs - restedMs;
    // The first finds everything new: nothing came or went.
    const isFirst = this.#listedAtMs === undefined;
    const changes = await this.#compare(slices, isFirst);
    this.#listedAtMs = startedAtMs;
    if (this.#reason !== "") log.info({ source }, "source is followed again");
    this.#reason = "";
    await this.#settle(isFirst ? { keys: [], hasDomains: false } : changes);
    return changes.keys.length;
  }

  async #compare(slices: WorkSlices, isFirst: boolean): Promise<Changes> {
    const { changes } = this.#parts.tally;
    const keys: string[] = [];
    let hasDomains = false;
    for (const some of this.#fingerprints.finish()) {
      for (const [key, kind] of some) {
        keys.push(key);
        if (isFirst) continue;
        changes[kind]++;
        // Before the listing can speak for anything.
        this.#openKeys.open(key);
        hasDomains ||= key === "*" || key.startsWith("@");
      }
      await this.#rest(slices);
    }
    return { keys, hasDomains };
  }

  #rest(slices: WorkSlices): Promise<void> {
    return this.#fingerprints.size < hurriedLines ? slices.rest() : slices.restLonger();
  }

  /** Has asked again what changed, and what failed before; at the first time, and for maps that are new, everything. */
  async #settle({ keys, hasDomains }: Changes): Promise<void> {
    const isToWarm = this.#isToWarm;
    this.#isToWarm = false;
    const failed = this.#openKeys.reopenFailed();
    await this.#ask(keys);
    for (const some of failed) await this.#ask(some);
    if (keys.length > 0) this.#later(() => this.#askOnceMore(keys, hasDomains));
    if (isToWarm) this.#warm();
    this.#settleAnswers();
  }

  /** What changed may have been asked for a moment too early. What is void below a domain is to be in memory again after that. */
  async #askOnceMore(keys: readonly string[], hasDomains: boolean): Promise<void> {
    await this.#askAnew(keys);
    // Not at once: an answer of the very moment in which a domain is void is void with it.
    if (hasDomains) this.#later(async () => this.#warm());
  }

  async #askAnew(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += keysAtOnce) {
      const some = keys.slice(i, i + keysAtOnce);
      for (const key of some) this.#openKeys.open(key);
      await this.#ask(some);
    }
  }

  /** Has memory doubt open keys, and has them asked for in the background: the next listing does not wait. */
  async #ask(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += keysAtOnce) {
      const some = keys.slice(i, i + keysAtOnce);
      const doubts = await this.#refresher.doubt(some);
      this.#asking = this.#asking.then(async () => {
        for (const key of await this.#refresher.ask(doubts)) this.#openKeys.fail(key);
        for (const key of some) this.#openKeys.close(key);
      });
    }
  }

  /** Fills memory in the background, after what is being filled already. */
  #warm(): void {
    this.#warming = this.#warming.then(async () => {
      await this.#askThrough(this.#fingerprints.keys(), (keys) => this.#refresher.warm(keys));
      if (this.#aborter.signal.aborted) return;
      this.#isWarm = !this.#isToWarm;
      // What was asked for while memory was filled is confirmed by the next listing, which may be minutes away: longer than cache.ttl.
      this.#schedule.again();
    });
  }

  /** Asks once more, in the background, for what the source said once: that listings agree tells only of what it said before them too. */
  #settleAnswers(): void {
    if (!this.#isWarm || this.#isSettling) return;
    this.#isSettling = true;
    this.#warming = this.#warming.then(async () => {
      const unsettled = this.#refresher.unsettled(this.#fingerprints.keys());
      await this.#askThrough(unsettled, (keys) => this.#refresher.settle(keys));
      this.#isSettling = false;
    });
  }

  async #askThrough(
    pieces: Iterable<readonly string[]>,
    ask: (keys: readonly string[]) => Promise<readonly string[]>,
  ): Promise<void> {
    const slices = new WorkSlices();
    for (const keys of pieces) {
      if (this.#aborter.signal.aborted) return;
      for (const key of await ask(keys)) this.#openKeys.fail(key);
      // Where there is nothing to ask for, nothing else would let others work: 100,000 keys took 130 ms.
      await this.#rest(slices);
    }
  }

  #later(work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void work();
    }, againMs).unref();
    this.#timers.add(timer);
  }

  #failed(error: SourceError): void {
    const { log, source } = this.#parts;
    const { message } = error;
    if (message !== this.#reason) {
      log.warn(
        { source, reason: message },
        "source cannot be listed; its answers live for cache.ttl as if it were not followed",
      );
    }
    this.#reason = message;
    this.#parts.tally.failures++;
  }
}
