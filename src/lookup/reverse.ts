/**
 * Listings read backwards: what a login may send as, and the whole map as a file would hold it.
 *
 * For people, never for a client: who is let through is decided by the lookup. What is said here is ranked by the rules of the lookup
 * (`asksFor`, `rank`), over the lines of each source in place of its answers.
 */
import { internalForm, joinAddress, quoteLocalpart, splitAddress } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import { foldCase } from "../model/fold-case.ts";
import type { ListedKind, ListedLine } from "../model/listing.ts";
import type { MapSettings } from "../model/settings.ts";
import type { Database } from "../model/source.ts";
import { asksFor } from "./keys.ts";
import { ListedSource, type OwningLine } from "./listed-source.ts";
import { type MapRules, rank, toOwners } from "./ranking.ts";

/** One thing that a login may send as. */
export interface Sendable {
  /** Folded; `@domain` for every address of the domain that is not listed, or `*` for everything. */
  readonly key: string;
  readonly login: string;
  /** Why. */
  readonly kind: ListedKind;
  /** The source that says so, where the map has several. */
  readonly source?: string;
}

/** What is wanted of a listing. */
export interface SendableFilter {
  /** Compared caselessly, as smtpd does. */
  readonly login?: string | undefined;
  /** Folded; `*` is in every domain. */
  readonly domain?: string | undefined;
}

/** What the lookup of a map goes by. */
export interface MapOrder {
  readonly rules: MapRules;
  readonly combine: MapSettings["combine"];
}

/** A map to be listed, and how long each of its sources may take to say what it hosts. */
export interface ListRequest extends MapOrder {
  /** In the order of the map. */
  readonly databases: readonly Database[];
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Called between batches of lines, for somebody who has other work to do as well. */
  readonly rest?: () => Promise<void>;
}

/**
 * Lists the sources of a map, one after the other.
 *
 * @throws {SourceError} when one of them cannot be listed, or is cut short: a part would look like all
 */
export async function listMap({ databases, deadlineMs, signal, rest, ...order }: ListRequest): Promise<ListedMap> {
  const map = new ListedMap(order);
  for (const database of databases) {
    const { listing, name } = database;
    if (listing === undefined) {
      throw new SourceError(
        "ERR_SOURCE_SQL",
        `source ${name} cannot be listed: that takes a preset, or queries.listing`,
      );
    }
    const source = new ListedSource(database, await database.hostedDomains(deadlineMs));
    map.addSource(source);
    for await (const lines of listing.list(signal)) {
      map.add(source, lines);
      await rest?.();
    }
  }
  return map;
}

/** An answer of one source that is part of the answer of the map. */
interface Won {
  readonly source: ListedSource;
  readonly lines: readonly OwningLine[];
  readonly isGrant: boolean;
}

// Longer than a localpart may be (RFC 5321 section 4.5.3.1.1): an address of the domain that nobody has.
const nobodysLocalpart = "x".repeat(65);

/** The whole of a listing, by key. */
export class ListedMap {
  readonly #order: MapOrder;
  readonly #sources: ListedSource[] = [];
  readonly #keys = new Set<string>();

  constructor(order: MapOrder) {
    this.#order = order;
  }

  /** Adds the next source of the map, for lines to be added to. */
  addSource(source: ListedSource): void {
    this.#sources.push(source);
  }

  /** Takes lines of a source in any order; what is in a domain that it does not host is left out, as a lookup would not find it. */
  add(source: ListedSource, lines: Iterable<ListedLine>): void {
    for (const line of lines) {
      const key = source.add(line, this.#order.rules);
      if (key !== undefined) this.#keys.add(key);
    }
  }

  /** Every key that is listed, folded, in the order of the sources. */
  keys(): IterableIterator<string> {
    return this.#keys.keys();
  }

  /**
   * Who owns a key by the listing alone: what the lookup should answer. Of `@domain`, who owns an address there that is not listed; of
   * `*`, who may send as everything.
   *
   * @param withGrants whether grants count too
   */
  ownersOf(key: string, withGrants = true): readonly string[] {
    return this.#loginsOf(this.#whoWins(key).filter(({ isGrant }) => withGrants || !isGrant));
  }

  /** What somebody may send as, by every key. */
  *sendables(filter: SendableFilter): Generator<Sendable> {
    for (const key of this.#keys) yield* this.sendablesOf(key, filter);
  }

  /**
   * Who may send as a listed key, and why. A grant to a domain or to everything is told once, at `@domain` or `*`, and not again at
   * every address there; whoever has a listed address by the catch-all (a grant alone does not keep it away) is told at the address.
   */
  *sendablesOf(key: string, { login, domain }: SendableFilter): Generator<Sendable> {
    if (domain !== undefined && key !== "*" && splitAddress(key).domain !== domain) return;
    const wanted = login === undefined ? undefined : foldCase(login);
    for (const one of this.#everybodyOf(key)) {
      if (wanted === undefined || foldCase(one.login) === wanted) yield one;
    }
  }

  /**
   * The map as the lines of a `texthash:` file, which Postfix reads without knowing of grants: each line names everybody. An address
   * that keeps a catch-all away and has no owner gets `nobody`, since a line without a value is none.
   *
   * @param nobody a login that nobody has
   */
  *texthash(nobody: string): Generator<readonly [key: string, owners: string]> {
    const written = new Set<string>();
    for (const listed of this.#keys) {
      const key = externalForm(listed);
      // Sources may hold an address in either form, and a file in which a key stands twice is of no use.
      if (written.has(key)) continue;
      written.add(key);
      const won = this.#whoWins(key);
      const logins = this.#loginsOf(won);
      if (logins.length > 0) yield [key, logins.join(",")];
      else if (won.length > 0 || this.ownersOf(`@${splitAddress(key).domain}`).length > 0) yield [key, nobody];
    }
  }

  *#everybodyOf(key: string): Generator<Sendable> {
    for (const { source, lines } of this.#whoWins(key)) {
      for (const line of lines) {
        if (isWideGrant(line) && line.key !== key) continue;
        for (const login of this.#loginsOf([{ source, lines: [line] }]))
          yield this.#toSendable(key, login, line, source);
      }
    }
  }

  #toSendable(key: string, login: string, { kind }: OwningLine, { database }: ListedSource): Sendable {
    return this.#sources.length > 1 ? { key, login, kind, source: database.name } : { key, login, kind };
  }

  #loginsOf(won: readonly Pick<Won, "source" | "lines">[]): readonly string[] {
    const cells = won.flatMap(({ source, lines }) => source.cellsOf(lines));
    return toOwners(cells, this.#order.rules).logins;
  }

  #whoWins(key: string): readonly Won[] {
    if (key === "*") {
      const everything = this.#sources.map((source) => ({ source, lines: source.grantsToEverything(), isGrant: true }));
      return everything.filter(({ lines }) => lines.length > 0);
    }
    const { rules, combine } = this.#order;
    const asked = key.startsWith("@") ? `${nobodysLocalpart}${key}` : key;
    const hosting = this.#sources.filter((source) => source.hosts(asked, rules));
    return combine === "union"
      ? hosting.flatMap((source) => whoWinsAmong([source], asked, rules))
      : whoWinsAmong(hosting, asked, rules);
  }
}

/** What `Turns` and `rank` make of a lookup, with lines in place of what a source says. */
function whoWinsAmong(sources: readonly ListedSource[], key: string, rules: MapRules): readonly Won[] {
  const turns = sources
    .flatMap((source) => {
      const { keyForm, roles } = source.database;
      return asksFor(key, keyForm, roles, rules).map((ask) => ({ source, ask, lines: source.answer(ask) }));
    })
    // A stable sort: within a place the sources keep their order.
    .toSorted((a, b) => a.ask.place - b.ask.place);
  const { winners } = rank(
    turns.map(({ ask }) => ask),
    turns.map(({ lines }) => lines.map(({ owner }) => owner)),
    (index) => (turns[index] as (typeof turns)[number]).source.database,
    rules,
  );
  return winners.map((index) => {
    const { source, ask, lines } = turns[index] as (typeof turns)[number];
    return { source, lines, isGrant: ask.role === "grant" };
  });
}

function isWideGrant({ key, kind }: OwningLine): boolean {
  return kind === "grant" && (key === "*" || key.startsWith("@"));
}

/** A key as texthash has it: in quotes where it holds blanks (postmap(1)). */
function externalForm(key: string): string {
  const { localpart, domain } = splitAddress(key);
  if (localpart === "" || domain === "") return key;
  return joinAddress({ localpart: quoteLocalpart(internalForm(localpart)), domain });
}
