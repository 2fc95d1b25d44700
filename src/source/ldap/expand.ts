/**
 * Finds the values that a key has in a directory: one search, and those that its entries lead to.
 *
 * dict_ldap.c, Postfix 3.7, with two differences: each entry is judged by itself, where Postfix carries "terminal" and "no leaf"
 * over to the next one; and a circle of groups fails when it closes, not a thousand searches later. Several searches are under
 * way at once, yet values come in the order of the entries.
 */
import { SourceError } from "../../model/errors.ts";
import type { Key } from "../../model/keys.ts";
import { SessionError } from "../session.ts";
import { type Attribute, isSubtype, missingRange, requestedAttributes, useOf } from "./attributes.ts";
import { LdapError, resultCode } from "./errors.ts";
import { escapeDnPart, fillText, hasKeyPart } from "./key-text.ts";
import { type Entry, noKey, oneEntry, type RunSearch, type Search } from "./search.ts";
import type { LdapTable } from "./table.ts";
import type { InTurn } from "./turns.ts";
import { attributesInCommon, isLdapUrl, parseLdapUrl } from "./url.ts";

/** What an expansion is given. */
export interface ExpandDependencies {
  readonly search: RunSearch;
  /** Calls `work` when its turn has come, where few searches may be under way at once; at once unless given. */
  readonly inTurn?: InTurn;
  /** The values of an entry, where they are known already; its DN in lower case. */
  readonly known?: (dn: string) => readonly string[] | undefined;
  /** Called when an entry names one that is not there, or may not be seen. */
  readonly onDangling: (dn: string) => void;
}

// What two groups in each other's way could multiply without end; a directory that needs more for one key is set up wrong.
const maxEntries = 100_000;

/**
 * Asks a table for a key.
 *
 * @returns the values, formatted; none when the table does not take the key
 * @throws {SourceError} ERR_SOURCE_RESULT when a limit is passed, in a circle of groups, and for a value that is no text
 * @throws {SessionError} when a search failed
 */
export async function expand(table: LdapTable, key: Key, needs: ExpandDependencies): Promise<readonly string[]> {
  return table.takes(key) ? new Expansion(table, key, needs).run() : [];
}

/** An entry that was found, and what it yields or leads to. */
export interface Expanded {
  /** With every value of its attributes, where the server had sent a part. */
  readonly entry: Entry;
  readonly values: readonly string[];
}

/** Goes on from an entry that was found already. Throws as `expand`. */
export function expandEntry(table: LdapTable, entry: Entry, needs: ExpandDependencies): Promise<Expanded> {
  return new Expansion(table, noKey, needs).runFrom(entry);
}

/** The searches that led to an entry, innermost first. */
interface Path {
  readonly step: string;
  readonly before: Path | undefined;
  readonly length: number;
}

const start: Path = { step: "", before: undefined, length: 1 };

class Expansion {
  readonly #table: LdapTable;
  readonly #key: Key;
  readonly #needs: ExpandDependencies;
  readonly #attributes: readonly string[];
  #entries = 0;
  #values = 0;
  #hasFailed = false;

  constructor(table: LdapTable, key: Key, needs: ExpandDependencies) {
    this.#table = table;
    this.#key = key;
    this.#needs = needs;
    this.#attributes = requestedAttributes(table.attributes);
  }

  async run(): Promise<readonly string[]> {
    try {
      const entries = await this.#ask(this.#first()).catch((error: unknown) => {
        // A base of its own for each key is there for some only; without one, somebody mistyped it.
        if (isNoSuchObject(error) && hasKeyPart(this.#table.base)) return [];
        throw error;
      });
      return await this.#valuesOf(entries, start);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async runFrom(found: Entry): Promise<Expanded> {
    try {
      const entry = await this.#complete(found);
      return { entry, values: await this.#valuesOfEntry(entry, { ...start, step: found.dn.toLowerCase() }) };
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The searches that still wait need not be made. */
  #failed(error: unknown): unknown {
    this.#hasFailed = true;
    return error;
  }

  #first(): Search {
    const { base, scope, filter, dereference, sizeLimit } = this.#table;
    const filled = fillText(base, this.#key, escapeDnPart);
    return { base: filled, scope, filter, key: this.#key, attributes: this.#attributes, dereference, sizeLimit };
  }

  async #ask(search: Search): Promise<readonly Entry[]> {
    const { sizeLimit } = this.#table;
    const { inTurn = (work) => work() } = this.#needs;
    const entries = await inTurn(async () => {
      if (this.#hasFailed) throw new SessionError("unknown", "another search for the same key failed");
      return this.#needs.search(search);
    }).catch((error: unknown) => {
      const isTooMany = error instanceof LdapError && error.resultCode === resultCode.sizeLimitExceeded;
      throw isTooMany ? tooManyEntries(sizeLimit) : error;
    });
    if (sizeLimit > 0 && entries.length > sizeLimit) throw tooManyEntries(sizeLimit);
    this.#entries += entries.length;
    if (this.#entries > maxEntries) throw tooMuch(`more than ${maxEntries} entries for one key`);
    return entries;
  }

  /** Fetches what the server left out of an entry's attributes. */
  async #complete({ dn, attributes }: Entry): Promise<Entry> {
    const whole = attributes.map(async (attribute): Promise<Attribute> => {
      const missing = missingRange(attribute.type);
      if (missing === undefined) return attribute;
      const [entry] = await this.#ask({ ...this.#base(dn), attributes: [missing.next] });
      const rest = entry?.attributes.find(({ type }) => isSubtype(type, missing.type));
      if (rest === undefined) throw tooMuch(`the server gave ${attribute.type} and kept the rest`);
      const { attributes: completed } = await this.#complete({ dn, attributes: [rest] });
      return { type: missing.type, values: [...attribute.values, ...completed.flatMap(({ values }) => values)] };
    });
    return { dn, attributes: await Promise.all(whole) };
  }

  async #valuesOf(entries: readonly Entry[], path: Path): Promise<readonly string[]> {
    const found = await Promise.all(
      entries.map(async (entry) => this.#valuesOfEntry(await this.#complete(entry), path)),
    );
    return found.flat();
  }

  async #valuesOfEntry(entry: Entry, path: Path): Promise<readonly string[]> {
    const { attributes } = this.#table;
    const used = entry.attributes
      .filter(({ values }) => values.length > 0)
      .map((attribute) => ({ ...attribute, use: useOf(attribute.type, attributes) }));
    const isTerminal = used.some(({ use }) => use === "terminal");
    const leadsOn = used.some(({ use }) => use === "special");
    const found = used.map(({ use, type, values }): readonly string[] | Promise<readonly string[]> => {
      const isValue = isTerminal ? use === "terminal" : use === "result" || (use === "leaf" && !leadsOn);
      if (isValue) return this.#format(type, values);
      if (use !== "special" || isTerminal) return [];
      return Promise.all(values.map((value) => this.#follow(textOf(type, value), path))).then((all) => all.flat());
    });
    return (await Promise.all(found)).flat();
  }

  #format(type: string, values: Attribute["values"]): readonly string[] {
    const { expansionLimit, format } = this.#table;
    const cells = values.map((value) => format(textOf(type, value), this.#key)).filter((cell) => cell !== undefined);
    this.#values += cells.length;
    if (expansionLimit > 0 && this.#values > expansionLimit) {
      throw tooMuch(`more than expansion_limit = ${expansionLimit} values`);
    }
    return cells;
  }

  /** Goes on with the entry or the search that a value names. */
  async #follow(value: string, path: Path): Promise<readonly string[]> {
    const { recursionLimit } = this.#table;
    if (path.length >= recursionLimit) throw tooMuch(`more than recursion_limit = ${recursionLimit} entries in a row`);
    const step = value.toLowerCase();
    for (let at: Path | undefined = path; at !== undefined; at = at.before) {
      if (at.step === step) throw tooMuch("groups that lead to each other in a circle");
    }
    const known = this.#needs.known?.(step);
    if (known !== undefined) return known;
    const search = this.#searchFor(value);
    if (search === undefined) return [];
    try {
      return await this.#valuesOf(await this.#ask(search), { step, before: path, length: path.length + 1 });
    } catch (error) {
      if (!isNoSuchObject(error)) throw error;
      this.#needs.onDangling(value);
      return [];
    }
  }

  #searchFor(value: string): Search | undefined {
    if (!isLdapUrl(value)) return this.#base(value);
    const url = parseLdapUrl(value);
    if (url === undefined) throw tooMuch("an LDAP URL in an entry is malformed");
    const attributes = attributesInCommon(url.attributes, this.#attributes);
    return attributes.length === 0 ? undefined : { ...this.#base(url.base), ...url, attributes };
  }

  #base(base: string): Search {
    const { dereference, sizeLimit } = this.#table;
    return { ...oneEntry(base), attributes: this.#attributes, dereference, sizeLimit };
  }
}

function isNoSuchObject(error: unknown): boolean {
  return error instanceof LdapError && error.resultCode === resultCode.noSuchObject;
}

function tooManyEntries(sizeLimit: number): SourceError {
  const ours = sizeLimit > 0 ? `size_limit = ${sizeLimit} or the server's own limit` : "the server's size limit";
  return tooMuch(`more entries than ${ours}`);
}

function tooMuch(message: string): SourceError {
  return new SourceError("ERR_SOURCE_RESULT", message);
}

function textOf(type: string, value: string | Buffer): string {
  if (typeof value === "string") return value;
  throw tooMuch(`a value of ${type} is no text`);
}
