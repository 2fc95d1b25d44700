/** A cache before a source whose lookups the test settles. */
import { CachedSource, type CacheParts } from "../../../src/cache/cached-source.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, Found } from "../../../src/model/reply.ts";
import { cacheTally } from "../../../src/model/tally.ts";
import { fakeClock } from "../../support/fakes/fakes.ts";

/** Few entries, and the lifetimes of the configuration. */
export const rules = {
  maxEntries: 16,
  maxNegativeEntries: 4,
  ttlMs: 60_000,
  negativeTtlMs: 30_000,
  staleIfErrorMs: 3_600_000,
  refreshTimeoutMs: 10_000,
  recipientDelimiter: "+",
};

/** The answer that a login owns the address; `derived` when by another address. */
export function owned(login: string, derived = false): Found {
  return new Found(toOwnerList([login])!, derived);
}

/** What a source fails with. */
export const down = new Error("down");

/** A source whose lookups are settled by the test. */
export class ManualSource {
  readonly asked: string[] = [];
  readonly #pending: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];

  ownersOf(key: string): Promise<Answer> {
    this.asked.push(key);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
  }

  async settle(answer: Answer | Error): Promise<void> {
    const next = this.#pending.shift();
    if (answer instanceof Error) next?.reject(answer);
    else next?.resolve(answer);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

/** The cache, and what it was given. */
export class CacheBench {
  readonly source = new ManualSource();
  readonly clock = fakeClock();
  readonly tally = cacheTally();
  cache = this.make();

  get parts(): CacheParts {
    return { source: this.source, clock: this.clock, tally: this.tally, random: () => 0 };
  }

  /** A cache with other rules, before the same source. */
  make(changes: Partial<typeof rules> = {}): CachedSource {
    return new CachedSource({ ...rules, ...changes }, this.parts);
  }

  /** Has the cache ask, and the source answer. */
  async learn(key: string, answer: Answer, into = this.cache): Promise<void> {
    const asked = into.ownersOf(key, 0);
    await this.source.settle(answer);
    await asked;
  }
}
