/**
 * A source that stops addresses of domains that the source behind it does not host.
 *
 * Most lookups on port 25 are for senders that are not ours: they cost neither a query nor a cache entry. The set of hosted
 * domains is read again before it is `refreshMs` old; nobody waits for that unless the set is overdue and says "foreign". When the
 * set cannot be read for longer than `staleIfErrorMs`, or not since a flush, the gate stands open: it never turns "not known" into
 * "not hosted". While a reading takes long, the source itself is asked about what an overdue set lacks: the list may be long, and
 * the source well. If that fails too, the set that was read last stands, as a stale answer does; after a hang nobody waits for the
 * source again until the reading has ended.
 */
import { isHosted } from "../model/address.ts";
import type { Clock } from "../model/clock.ts";
import type { Log } from "../model/log.ts";
import { type Answer, foreign, foreignByStaleList, type Nobody } from "../model/reply.ts";
import type { Database, Doorkeeper, OwnerSource } from "../model/source.ts";
import type { CacheTally } from "../model/tally.ts";
import { isHang } from "./answers.ts";

/** How the gate keeps its set. */
export interface GateRules {
  /** Age from which on the set refuses nobody, as `cache.negative_ttl`: a new domain is not refused for longer than that. */
  readonly refreshMs: number;
  readonly staleIfErrorMs: number;
  /** How long one reading may take. */
  readonly timeoutMs: number;
  /** Domains that are asked whatever the set says (`local_domains`). */
  readonly localDomains: ReadonlySet<string>;
}

/** The set as a snapshot keeps it. */
export interface AgedDomains {
  /** Folded. */
  readonly domains: readonly string[];
  readonly ageMs: number;
}

/** What the gate stands on. */
export interface GateParts {
  readonly source: OwnerSource;
  readonly database: Pick<Database, "hostedDomains" | "name">;
  readonly clock: Clock;
  readonly tally: Pick<CacheTally, "domainReadings">;
  readonly log: Log;
}

// A set in use is read again after three quarters of its lifetime, as an answer is: so it is seldom overdue.
const refreshShare = 0.75;
// Whoever waits for a reading waits no longer than that after it began; then the source itself is asked. Some 20,000 domains are
// read in 200 ms.
const patienceMs = 1_000;

/** The gate of one map. */
export class DomainGate implements OwnerSource, Doorkeeper {
  readonly #rules: GateRules;
  readonly #source: OwnerSource;
  readonly #parts: GateParts;
  readonly #clock: Clock;
  /** `undefined`: every domain may be hosted. */
  #domains: ReadonlySet<string> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** Flushed and not read since: no address is refused by it. */
  #isVoid = false;
  /** The reading under way; it never rejects. */
  #reading: Promise<void> | undefined;
  /** The source hung while that reading took long. */
  #isHanging = false;
  /** The same, or that it takes long. */
  #readingOrLate: Promise<void> = Promise.resolve();
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(rules: GateRules, parts: GateParts) {
    this.#rules = rules;
    this.#source = parts.source;
    this.#parts = parts;
    this.#clock = parts.clock;
  }

  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> {
    const refusal = this.refuses(key);
    if (refusal === undefined) return this.#source.ownersOf(key, deadlineMs);
    if (!(refusal instanceof Promise)) return refusal;
    return refusal.then((nobody) => nobody ?? this.#askOrStale(key, deadlineMs));
  }

  refuses(key: string): Nobody | undefined | Promise<Nobody | undefined> {
    const nowMs = this.#clock.nowMs();
    const ageMs = nowMs - this.#readAtMs;
    if (this.#isVoid || ageMs >= this.#rules.refreshMs * refreshShare) this.#read(nowMs);
    if (this.#isListed(key)) return undefined;
    if (!this.#isVoid && ageMs < this.#rules.refreshMs) return foreign;
    return this.#reading === undefined ? this.#decide(key) : this.#readingOrLate.then(() => this.#decide(key));
  }

  refusesAfter(error: unknown, key: string): Nobody | undefined {
    this.#isHanging ||= isHang(error) && this.#reading !== undefined;
    return this.#refusesStale(key);
  }

  /** Reads the set now, for the start of the daemon. Never rejects: without a set the gate stands open. */
  async warm(): Promise<void> {
    this.#read(this.#clock.nowMs());
    await this.#reading;
  }

  /** Believes the set no more: part of a flush. The next foreign address waits for a new one, or for the failure. */
  expire(): void {
    this.#isVoid = true;
    // A reading under way may have begun before the change that the flush is for.
    this.#reading = undefined;
    this.#failedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Believes the set no more if it lacks the domain of one of these addresses: part of the flush of addresses, since one that
   * has appeared may be the first of its domain.
   */
  doubt(addresses: readonly string[]): void {
    if (!addresses.every((address) => this.#isListed(address))) this.expire();
  }

  /** The set with its age; `undefined` when there is none to believe. */
  snapshot(): AgedDomains | undefined {
    if (this.#domains === undefined || this.#isVoid) return undefined;
    return { domains: [...this.#domains], ageMs: this.#clock.nowMs() - this.#readAtMs };
  }

  /** Takes back what a snapshot kept, unless the source was read already; its age goes on from where it was. */
  restore({ domains, ageMs }: AgedDomains): void {
    if (this.#readAtMs !== Number.NEGATIVE_INFINITY) return;
    this.#domains = new Set(domains);
    this.#readAtMs = this.#clock.nowMs() - ageMs;
  }

  /** Decides about an address that an overdue set did not list, when the reading has ended or takes long. */
  #decide(key: string): Nobody | undefined {
    const isOverdue = this.#clock.nowMs() - this.#readAtMs >= this.#rules.refreshMs;
    if (!isOverdue) return this.#isVoid || this.#isListed(key) ? undefined : foreign;
    return this.#reading === undefined || this.#isHanging ? this.#refusesStale(key) : undefined;
  }

  #refusesStale(key: string): Nobody | undefined {
    const { refreshMs, staleIfErrorMs } = this.#rules;
    const isTooOld = this.#clock.nowMs() - this.#readAtMs >= refreshMs + staleIfErrorMs;
    return this.#isVoid || isTooOld || this.#isListed(key) ? undefined : foreignByStaleList;
  }

  /** Asks the source about an address that a late reading did not decide. */
  async #askOrStale(key: string, deadlineMs: number): Promise<Answer> {
    try {
      return await this.#source.ownersOf(key, deadlineMs);
    } catch (error) {
      const nobody = this.refusesAfter(error, key);
      if (nobody === undefined) throw error;
      return nobody;
    }
  }

  #isListed(key: string): boolean {
    return isHosted(key, this.#domains, this.#rules.localDomains);
  }

  #read(nowMs: number): void {
    // After a failure the next try waits a second: the source has its own back-off, this only bounds the attempts.
    if (this.#reading !== undefined || nowMs - this.#failedAtMs < 1000) return;
    const { database, tally, log } = this.#parts;
    const reading: Promise<void> = database.hostedDomains(nowMs + this.#rules.timeoutMs).then(
      (domains) => {
        tally.domainReadings.ok++;
        if (this.#reading !== reading) return;
        this.#reading = undefined;
        this.#isVoid = false;
        this.#domains = domains;
        this.#readAtMs = this.#clock.nowMs();
      },
      // The set that was read last stands until it is too old. Lookups do not meet this failure: another query is at fault, say.
      (error: unknown) => {
        tally.domainReadings.error++;
        log.warn(
          { source: database.name, err: error },
          "hosted domains could not be read; foreign addresses cost queries",
        );
        if (this.#reading !== reading) return;
        this.#reading = undefined;
        this.#failedAtMs = this.#clock.nowMs();
      },
    );
    this.#reading = reading;
    this.#isHanging = false;
    this.#readingOrLate = Promise.race([reading, late()]);
  }
}

function late(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, patienceMs).unref();
  });
}
