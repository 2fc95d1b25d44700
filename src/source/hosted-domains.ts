/**
 * Makes the set of hosted domains of what the query `domains` gives.
 *
 * A domain that is written as U-label is a row that nobody finds: keys are bound with the A-label, since a collation would
 * take `exämple.com` for `example.com`. So may be one with white space around it, which a PAD SPACE collation finds all the same.
 * Neither may stay unnoticed.
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
    const domains = cells.map((cell) => cell.trim());
    if (domains.includes("*")) return undefined;
    return new Set(domains.map(foldDomain).filter((domain) => domain !== undefined));
  }
}

/** Says what is wrong with domains of the database; `undefined` when nothing is. */
export function unfindableDomains(cells: readonly string[]): string | undefined {
  const written = [...new Set(cells)].toSorted();
  const problems = [
    tellULabels(written.map((cell) => cell.trim()).filter((cell) => beyondAscii.test(cell))),
    tellBlanks(written.filter((cell) => cell.trim() !== cell)),
  ].filter((problem) => problem !== undefined);
  return problems.length === 0 ? undefined : problems.join("; ");
}

/**
 * Says which rows nobody finds, since their domain is written as U-label.
 *
 * @param rows each such domain, and a row that has it
 */
export function unfindableRows(rows: ReadonlyMap<string, string>): string | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  return tell(first[0], rows.size, `nobody finds a row such as ${first[1]}`);
}

const beyondAscii = /[^\0-\x7f]/;

function tellULabels(domains: readonly string[]): string | undefined {
  const [first] = domains;
  return first === undefined ? undefined : tell(first, domains.length, "nobody owns an address there");
}

function tell(domain: string, count: number, consequence: string): string {
  const aLabel = foldDomain(domain);
  const remedy = aLabel === undefined ? `${domain} is no domain` : `write ${domain} as ${aLabel}`;
  return `${count === 1 ? "1 domain is" : `${count} domains are`} not written as A-label (xn--…), so ${consequence}: ${remedy}`;
}

/** Whether a query finds such a row depends on its collation, and on what stands around it (a blank, or a CR of an import). */
function tellBlanks([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  const count = others.length === 0 ? "1 domain has" : `${others.length + 1} domains have`;
  const remedy = `write ${JSON.stringify(first)} as ${JSON.stringify(first.trim())}`;
  return `${count} white space around the name, so its owners may not be found: ${remedy}`;
}
