/** The chain behind one map: cache → domain gate → resolver → database; with several sources, a gate and a resolver for each. */
import { CachedSource } from "../cache/cached-source.ts";
import { DomainGate } from "../cache/domain-gate.ts";
import type { Remembered } from "../cache/snapshot-file.ts";
import { combine, rulesOf } from "../lookup/combine.ts";
import { LookupMap } from "../lookup/map-registry.ts";
import { Resolver } from "../lookup/resolver.ts";
import type { Resolving } from "../lookup/trace.ts";
import type { Clock } from "../model/clock.ts";
import type { FlushSelector } from "../model/flush.ts";
import type { Log } from "../model/log.ts";
import type { MapSettings, Settings } from "../model/settings.ts";
import type { Database } from "../model/source.ts";
import type { Tallies } from "../telemetry/tallies.ts";

/** What every chain of the daemon is made with. */
export interface ChainParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly tallies: Tallies;
  readonly log: Log;
}

// All domains of a source at once may take longer than the owners of one address: 500,000 took 4.8 s.
const domainsTimeoutMs = 60_000;

/** One map with the parts that the sidecar and a reload reach past it. */
export class MapChain {
  readonly map: LookupMap;
  readonly settings: MapSettings;
  /** In the order of `settings.sources`. */
  readonly databases: readonly Database[];
  readonly resolver: Resolving;
  readonly cache: CachedSource;
  readonly #gates: readonly DomainGate[];

  constructor(name: string, settings: MapSettings, databases: readonly Database[], parts: ChainParts) {
    const { clock, tallies, log } = parts;
    const { cache, limits } = parts.settings;
    const rules = rulesOf(settings);
    const gateRules = {
      refreshMs: cache.negativeTtlMs,
      staleIfErrorMs: cache.staleIfErrorMs,
      timeoutMs: domainsTimeoutMs,
      localDomains: rules.localDomains,
    };
    const members = databases.map((database) => {
      const resolver = new Resolver(database, rules);
      const gate = new DomainGate(gateRules, { source: resolver, database, clock, tally: tallies.cache(name), log });
      return { database, resolver, gate };
    });
    const { source, resolver } = combine(members, rules, settings.combine);
    this.settings = settings;
    this.databases = databases;
    this.resolver = resolver;
    this.#gates = members.map(({ gate }) => gate);
    this.cache = new CachedSource(
      { ...cache, refreshTimeoutMs: limits.lookupTimeoutMs, recipientDelimiter: settings.recipientDelimiter },
      { source, clock, tally: tallies.cache(name) },
    );
    this.map = new LookupMap(name, this.cache);
    // Published from the start, so that a rate has something to begin with.
    for (const protocol of ["socketmap", "tcp_table"] as const) tallies.lookup(name, protocol);
    tallies.watchCache(name, () => ({ ...this.cache.sizes(), bytes: this.cache.bytes }));
  }

  /** Reads the hosted domains, so that the first foreign sender is stopped. Never rejects. */
  async warm(): Promise<void> {
    await Promise.all(this.#gates.map((gate) => gate.warm()));
  }

  /** What it remembers, for a snapshot or for the chain that takes its place. */
  remembered(): Remembered {
    return { answers: this.cache.snapshot(), domains: this.#gates.map((gate) => gate.snapshot() ?? null) };
  }

  /** Takes over what a snapshot or another chain remembered of the same source. */
  restore({ answers, domains }: Remembered): void {
    this.cache.restore(answers);
    for (const [i, gate] of this.#gates.entries()) {
      const known = domains[i] ?? undefined;
      if (known !== undefined) gate.restore(known);
    }
  }

  /**
   * Forgets what the selector names, in memory and under way, and what was believed about hosted domains; of addresses, only
   * where their domain was not among them. `Daemon.flush` is what to call: it knows what else remembers.
   *
   * @returns how many answers went
   */
  flush(selector: FlushSelector): number {
    for (const gate of this.#gates) {
      if (selector.kind === "addresses") gate.doubt(selector.addresses);
      else gate.expire();
    }
    return this.cache.flush(selector);
  }
}
