/**
 * Domains of which everything that was answered before a moment is void.
 *
 * A catch-all or a grant that changed concerns any number of answers. They are not looked for, which would hold up everybody: each
 * is found void when it is next met.
 */
import { splitAddress } from "../model/address.ts";

// More domains than that at once, and all of them are void: a cache that is asked again costs less than a list without end.
const maxDomains = 1_000;

/** What is void. */
export class Voids {
  readonly #domains = new Map<string, number>();
  #everythingAtMs = Number.NEGATIVE_INFINITY;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  /** @param domains folded; `*` for everything */
  add(domains: readonly string[], nowMs: number): void {
    this.#lastAtMs = nowMs;
    for (const domain of domains) {
      // In the order of their times, so that the oldest is the first.
      this.#domains.delete(domain);
      this.#domains.set(domain, nowMs);
    }
    if (domains.includes("*") || this.#domains.size > maxDomains) {
      this.#everythingAtMs = nowMs;
      this.#domains.clear();
    }
  }

  /** Whether what was stored for a key at a moment is void. One comparison, unless something was voided since. */
  has(key: string, storedAtMs: number): boolean {
    if (storedAtMs > this.#lastAtMs) return false;
    if (storedAtMs <= this.#everythingAtMs) return true;
    const atMs = this.#domains.get(splitAddress(key).domain);
    return atMs !== undefined && storedAtMs <= atMs;
  }
}
