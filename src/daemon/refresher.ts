/**
 * Asks again for what a listing named: through the ordinary lookup of every map, and forgets what is no longer so.
 *
 * Knows neither listings nor databases. What it is told is a hint; only what a lookup answers changes what is served.
 */
import { isSameAnswer } from "../cache/answers.ts";
import { joinAddress, quoteLocalpart, splitAddress } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import type { FlushSelector } from "../model/flush.ts";
import type { Answer } from "../model/reply.ts";
import { WorkSlices } from "../system/work-slices.ts";
import type { MapChain } from "./map-chain.ts";

/** What a refresher reaches of the daemon. */
export interface RefresherParts {
  /** The maps that a source answers, now. */
  readonly chains: () => readonly MapChain[];
  /** `Daemon.flush`. */
  readonly flush: (selector: FlushSelector, map: string) => Promise<unknown>;
  readonly nowMs: () => number;
  /** How long one question may take. */
  readonly timeoutMs: () => number;
  readonly signal: AbortSignal;
}

// Enough to fill the statements of a pool, little enough that a client's lookup does not wait long behind them.
const atOnce = 128;
// So many are asked before what differs is forgotten, so that nobody waits for the whole of a large change.
const chunk = 512;

/** Asks again. */
export class Refresher {
  readonly #parts: RefresherParts;
  readonly #slices = new WorkSlices();
  /** How many times a map had more to settle than it noted, when all was last looked at. */
  readonly #overflows = new WeakMap<MapChain, number>();

  constructor(parts: RefresherParts) {
    this.#parts = parts;
  }

  /**
   * Doubts keys that may have changed: from now on a client who wants one of them is answered by the source.
   *
   * @param keys folded: addresses, bare localparts, `@domain`, `*`
   * @returns what is to be asked
   */
  async doubt(keys: readonly string[]): Promise<readonly Doubt[]> {
    const doubts: Doubt[] = [];
    for (const some of inChunks(keys)) {
      const domains = some.filter(isDomainKey).map((key) => (key === "*" ? key : key.slice(1)));
      const addresses = some.filter((key) => !isDomainKey(key));
      for (const chain of this.#parts.chains()) {
        if (domains.length > 0) this.#forget({ kind: "domains", domains }, chain);
        for (const few of inChunks(spelled(addresses, chain))) {
          const questions = few.map((key) => ({ key, before: chain.cache.answerOf(externalForm(key)) }));
          chain.cache.doubt(few);
          doubts.push({ chain, questions });
          await this.#slices.rest();
        }
      }
    }
    return doubts;
  }

  /**
   * Asks for what was doubted. Where memory had another answer, it goes for good, with everything that was derived from it.
   *
   * @returns the addresses of which nothing is known, since the source failed
   */
  async ask(doubts: readonly Doubt[]): Promise<string[]> {
    const failed: string[] = [];
    for (const { chain, questions } of doubts) failed.push(...(await this.#askIn(chain, questions)));
    return failed;
  }

  /**
   * Asks for addresses that memory may not have yet, until it holds `cache.max_entries`, and for those that it has, which may be of
   * a snapshot.
   *
   * @returns those that failed
   */
  async warm(keys: readonly string[]): Promise<string[]> {
    return this.#askWhere(keys, ({ cache }) => {
      let room = cache.room;
      return ({ before }) => before !== undefined || --room >= 0;
    });
  }

  /**
   * Gives the addresses that may have to be settled, some at a time: what the maps noted, and everything when that was too much to note.
   *
   * @param everything every listed address, some at a time
   */
  *unsettled(everything: Iterable<readonly string[]>): Generator<readonly string[]> {
    let isAny = false;
    const noted: string[] = [];
    for (const chain of this.#parts.chains()) {
      const { unsettled } = chain.cache;
      isAny ||= unsettled.overflows !== (this.#overflows.get(chain) ?? 0);
      this.#overflows.set(chain, unsettled.overflows);
      noted.push(...unsettled.take());
    }
    yield* inChunks(noted);
    if (isAny) yield* everything;
  }

  /**
   * Asks once more for what memory has of addresses, where listings cannot speak for it yet.
   *
   * @returns those that failed
   */
  async settle(keys: readonly string[]): Promise<string[]> {
    return this.#askWhere(
      keys,
      ({ cache }) =>
        ({ key }) =>
          cache.isToSettle(externalForm(key)),
    );
  }

  /**
   * Asks for those addresses that are worth it, some at a time.
   *
   * @param worth made anew for each time: what it goes by changes with what was asked for
   */
  async #askWhere(
    keys: readonly string[],
    worth: (chain: MapChain) => (question: Question) => boolean,
  ): Promise<string[]> {
    const failed: string[] = [];
    for (const chain of this.#parts.chains()) {
      for (const some of inChunks(keys)) {
        if (this.#parts.signal.aborted) return failed;
        const questions = some
          .filter((key) => !isDomainKey(key))
          .map((key): Question => ({ key, before: chain.cache.answerOf(externalForm(key)) }))
          .filter(worth(chain));
        failed.push(...(await this.#askIn(chain, questions)));
        await this.#slices.rest();
      }
    }
    return failed;
  }

  async #askIn(chain: MapChain, questions: readonly Question[]): Promise<readonly string[]> {
    // One that memory has nothing of may be the first of its domain, or stand behind an answer to one with an extension.
    const unknown = questions.filter(({ before }) => before === undefined).map(({ key }) => key);
    if (unknown.length > 0) this.#forget({ kind: "addresses", addresses: unknown }, chain);
    const changed: Question[] = [];
    const failed = await this.#each(questions, async (question) => {
      const { key, before } = question;
      const answer = await this.#renew(key, chain);
      if (before !== undefined && !isSameAnswer(before, answer)) changed.push(question);
    });
    if (changed.length === 0) return failed;
    // Once more: what is not kept when others are told to forget is what was asked for before.
    this.#forget({ kind: "addresses", addresses: changed.map(({ key }) => key) }, chain);
    const again = await this.#each(changed, async ({ key }) => void (await this.#renew(key, chain)));
    return [...failed, ...again];
  }

  #renew(key: string, { cache }: MapChain): Promise<Answer> {
    return cache.renew(externalForm(key), this.#parts.nowMs() + this.#parts.timeoutMs());
  }

  // Memory has forgotten when the call returns; the disk may take its time, and the log says when it cannot.
  #forget(selector: FlushSelector, chain: MapChain): void {
    void this.#parts.flush(selector, chain.map.name).catch(() => undefined);
  }

  /** @returns the keys for which it failed; a failure that is not the source's is thrown */
  async #each(questions: readonly Question[], work: (question: Question) => Promise<void>): Promise<string[]> {
    const failed: string[] = [];
    let next = 0;
    const worker = async () => {
      while (next < questions.length && !this.#parts.signal.aborted) {
        const question = questions[next++] as Question;
        try {
          await work(question);
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
          failed.push(question.key);
        }
        await this.#slices.rest();
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, questions.length) }, worker));
    return failed;
  }
}

/** Addresses of one map that may have changed. */
export interface Doubt {
  readonly chain: MapChain;
  readonly questions: readonly Question[];
}

/** An address to ask for, and what memory had of it. */
interface Question {
  readonly key: string;
  readonly before: Answer | undefined;
}

function* inChunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += chunk) yield all.slice(i, i + chunk);
}

function isDomainKey(key: string): boolean {
  return key === "*" || key.startsWith("@");
}

/** The addresses that a map has for keys: a bare localpart stands for itself and for the address in each of `local_domains`. */
function spelled(keys: readonly string[], { settings }: MapChain): readonly string[] {
  if (settings.localDomains.length === 0) return keys;
  return keys.flatMap((key) =>
    key.includes("@") ? [key] : [key, ...settings.localDomains.map((domain) => `${key}@${domain}`)],
  );
}

/** An address as smtpd asks for it first: with quotes where it needs them. */
function externalForm(key: string): string {
  const { localpart, domain } = splitAddress(key);
  return domain === "" ? key : joinAddress({ localpart: quoteLocalpart(localpart), domain });
}
