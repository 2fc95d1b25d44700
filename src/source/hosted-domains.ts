/**
 * Makes the set of hosted domains of what the query `domains` gives.
 *
 * A domain that is written as U-label is a row that nobody finds: keys are bound with the A-label, since a collation would
 * take `exämple.com` for `example.com`. That must not stay unnoticed.
 */
import { foldDomain } from "../model/address.ts";
import type { Log } from "../model/log.ts";

/** Reads the domains of one source, and warns of those that cannot be found whenever they are others than before. */
export class HostedDomains {
  readonly #source: string;
  readonly #log: Log;
  #told: string | undefined;

  constructor(source: string, log: Log) {
    this.#source = source;
    this.#log = log;
  }

  /** @returns `undefined` when every domain may be hosted (a row `*`) */
  read(cells: readonly string[]): ReadonlySet<string> | undefined {
    const problem = unfindableDomains(cells);
    if (problem !== undefined && problem !== this.#told) this.#log.warn({ source: this.#source, problem }, "domains");
    this.#told = problem;
    if (cells.includes("*")) return undefined;
    return new Set(cells.map(foldDomain).filter((domain) => domain !== undefined));
  }
}

/** Says what is wrong with domains of the database; `undefined` when nothing is. */
export function unfindableDomains(cells: readonly string[]): string | undefined {
  const written = [...new Set(cells)].filter((cell) => /[^\0-\x7f]/.test(cell)).toSorted();
  const [first] = written;
  if (first === undefined) return undefined;
  const aLabel = foldDomain(first);
  const remedy = aLabel === undefined ? `${first} is no domain` : `write ${first} as ${aLabel}`;
  const count = written.length === 1 ? "1 domain is" : `${written.length} domains are`;
  return `${count} not written as A-label (xn--…), so nobody owns an address there: ${remedy}`;
}
