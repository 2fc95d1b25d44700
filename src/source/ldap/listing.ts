/**
 * Lists a directory: every entry of `filters.listing`, a page at a time, on connections of its own. The addresses of an entry are
 * where the other filters look for them, its owners what a lookup would make of it.
 *
 * Groups are listed in a second round, when the logins of those who may be their members are known: one search for each member
 * would take longer than all the pages.
 */
import { SourceError } from "../../model/errors.ts";
import type { ChangeWatch, ListedLine, Listing } from "../../model/listing.ts";
import { toSourceError } from "../pool/listing.ts";
import type { OpenApart } from "../pool/pooled-database.ts";
import { isSubtype, requestedAttributes } from "./attributes.ts";
import { watchChanges } from "./changes.ts";
import { LdapError, resultCode } from "./errors.ts";
import { type ExpandDependencies, type Expanded, expandEntry } from "./expand.ts";
import type { FilterTemplate } from "./filter-template.ts";
import { keysOf } from "./key-attributes.ts";
import { constantEnd } from "./key-text.ts";
import { type Entry, noKey, type Search } from "./search.ts";
import type { LdapSession } from "./session.ts";
import type { ListingTable } from "./table.ts";
import { turns } from "./turns.ts";

// Active Directory sends a thousand at most.
const pageSize = 500;
// Some half a millisecond of work.
const entriesPerBatch = 50;
// A page of a large directory without indexes may take minutes, since the server looks at every entry again.
const pageTimeoutMs = 300_000;
const lookTimeoutMs = 5000;
// Groups leave room for lookups at the same server.
const maxSearchesUnderWay = 6;

/** The listing of one source. */
export class LdapListing implements Listing {
  readonly #plan: ListingTable;
  readonly #open: OpenApart<LdapSession>;

  constructor(plan: ListingTable, open: OpenApart<LdapSession>) {
    this.#plan = plan;
    this.#open = open;
  }

  async *list(signal: AbortSignal): AsyncGenerator<readonly ListedLine[], void, undefined> {
    const sessions: LdapSession[] = [];
    const open = async () => {
      const session = await this.#open(pageTimeoutMs, signal);
      sessions.push(session);
      return session;
    };
    // A server that hangs would keep who gives up for as long as a page may take.
    const giveUp = () => {
      for (const session of sessions) session.destroy("given up");
    };
    signal.addEventListener("abort", giveUp);
    try {
      for await (const lines of new Round(this.#plan, await open(), open).lines()) {
        signal.throwIfAborted();
        yield lines;
      }
    } catch (error) {
      throw isCut(error) ? new SourceError("ERR_SOURCE_RESULT", cutMessage) : toSourceError(error, "cannot list");
    } finally {
      signal.removeEventListener("abort", giveUp);
      // Not `end`: the rest of a page that nobody wants would still have to be read.
      for (const session of sessions) session.destroy("listed");
    }
  }

  watchChanges(onHint: () => void): ChangeWatch {
    return watchChanges((signal) => this.#open(lookTimeoutMs, signal), constantEnd(this.#plan.table.base), onHint);
  }
}

const cutMessage =
  "cannot list: more entries than the server's size limit lets this account have (OpenLDAP: olcLimits, size.prtotal=unlimited)";

function isCut(error: unknown): boolean {
  return error instanceof LdapError && error.resultCode === resultCode.sizeLimitExceeded;
}

/** One listing: people first, then groups. */
class Round {
  readonly #plan: ListingTable;
  readonly #session: LdapSession;
  /** The logins of the people listed, by DN in lower case, where groups may name them. */
  readonly #people = new Map<string, readonly string[]>();
  readonly #needs: ExpandDependencies;
  #hasGroups = false;

  /** @param open opens a session for what entries lead to: one that sends pages is asked nothing else */
  constructor(plan: ListingTable, session: LdapSession, open: () => Promise<LdapSession>) {
    this.#plan = plan;
    this.#session = session;
    let beside: Promise<LdapSession> | undefined;
    this.#needs = {
      search: async (search) => {
        beside ??= open();
        return (await beside).search(search);
      },
      inTurn: turns(maxSearchesUnderWay),
      known: (dn) => this.#people.get(dn),
      onDangling: () => {},
    };
  }

  async *lines(): AsyncGenerator<readonly ListedLine[], void, undefined> {
    const { filter } = this.#plan.table;
    for await (const page of this.#pages(filter)) {
      const people = page.filter((entry) => !this.#isGroup(entry));
      this.#hasGroups ||= people.length < page.length;
      yield* this.#linesOf(people, ({ entry, values }) => this.#remember(entry, values));
    }
    if (!this.#hasGroups) return;
    for await (const page of this.#pages({ kind: "and", filters: [filter, this.#anyMember()] })) {
      yield* this.#linesOf(page.filter((entry) => this.#isGroup(entry)));
    }
  }

  #pages(filter: FilterTemplate): AsyncGenerator<readonly Entry[], void, undefined> {
    const { table, keys } = this.#plan;
    const search: Search = {
      base: constantEnd(table.base),
      scope: table.scope,
      filter,
      key: noKey,
      attributes: [...new Set([...requestedAttributes(table.attributes), ...keys.map(({ attribute }) => attribute)])],
      dereference: table.dereference,
      sizeLimit: 0,
    };
    return this.#session.pages(search, pageSize);
  }

  async *#linesOf(entries: readonly Entry[], note: (expanded: Expanded) => void = () => {}) {
    for (let at = 0; at < entries.length; at += entriesPerBatch) {
      const some = await Promise.all(entries.slice(at, at + entriesPerBatch).map((entry) => this.#expand(entry)));
      some.forEach(note);
      yield some.flatMap((expanded) => this.#linesOfEntry(expanded));
    }
  }

  /** An entry that makes its lookup fail (a circle of groups) is one without an owner here: what is served, the lookup says. */
  async #expand(entry: Entry): Promise<Expanded> {
    try {
      return await expandEntry(this.#plan.table, entry, this.#needs);
    } catch (error) {
      if (error instanceof SourceError && error.code === "ERR_SOURCE_RESULT") return { entry, values: [] };
      throw error;
    }
  }

  #linesOfEntry({ entry, values }: Expanded): ListedLine[] {
    const owners = values.length === 0 ? [undefined] : values;
    return keysOf(entry.attributes, this.#plan.keys).flatMap(({ key, kind }) =>
      owners.map((owner): ListedLine => ({ key, owner, kind })),
    );
  }

  #remember({ dn }: Entry, values: readonly string[]): void {
    if (this.#plan.table.attributes.special.length > 0) this.#people.set(dn.toLowerCase(), values);
  }

  #isGroup({ attributes }: Entry): boolean {
    const { special } = this.#plan.table.attributes;
    return attributes.some(
      ({ type, values }) => values.length > 0 && special.some((wanted) => isSubtype(type, wanted)),
    );
  }

  #anyMember(): FilterTemplate {
    const filters = this.#plan.table.attributes.special.map((attribute) => ({ kind: "present", attribute }) as const);
    return { kind: "or", filters };
  }
}
