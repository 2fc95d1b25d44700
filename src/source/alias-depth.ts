/**
 * Asks again for owners that are aliases themselves, until they are logins: `alias_depth` of the presets.
 *
 * A database wrapped around a database; each level is one more round trip, and only where something is left to follow.
 */
import { foldKey, splitAddress } from "../model/address.ts";
import { type Ask, type Cells, notAsked } from "../model/keys.ts";
import { splitOwners } from "../model/owner-list.ts";
import type { Database } from "../model/source.ts";

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
      const deeper = await this.#database.find(open, deadlineMs);
      note(open, deeper, ownersOf);
      open = aliasesAmong(deeper, ownersOf);
    }
    return findings.map((cells) => (cells === notAsked ? cells : loginsBehind(cells.flatMap(splitOwners), ownersOf)));
  }

  hostedDomains(deadlineMs: number) {
    return this.#database.hostedDomains(deadlineMs);
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

/** The logins behind owners. A ring of aliases has none: then its members stay, who are nobody's login. */
function loginsBehind(owners: readonly string[], ownersOf: OwnersOf): readonly string[] {
  const logins: string[] = [];
  const expanded = new Set<string>();
  const open = [...owners];
  for (const owner of open) {
    const email = foldKey(owner) ?? owner;
    const next = ownersOf.get(email) ?? [];
    if (next.length === 0 || next.some((one) => foldKey(one) === email)) logins.push(owner);
    else if (!expanded.has(email)) {
      expanded.add(email);
      open.push(...next);
    }
  }
  return logins.length > 0 ? logins : owners;
}
