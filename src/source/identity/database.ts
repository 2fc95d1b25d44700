/**
 * A source without a database: where every login is an address, the owner of an address is that address.
 *
 * It knows no mailboxes, only domains: whoever may log in as an address may send as it. Put it behind sources that have rows.
 */
import { internalForm } from "../../model/address.ts";
import { type Ask, type Cells, notAsked, type Role } from "../../model/keys.ts";
import { splitOwners } from "../../model/owner-list.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { Database, QueryReport, SourceHealth } from "../../model/source.ts";

type IdentitySettings = Extract<ConnectionSettings, { driver: "identity" }>;

/** Answers lookups without asking anybody. */
export class IdentityDatabase implements Database {
  readonly name: string;
  readonly keyForm = "roles";
  readonly roles: ReadonlySet<Role> = new Set(["address"]);
  readonly rowProof = "none";
  readonly #domains: ReadonlySet<string>;

  constructor(name: string, { domains }: IdentitySettings) {
    this.name = name;
    this.#domains = new Set(domains);
  }

  /** An address with an extension is nobody's login: its turn comes without it. */
  find(asks: readonly Ask[]): Cells {
    return asks.map(({ role, key: { user, domain }, isTagged }) => {
      if (role !== "address" || isTagged || user === "" || !this.#domains.has(domain)) return notAsked;
      const login = `${internalForm(user)}@${domain}`;
      // A login with a comma or a blank in it cannot be said to Postfix, and would be two others.
      return splitOwners(login)[0] === login ? [login] : notAsked;
    });
  }

  async hostedDomains(): Promise<ReadonlySet<string>> {
    return this.#domains;
  }

  health(): SourceHealth {
    return { isUp: true, reason: "", hosts: [] };
  }

  async lookAfter(): Promise<void> {}

  async report(): Promise<readonly QueryReport[]> {
    return [{ query: "address", fullScans: [], isInMemory: true }];
  }

  async close(): Promise<void> {}
}
