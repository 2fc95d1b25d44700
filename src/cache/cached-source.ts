/**
 * A source that remembers what the source behind it said.
 *
 * Keeps answers only, never failures. Knows neither SQL nor protocols. A hit is answered at once; N concurrent misses of a key make
 * one query; an answer in use is asked again before it expires; while the source fails, an expired answer is served up to
 * `staleIfErrorMs` longer, unless it was flushed. While it hangs, one lookup waits for its deadline, the next are served what is stale.
 */
import { foldKey } from "../model/address.ts";
import type { Clock } from "../model/clock.ts";
import type { FlushSelector } from "../model/flush.ts";
import { type Answer, foreignByStaleList } from "../model/reply.ts";
import type { OwnerSource } from "../model/source.ts";
import type { CacheTally } from "../model/tally.ts";
import { type AgedAnswer, type CacheState, type Confirmation, isForeign, isHang } from "./answers.ts";
import type { Entry } from "./bounded-store.ts";
import { Flights } from "./flights.ts";
import { type CacheRules, expiryOf, isDueForRefresh, isKept, isSettledBy, renew, stateOfEntry } from "./rules.ts";
import { isInDomains, toFlushPredicate } from "./selector.ts";
import { AnswerStore, type EntryKind } from "./store.ts";
import { Unsettled } from "./unsettled.ts";

/** What the cache stands on; the clock and the random numbers are injected for tests. */
export interface CacheParts {
  readonly source: OwnerSource;
  readonly clock: Clock;
  readonly tally: CacheTally;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** The cache of one map. */
export class CachedSource implements OwnerSource {
  readonly #source: OwnerSource;
  readonly #rules: CacheRules;
  readonly #clock: Clock;
  readonly #tally: CacheTally;
  readonly #random: () => number;
  readonly #store: AnswerStore;
  readonly #flights: Flights;
  /** What is to be asked for once more when a listing could then speak for it. */
  readonly unsettled = new Unsettled();
  #lastStaleAtMs = Number.NEGATIVE_INFINITY;
  /** Tells what is known of a key by those who follow the source; `undefined` while that is open. Replaced by whoever does. */
  confirm: (key: string) => Confirmation | undefined = () => undefined;
  /** Whether the last lookup that the source ended, ended by its deadline or for want of a place to wait. */
  #isHanging = false;

  constructor(rules: CacheRules, { source, clock, tally, random = Math.random }: CacheParts) {
    this.#rules = rules;
    this.#source = source;
    this.#clock = clock;
    this.#tally = tally;
    this.#random = random;
    this.#flights = new Flights(rules.recipientDelimiter);
    this.#store = new AnswerStore(rules, (kind) => {
      tally.evictions[kind]++;
    });
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const nowMs = this.#clock.nowMs();
    const entry = this.#store.get(key, nowMs);
    if (entry !== undefined) {
      const isDue = isDueForRefresh(entry, nowMs) && this.#isDueDespiteListings(key, entry, nowMs);
      if (nowMs < entry.expiresAtMs) {
        this.#tally.requests[entry.answer.kind === "ok" ? "hit" : "negative_hit"]++;
        if (isDue) this.#refresh(key, nowMs);
        return entry.answer;
      }
    }
    return this.#miss(key, entry, nowMs, deadlineMs);
  }

  /** @param entry what memory has of the key, too old to be served without asking */
  #miss(key: string, entry: Entry | undefined, nowMs: number, deadlineMs: number): Answer | Promise<Answer> {
    if (entry !== undefined && this.#isHanging && this.#mayServeStale(entry, nowMs)) {
      this.#tally.requests.miss++;
      this.#refresh(key, nowMs);
      return this.#serveStale(entry, nowMs);
    }
    const flight = this.#flights.get(key);
    if (flight !== undefined) {
      this.#tally.requests.coalesced++;
      return this.#orStale(flight, key, entry);
    }
    let answer: Answer | Promise<Answer>;
    try {
      answer = this.#ask(key, deadlineMs);
    } catch (error) {
      this.#tally.requests.miss++;
      return this.#staleOr(error, key, entry);
    }
    this.#tally.requests[isForeign(answer) ? "foreign_domain" : "miss"]++;
    return answer instanceof Promise ? this.#orStale(answer, key, entry) : answer;
  }

  /** What memory has of a folded key, however old. */
  answerOf(key: string): Answer | undefined {
    return this.#store.peek(key)?.answer;
  }

  /**
   * Has what memory has of addresses, their extensions included, asked for before it is served again; while the source fails it is
   * served as a stale answer is. For what may have changed and is not known to have.
   */
  doubt(addresses: readonly string[]): void {
    const nowMs = Math.floor(this.#clock.nowMs());
    for (const address of addresses) {
      this.#flights.voidAddress(address);
      this.#store.expireAddress(address, nowMs);
    }
  }

  /** Asks the source whatever memory has, and keeps what it says. Rejects as the source does. */
  async renew(key: string, deadlineMs: number): Promise<Answer> {
    return this.#ask(key, deadlineMs);
  }

  /** How many more owners memory has room for. */
  get room(): number {
    return this.#rules.maxEntries - this.#store.sizes().positive;
  }

  /** Renews an entry of which a follower knows that nothing changed. @returns whether it is due for a refresh even so */
  #isDueDespiteListings(key: string, entry: Entry, nowMs: number): boolean {
    const confirmation = this.#confirmed(key);
    if (confirmation !== undefined) renew(entry, confirmation, this.#expiry(entry.answer, confirmation.atMs), nowMs);
    return isDueForRefresh(entry, nowMs);
  }

  /**
   * Whether listings could speak for the answer to a folded key if the source gave it again: it did once, before one of them. While
   * that cannot be told, the key is noted for the next time.
   */
  isToSettle(key: string): boolean {
    const entry = this.#store.peek(key);
    if (entry === undefined || entry.isSettled) return false;
    const confirmation = this.confirm(key);
    if (isSettledBy(entry, confirmation?.atMs)) return confirmation?.isListed === true;
    this.unsettled.note(key);
    return false;
  }

  #confirmed(key: string): Confirmation | undefined {
    const confirmation = this.confirm(key);
    return confirmation?.isListed === true ? confirmation : undefined;
  }

  #expiry(answer: Answer, storedAtMs: number): number {
    return expiryOf(answer, storedAtMs, this.#rules, this.#random());
  }

  /** Forgets what the selector names, for good: what was asked for before is not kept after. @returns how many entries went */
  flush(selector: FlushSelector): number {
    const flushed = this.#forget(selector);
    this.#tally.flushed += flushed;
    return flushed;
  }

  #forget(selector: FlushSelector): number {
    switch (selector.kind) {
      case "address":
        return this.#forgetAddress(foldKey(selector.address) ?? selector.address);
      case "domains":
        this.#flights.void(isInDomains(selector.domains));
        this.#store.voidDomains(selector.domains, this.#clock.nowMs());
        return 0;
      case "addresses":
        return selector.addresses.reduce((forgotten, address) => forgotten + this.#forgetAddress(address), 0);
      default: {
        const isSelected = toFlushPredicate(selector);
        this.#flights.void((key) => isSelected(key, undefined));
        return this.#store.deleteWhere(isSelected);
      }
    }
  }

  /** @param address folded */
  #forgetAddress(address: string): number {
    this.#flights.voidAddress(address);
    return this.#store.deleteAddress(address);
  }

  sizes(): Record<EntryKind, number> {
    return this.#store.sizes();
  }

  /** What the answers take in memory, in bytes, about. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** Counts the entries that have outlived their lifetime and wait for the source to fail. Looks at every entry. */
  expired(): number {
    return this.#store.countExpired(this.#clock.nowMs());
  }

  /** Tells what memory holds for a folded key, without using it. */
  stateOf(key: string): CacheState {
    return stateOfEntry(this.#store.peek(key), this.#clock.nowMs());
  }

  /** Whether a stale answer was served within so long. */
  isServingStale(withinMs: number): boolean {
    return this.#clock.nowMs() - this.#lastStaleAtMs < withinMs;
  }

  /** Lists what a snapshot keeps: every answer with its age. */
  *snapshot(): Generator<AgedAnswer> {
    const nowMs = this.#clock.nowMs();
    for (const [key, entry] of this.#store.entries()) {
      yield { key, answer: entry.answer, ageMs: nowMs - entry.storedAtMs };
    }
  }

  /** Takes back what a snapshot kept, most recently used first; ages go on from where they were. */
  restore(answers: Iterable<AgedAnswer>): void {
    const nowMs = this.#clock.nowMs();
    // The least recently used goes in first, so that the order of eviction is what it was.
    for (const { key, answer, ageMs } of [...answers].reverse()) this.#keep(key, answer, Math.floor(nowMs - ageMs));
  }

  /** Asks the source and keeps what it says; others who want the key meanwhile share the flight. */
  #ask(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const asked = this.#source.ownersOf(key, deadlineMs);
    if (!(asked instanceof Promise)) {
      this.#learn(key, asked);
      return asked;
    }
    const flights = this.#flights;
    const flight: Promise<Answer> = asked.then(
      (answer) => {
        // By that list, the source failed.
        if (answer !== foreignByStaleList) this.#isHanging = false;
        if (flights.end(key, flight)) this.#learn(key, answer);
        return answer;
      },
      (error: unknown) => {
        flights.end(key, flight);
        this.#isHanging = isHang(error);
        throw error;
      },
    );
    flights.begin(key, flight);
    return flight;
  }

  /** Keeps what the source said. A foreign or malformed key takes no entry, and what was known of it is void. */
  #learn(key: string, answer: Answer): void {
    if (answer === foreignByStaleList) this.#countStale(this.#clock.nowMs());
    else if (answer.kind === "ok" || answer.because === "absent")
      this.#keep(key, answer, Math.floor(this.#clock.nowMs()));
    else this.#store.delete(key);
  }

  #keep(key: string, answer: Answer, atMs: number): void {
    if (!isKept(key)) return;
    // A mailbox is mostly its own owner: the same text is then kept once.
    const kept = answer.kind === "ok" && answer.owners.text === key ? answer.owners.text : key;
    const expiresAtMs = this.#expiry(answer, atMs);
    const isSettled = this.#store.keep(kept, answer, { atMs, expiresAtMs, listedAtMs: this.#confirmed(key)?.atMs });
    if (!isSettled) this.unsettled.note(kept);
  }

  /** Asks again in the background for an entry that somebody uses; a failure leaves the entry as it is. */
  #refresh(key: string, nowMs: number): void {
    if (this.#flights.has(key)) return;
    try {
      const answer = this.#ask(key, nowMs + this.#rules.refreshTimeoutMs);
      if (answer instanceof Promise) answer.catch(() => undefined);
    } catch {
      // The entry is still fresh; when it expires, the failure is met again and told.
    }
  }

  #orStale(answer: Promise<Answer>, key: string, entry: Entry | undefined): Promise<Answer> {
    return entry === undefined ? answer : answer.catch((error: unknown) => this.#staleOr(error, key, entry));
  }

  /** Serves an expired answer in place of a failure, unless it is too old or was flushed while the source was asked. */
  #staleOr(error: unknown, key: string, entry: Entry | undefined): Answer {
    const nowMs = this.#clock.nowMs();
    if (entry === undefined || this.#store.peek(key) !== entry || !this.#mayServeStale(entry, nowMs)) throw error;
    return this.#serveStale(entry, nowMs);
  }

  #mayServeStale(entry: Entry, nowMs: number): boolean {
    return nowMs < entry.expiresAtMs + this.#rules.staleIfErrorMs;
  }

  #serveStale(entry: Entry, nowMs: number): Answer {
    this.#countStale(nowMs);
    return entry.answer;
  }

  #countStale(nowMs: number): void {
    this.#tally.requests.stale++;
    this.#lastStaleAtMs = nowMs;
  }
}
