/**
 * Asks again for owners that are aliases themselves, until they are logins: `alias_depth` of the presets.
 *
 * A database wrapped around a database; each level is one more round trip, and only where something is left to follow.
 */
import { foldKey, splitAddress } from "../model/address.ts";
import { type Ask, type Cells, notAsked } from "../model/keys.ts";
import type { ListedLine, Listing } from "../model/listing.ts";
import { splitOwners } from "../model/owner-list.ts";
import type { Database } from "../model/source.ts";

// So many owners are asked for in one go: an alias may have thousands, and a statement of thousands takes a server longer than it has.
const asksAtOnce = 8;

/** Follows aliases of aliases up to `depth` in a row. */
export class AliasDepth implements Database {
  readonly #database: Database;
  readonly #depth: number;

  /** @param depth how many aliases stand between an address and a login at most; 1 asks the database once, as it is */
  constructor(database: Database, depth: number) {
    this.#database = database;
    this.#depth = depth;
  }

  get name() {
    return this.#database.name;
  }

  get keyForm() {
    return this.#database.keyForm;
  }

  get roles() {
    return this.#database.roles;
  }

  get rowProof() {
    return this.#database.rowProof;
  }

  /**
   * Asks as the database does, then replaces each owner that is an alias by its owners.
   *
   * An owner among the owners of its own address is a login and stays; so does one without owners, which may be a login that
   * is no address. What is still an alias at the last level stays too. An alias is followed once, so a loop ends.
   */
  async find(asks: readonly Ask[], deadlineMs: number): Promise<Cells> {
    const findings = await this.#database.find(asks, deadlineMs);
    const ownersOf: OwnersOf = new Map();
    // What was asked anyway need not be asked again: most owners are the address itself.
    note(asks, findings, ownersOf);
    let open = aliasesAmong(findings, ownersOf);
    for (let level = 1; level < this.#depth && open.length > 0; level++) {
      const deeper = await this.#findAll(open, deadlineMs);
      note(open, deeper, ownersOf);
      open = aliasesAmong(deeper, ownersOf);
    }
    const known: Known = (email) => ownersOf.get(email) ?? [];
    return findings.map((cells, i) => {
      const { role, key } = asks[i] as Ask;
      const from = role === "address" ? key.email : undefined;
      return cells === notAsked ? cells : loginsBehind(from, cells.flatMap(splitOwners), known, this.#depth);
    });
  }

  async #findAll(asks: readonly Ask[], deadlineMs: number): Promise<Cells> {
    const parts: (readonly Ask[])[] = [];
    for (let at = 0; at < asks.length; at += asksAtOnce) parts.push(asks.slice(at, at + asksAtOnce));
    return (await Promise.all(parts.map(async (part) => this.#database.find(part, deadlineMs)))).flat();
  }

  hostedDomains(deadlineMs: number) {
    return this.#database.hostedDomains(deadlineMs);
  }

  /** The listing of the database, its owners replaced as those of a lookup are. */
  get listing(): Listing | undefined {
    const { listing } = this.#database;
    if (listing === undefined) return undefined;
    return {
      list: (signal) => loginLines(listing.list(signal), this.#depth),
      watchChanges: (onHint) => listing.watchChanges(onHint),
    };
  }

  health() {
    return this.#database.health();
  }

  lookAfter() {
    return this.#database.lookAfter();
  }

  report(deadlineMs: number) {
    return this.#database.report(deadlineMs);
  }

  renew() {
    this.#database.renew?.();
  }

  close() {
    return this.#database.close();
  }
}

/** Folded address → its owners; an address that was not asked for has no entry. */
type OwnersOf = Map<string, readonly string[]>;

function note(asks: readonly Ask[], findings: Cells, ownersOf: OwnersOf): void {
  asks.forEach(({ role, key }, i) => {
    if (role === "address") ownersOf.set(key.email, (findings[i] ?? []).flatMap(splitOwners));
  });
}

/** Asks for the owners that have not been asked for, each once. */
function aliasesAmong(findings: Cells, ownersOf: OwnersOf): Ask[] {
  const asks = new Map<string, Ask>();
  for (const login of findings.flat().flatMap(splitOwners)) {
    const email = foldKey(login);
    if (email === undefined || ownersOf.has(email)) continue;
    const { localpart, domain } = splitAddress(email);
    if (localpart === "" || domain === "") continue;
    asks.set(email, { role: "address", key: { email, user: localpart, domain }, derived: false });
  }
  return [...asks.values()];
}

/** The owners of an address that is known, else none. */
type Known = (email: string) => readonly string[];

/**
 * The logins behind owners, followed `depth - 1` times: whatever else is known, so that a listing says what a lookup does. A ring
 * of aliases has none: then its members stay, who are nobody's login.
 */
function loginsBehind(
  from: string | undefined,
  owners: readonly string[],
  known: Known,
  depth: number,
): readonly string[] {
  const logins: string[] = [];
  const expanded = new Set<string>(from === undefined ? [] : [from]);
  let level = owners;
  for (let followed = 0; level.length > 0; followed++) {
    const next: string[] = [];
    for (const owner of level) {
      const email = foldKey(owner) ?? owner;
      const behind = known(email);
      const isLogin = isLoginAmong(behind, email);
      const isRepeated = !isLogin && expanded.has(email);
      if (isLogin || (followed >= depth - 1 && !isRepeated)) logins.push(owner);
      else if (!isRepeated) {
        expanded.add(email);
        next.push(...behind);
      }
    }
    level = next;
  }
  return logins.length > 0 ? logins : owners;
}

/** An address without owners may be a login that is no address; one among its own owners is a login. */
function isLoginAmong(owners: readonly string[], email: string): boolean {
  return owners.length === 0 || owners.some((one) => foldKey(one) === email);
}

/** What the lines of one address say. */
interface ListedAddress {
  readonly line: ListedLine;
  readonly owners: string[];
}

const linesPerBatch = 256;

/**
 * Replaces the owners of a listing. An alias may stand before or after what it points to, so everything is read first: unlike
 * that of a database, such a listing is held in memory until it has been given out.
 */
async function* loginLines(
  batches: AsyncIterable<readonly ListedLine[]>,
  depth: number,
): AsyncGenerator<readonly ListedLine[], void, undefined> {
  const addresses = new Map<string, ListedAddress>();
  const others: ListedLine[] = [];
  for await (const batch of batches) {
    for (const line of batch) {
      const email = foldKey(line.key);
      if (line.kind === "catch-all" || line.kind === "grant" || email === undefined) others.push(line);
      else {
        const listed = addresses.get(email) ?? { line, owners: [] };
        listed.owners.push(...splitOwners(line.owner ?? ""));
        addresses.set(email, listed);
      }
    }
  }
  let batch: ListedLine[] = [];
  for (const line of linesOf(addresses, others, depth)) {
    batch.push(line);
    if (batch.length < linesPerBatch) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

function* linesOf(
  addresses: ReadonlyMap<string, ListedAddress>,
  others: readonly ListedLine[],
  depth: number,
): Generator<ListedLine> {
  const known: Known = (email) => addresses.get(email)?.owners ?? [];
  for (const [email, { line, owners }] of addresses) yield withOwners(line, loginsBehind(email, owners, known, depth));
  for (const line of others) {
    yield withOwners(line, loginsBehind(undefined, splitOwners(line.owner ?? ""), known, depth));
  }
}

function withOwners(line: ListedLine, owners: readonly string[]): ListedLine {
  return { ...line, owner: owners.length === 0 ? undefined : owners.join(",") };
}
