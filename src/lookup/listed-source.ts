/** One source of a map as its listing has it: what it would say to an ask, from memory. Pure. */
import { foldKey, isHosted } from "../model/address.ts";
import type { Ask } from "../model/keys.ts";
import type { ListedLine } from "../model/listing.ts";
import { withULabels } from "../model/owner-forms.ts";
import type { Database } from "../model/source.ts";
import type { KeyRules } from "./keys.ts";

/** What is listed of a source, and how the source is asked. */
export type ListedDatabase = Pick<Database, "name" | "keyForm" | "roles">;

/** A line that names somebody, its key folded. */
export interface OwningLine extends ListedLine {
  readonly owner: string;
}

const none: readonly OwningLine[] = Object.freeze([]);

/** The lines of one source, by key. */
export class ListedSource {
  readonly database: ListedDatabase;
  readonly #hosted: ReadonlySet<string> | undefined;
  readonly #owners = new Map<string, OwningLine[]>();
  readonly #grants = new Map<string, OwningLine[]>();
  /** Keys with a row and without owner: such a row keeps a catch-all away too. */
  readonly #ownerless = new Set<string>();

  /** @param hosted folded domains that the source hosts; `undefined` when it cannot tell */
  constructor(database: ListedDatabase, hosted: ReadonlySet<string> | undefined) {
    this.database = database;
    this.#hosted = hosted;
  }

  /** Takes a line whose key it hosts. @returns the folded key; `undefined` when no lookup can have it */
  add({ key: spelt, owner, kind }: ListedLine, rules: KeyRules): string | undefined {
    const key = foldKey(spelt);
    if (key === undefined || !this.hosts(key, rules)) return undefined;
    if (owner !== undefined) {
      const lines = kind === "grant" ? this.#grants : this.#owners;
      const line = { key, owner, kind };
      const earlier = lines.get(key);
      if (earlier === undefined) lines.set(key, [line]);
      else earlier.push(line);
    } else if (kind !== "grant") this.#ownerless.add(key);
    return key;
  }

  /** Whether a lookup of the key gets past the domain gate of the source. */
  hosts(key: string, { localDomains }: KeyRules): boolean {
    return isHosted(key, this.#hosted, localDomains);
  }

  /** The lines that answer an ask. */
  answer({ role, key: { email, domain } }: Ask): readonly OwningLine[] {
    switch (role) {
      case "address":
        return this.#owners.get(email) ?? none;
      case "domain":
        return this.#owners.has(email) || this.#ownerless.has(email) ? none : (this.#owners.get(`@${domain}`) ?? none);
      case "grant":
        return [email, `@${domain}`, "*"].flatMap((key) => this.#grants.get(key) ?? none);
    }
  }

  /** Who may send as everything. */
  grantsToEverything(): readonly OwningLine[] {
    return this.#grants.get("*") ?? none;
  }

  /** The cells of lines as the source answers them: a table of Postfix letter by letter, others with both forms of a login. */
  cellsOf(lines: readonly OwningLine[]): readonly string[] {
    const cells = lines.map(({ owner }) => owner);
    const isPostfixTable = this.database.keyForm === "postfix" && !this.database.roles.has("grant");
    return isPostfixTable ? cells : withULabels(cells);
  }
}
