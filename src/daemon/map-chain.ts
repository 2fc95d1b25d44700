/** The chain behind one map: cache → domain gate → resolver → database. */
import { CachedSource } from "../cache/cached-source.ts";
import { DomainGate } from "../cache/domain-gate.ts";
import type { Remembered } from "../cache/snapshot-file.ts";
import { LookupMap } from "../lookup/map-registry.ts";
import { Resolver } from "../lookup/resolver.ts";
import type { Clock } from "../model/clock.ts";
import type { FlushSelector } from "../model/flush.ts";
import type { MapSettings, Settings } from "../model/settings.ts";
import type { Database } from "../model/source.ts";
import type { Tallies } from "../telemetry/tallies.ts";

/** What every chain of the daemon is made with. */
export interface ChainParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly tallies: Tallies;
}

/** One map with the parts that the sidecar and a reload reach past it. */
export class MapChain {
  readonly map: LookupMap;
  readonly settings: MapSettings;
  readonly database: Database;
  readonly resolver: Resolver;
  readonly cache: CachedSource;
  readonly #gate: DomainGate;

  constructor(name: string, settings: MapSettings, database: Database, parts: ChainParts) {
    const { clock, tallies } = parts;
    const { cache, limits } = parts.settings;
    const localDomains = new Set(settings.localDomains);
    this.settings = settings;
    this.database = database;
    this.resolver = new Resolver(database, { recipientDelimiter: settings.recipientDelimiter, localDomains });
    this.#gate = new DomainGate(
      {
        refreshMs: cache.negativeTtlMs,
        staleIfErrorMs: cache.staleIfErrorMs,
        timeoutMs: limits.lookupTimeoutMs,
        localDomains,
      },
      { source: this.resolver, database, clock },
    );
    this.cache = new CachedSource(
      { ...cache, refreshTimeoutMs: limits.lookupTimeoutMs, recipientDelimiter: settings.recipientDelimiter },
      { source: this.#gate, clock, tally: tallies.cache(name) },
    );
    this.map = new LookupMap(name, this.cache);
    // Published from the start, so that a rate has something to begin with.
    for (const protocol of ["socketmap", "tcp_table"] as const) tallies.lookup(name, protocol);
    tallies.watchCache(name, () => this.cache.sizes());
  }

  /** Reads the hosted domains, so that the first foreign sender is stopped. Never rejects. */
  warm(): Promise<void> {
    return this.#gate.warm();
  }

  /** What it remembers, for a snapshot or for the chain that takes its place. */
  remembered(): Remembered {
    return { answers: this.cache.snapshot(), domains: this.#gate.snapshot() };
  }

  /** Takes over what a snapshot or another chain remembered of the same source. */
  restore({ answers, domains }: Remembered): void {
    this.cache.restore(answers);
    if (domains !== undefined) this.#gate.restore(domains);
  }

  /**
   * Forgets what the selector names, in memory and under way, and what was believed about hosted domains; of addresses, only
   * where their domain was not among them. `Daemon.flush` is what to call: it knows what else remembers.
   *
   * @returns how many answers went
   */
  flush(selector: FlushSelector): number {
    if (selector.kind === "addresses") this.#gate.doubt(selector.addresses);
    else this.#gate.expire();
    return this.cache.flush(selector);
  }
}
