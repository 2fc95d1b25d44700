/**
 * Rows for the tables of every stack that are as tangled as a database may be: few names and domains, so that mailboxes, aliases,
 * alias domains, catch-alls and grants meet; every flag on or off; the same rows for the same seed.
 */

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Value = string | number | null;
type Row = Readonly<Record<string, Value>>;

/** Rows of one table; some may break its keys and are left out when they are inserted. */
export interface RandomTable {
  readonly table: string;
  readonly rows: readonly Row[];
}

const localparts = Array.from({ length: 40 }, (_, i) => `u${i}`);
const hosted = Array.from({ length: 8 }, (_, i) => `d${i}.test`);
const aliased = Array.from({ length: 4 }, (_, i) => `a${i}.test`);
const foreign = ["partner.test"];

/** Every address that may occur, and some that own nothing. */
export const everyAddress = [...localparts, "nobody"].flatMap((localpart) =>
  [...hosted, ...aliased, ...foreign].map((domain) => `${localpart}@${domain}`),
);

/** Picks for one database. */
class Picks {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  of<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)] as T;
  }

  /** Mostly on. */
  flag(): number {
    return this.#random() < 0.85 ? 1 : 0;
  }

  yes(chance = 0.85): boolean {
    return this.#random() < chance;
  }

  address(domains: readonly string[] = hosted): string {
    return `${this.of(localparts)}@${this.of(domains)}`;
  }

  owners(separator: string): string {
    return Array.from({ length: 1 + Math.floor(this.#random() * 2) }, () => this.address()).join(separator);
  }
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

function times(count: number, make: (i: number) => Row): Row[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

const yn = (flag: boolean) => (flag ? "y" : "n");

type Maker = (picks: Picks) => readonly RandomTable[];

const mailboxes = (picks: Picks, count: number) =>
  times(count, () => {
    const username = picks.address();
    return { username, local_part: username.split("@")[0] ?? "", domain: domainOf(username), active: picks.flag() };
  });

const aliasDomains = (picks: Picks) =>
  aliased.map((alias_domain) => ({ alias_domain, target_domain: picks.of(hosted), active: picks.flag() }));

const makers: Readonly<Record<string, Maker>> = {
  native: (picks) => [
    { table: "domains", rows: hosted.map((domain) => ({ domain, active: picks.flag() })) },
    { table: "logins", rows: everyAddress.slice(0, 300).map((login) => ({ login, active: picks.flag() })) },
    {
      table: "addresses",
      rows: times(900, () => ({
        localpart: picks.of(localparts),
        domain: picks.of(hosted),
        login: picks.of(everyAddress.slice(0, 300)),
        active: picks.flag(),
      })),
    },
    {
      table: "catch_alls",
      rows: times(6, () => ({
        domain: picks.of(hosted),
        login: picks.of(everyAddress.slice(0, 300)),
        active: picks.flag(),
      })),
    },
    {
      table: "send_as_grants",
      rows: [
        ...times(300, () => ({
          localpart: picks.yes(0.9) ? picks.of(localparts) : "",
          domain: picks.of([...hosted, ...foreign]),
          login: picks.of(everyAddress.slice(0, 300)),
          active: picks.flag(),
        })),
        { localpart: "", domain: "*", login: everyAddress[0] ?? "", active: 1 },
      ],
    },
  ],
  postfixadmin: (picks) => [
    { table: "domain", rows: [...hosted, ...aliased.slice(0, 2)].map((domain) => ({ domain, active: picks.flag() })) },
    { table: "mailbox", rows: mailboxes(picks, 700) },
    {
      table: "alias",
      rows: [
        ...times(900, () => {
          const address = picks.address([...hosted, ...aliased]);
          return { address, goto: picks.owners(","), domain: domainOf(address), active: picks.flag() };
        }),
        ...hosted
          .slice(0, 4)
          .map((domain) => ({ address: `@${domain}`, goto: picks.owners(","), domain, active: picks.flag() })),
      ],
    },
    { table: "alias_domain", rows: aliasDomains(picks) },
  ],
  vimbadmin: (picks) => [
    { table: "domain", rows: hosted.map((domain, i) => ({ id: 100 + i, domain, active: picks.flag() })) },
    {
      table: "mailbox",
      rows: mailboxes(picks, 700).map(({ username, domain, active }) => ({
        username: username ?? "",
        active: active ?? 0,
        delete_pending: picks.of([null, 0, 1]),
        Domain_id: 100 + hosted.indexOf(String(domain)),
      })),
    },
    {
      table: "alias",
      rows: [
        ...times(800, () => {
          const address = picks.address();
          const Domain_id = 100 + hosted.indexOf(domainOf(address));
          return { address, goto: picks.owners(","), active: picks.flag(), Domain_id };
        }),
        ...hosted.slice(0, 4).map((domain, i) => ({
          address: `@${domain}`,
          goto: picks.owners(","),
          active: picks.flag(),
          Domain_id: 100 + i,
        })),
      ],
    },
  ],
  iredmail: (picks) => [
    {
      table: "domain",
      rows: hosted.map((domain) => ({ domain, active: picks.flag(), backupmx: picks.yes(0.1) ? 1 : 0 })),
    },
    {
      table: "mailbox",
      rows: mailboxes(picks, 600).map(({ username, domain, active }) => ({
        username: username ?? "",
        domain: domain ?? "",
        active: active ?? 0,
        enablesmtp: picks.flag(),
      })),
    },
    {
      table: "forwardings",
      rows: [
        ...times(1000, () => {
          const address = picks.address();
          const kind = picks.of(["is_alias", "is_list", "is_forwarding"]);
          return {
            address,
            forwarding: picks.address(),
            domain: domainOf(address),
            is_alias: kind === "is_alias" ? 1 : 0,
            is_list: kind === "is_list" ? 1 : 0,
            is_forwarding: kind === "is_forwarding" ? 1 : 0,
            active: picks.flag(),
          };
        }),
        ...hosted.slice(0, 4).map((domain) => ({
          address: domain,
          forwarding: picks.address(),
          domain,
          is_alias: 0,
          is_list: 0,
          is_forwarding: 0,
          active: picks.flag(),
        })),
      ],
    },
    { table: "alias_domain", rows: aliasDomains(picks) },
  ],
  mailcow: (picks) => [
    { table: "domain", rows: hosted.map((domain) => ({ domain, active: picks.flag() })) },
    { table: "mailbox", rows: mailboxes(picks, 600) },
    {
      table: "alias",
      rows: [
        ...times(900, () => {
          const address = picks.address([...hosted, ...aliased]);
          const goto = picks.yes(0.4) ? address : picks.owners(",");
          return { address, goto, domain: domainOf(address), active: picks.flag(), sender_allowed: picks.flag() };
        }),
        ...[...hosted.slice(0, 3), aliased[0] ?? ""].map((domain) => ({
          address: `@${domain}`,
          goto: picks.owners(","),
          domain,
          active: picks.flag(),
          sender_allowed: picks.flag(),
        })),
      ],
    },
    { table: "alias_domain", rows: aliasDomains(picks) },
    {
      table: "sender_acl",
      rows: times(200, () => ({
        logged_in_as: picks.address(),
        send_as: picks.yes(0.9) ? picks.address([...hosted, ...foreign]) : picks.of(["*", `@${picks.of(hosted)}`]),
      })),
    },
  ],
  ispconfig: (picks) => [
    {
      table: "mail_domain",
      rows: [...hosted, ...aliased.slice(0, 2)].map((domain) => ({ server_id: 1, domain, active: yn(picks.yes()) })),
    },
    {
      table: "mail_user",
      rows: times(700, () => {
        const email = picks.address();
        return {
          server_id: picks.yes(0.9) ? 1 : 2,
          email,
          login: picks.yes() ? email : picks.of(localparts),
          cc: picks.of([null, "", picks.owners(", ")]),
          disabledeliver: yn(picks.yes(0.2)),
          disablesmtp: yn(picks.yes(0.2)),
        };
      }),
    },
    {
      table: "mail_forwarding",
      rows: [
        ...times(900, () => ({
          server_id: 1,
          source: picks.address([...hosted, ...aliased]),
          destination: picks.of([null, picks.owners(", ")]),
          type: picks.of(["alias", "forward"]),
          active: yn(picks.yes()),
          allow_send_as: yn(picks.yes()),
        })),
        ...hosted.slice(0, 4).map((domain) => ({
          server_id: 1,
          source: `@${domain}`,
          destination: picks.owners(", "),
          type: "catchall",
          active: yn(picks.yes()),
          allow_send_as: yn(picks.yes()),
        })),
        ...aliased.map((domain) => ({
          server_id: 1,
          source: `@${domain}`,
          destination: `@${picks.of(hosted)}`,
          type: "aliasdomain",
          active: yn(picks.yes()),
          allow_send_as: "n",
        })),
      ],
    },
  ],
  ispmail: (picks) => [
    { table: "virtual_domains", rows: hosted.map((name, i) => ({ id: 100 + i, name })) },
    {
      table: "virtual_users",
      rows: times(700, () => {
        const email = picks.address();
        return { domain_id: 100 + hosted.indexOf(domainOf(email)), email };
      }),
    },
    {
      table: "virtual_aliases",
      rows: times(900, (i) => {
        const source = i < 6 ? `@${picks.of(hosted)}` : picks.address();
        return { domain_id: 100 + hosted.indexOf(domainOf(source)), source, destination: picks.address() };
      }),
    },
  ],
  leister: (picks) => [
    { table: "domains", rows: hosted.map((domain) => ({ domain })) },
    {
      table: "accounts",
      rows: times(700, () => ({ username: picks.of(localparts), domain: picks.of(hosted), enabled: picks.flag() })),
    },
    {
      table: "aliases",
      rows: times(900, (i) => ({
        source_username: i < 6 ? null : picks.of(localparts),
        source_domain: picks.of(hosted),
        destination_username: picks.of(localparts),
        destination_domain: picks.of(hosted),
        enabled: picks.flag(),
      })),
    },
  ],
  froxlor: (picks) => [
    { table: "panel_customers", rows: times(20, (i) => ({ customerid: 100 + i, deactivated: 1 - picks.flag() })) },
    {
      table: "panel_domains",
      rows: hosted.map((domain) => ({ domain, isemaildomain: picks.flag(), deactivated: 1 - picks.flag() })),
    },
    {
      table: "mail_users",
      rows: times(600, (i) => {
        const email = picks.address();
        const customerid = 100 + (i % 20);
        return { id: 100 + i, email, username: email, postfix: picks.yes() ? "Y" : "N", customerid };
      }),
    },
    {
      table: "mail_virtual",
      rows: times(900, (i) => ({
        email: i < 6 ? `@${picks.of(hosted)}` : picks.address(),
        destination: picks.owners(" "),
        customerid: 100 + (i % 20),
        popaccountid: picks.yes(0.5) ? 0 : 100 + Math.floor(i / 2),
      })),
    },
    {
      table: "mail_sender_aliases",
      rows: times(150, () => ({
        email: picks.address(),
        allowed_sender: picks.yes(0.9) ? picks.address([...hosted, ...foreign]) : `@${picks.of(hosted)}`,
      })),
    },
  ],
  modoboa: (picks) => [
    { table: "admin_domain", rows: hosted.map((name, i) => ({ id: 100 + i, name, enabled: picks.flag() })) },
    {
      table: "admin_domainalias",
      rows: aliased.map((name) => ({ name, target_id: 100 + Math.floor(hosted.length / 2), enabled: picks.flag() })),
    },
    ...modoboaAccounts(picks),
    ...modoboaAliases(picks),
    {
      table: "admin_senderaddress",
      rows: times(150, () => ({
        address: picks.yes(0.9) ? picks.address([...hosted, ...foreign]) : `@${picks.of(hosted)}`,
        mailbox_id: 100 + Math.floor(picks.of([0, 0.2, 0.5, 0.9]) * 400),
      })),
    },
  ],
  mailinabox: (picks) => [
    { table: "users", rows: times(700, () => ({ email: picks.address() })) },
    {
      table: "aliases",
      rows: [
        ...times(900, () => ({
          source: picks.address([...hosted, ...aliased]),
          destination: picks.of(["", picks.owners(",")]),
          permitted_senders: picks.of([null, null, picks.owners(",")]),
        })),
        ...hosted.slice(0, 4).map((domain) => ({
          source: `@${domain}`,
          destination: picks.owners(","),
          permitted_senders: picks.of([null, picks.address()]),
        })),
        ...aliased.map((domain) => ({
          source: `@${domain}`,
          destination: `@${picks.of(hosted)}`,
          permitted_senders: null,
        })),
      ],
    },
  ],
};

/** Mailboxes 100 to 499, each with its user and its internal alias. */
function modoboaAccounts(picks: Picks): readonly RandomTable[] {
  const addresses = [...new Set(times(400, () => ({ email: picks.address() })).map(({ email }) => String(email)))];
  const at = (i: number) => addresses[i] ?? "";
  const domainId = (address: string) => 100 + hosted.indexOf(domainOf(address));
  const each = (make: (address: string, id: number) => Row) => addresses.map((_, i) => make(at(i), 100 + i));
  return [
    {
      table: "core_user",
      rows: each((email, id) => ({ id, username: email, email, is_active: picks.flag() })),
    },
    {
      table: "admin_mailbox",
      rows: each((email, id) => ({
        id,
        address: email.split("@")[0] ?? "",
        domain_id: domainId(email),
        user_id: id,
      })),
    },
    {
      table: "admin_alias",
      rows: each((address, id) => ({
        id,
        address,
        domain_id: domainId(address),
        internal: 1,
        enabled: 1,
        expire_at: null,
      })),
    },
    {
      table: "modoboa_admin_aliasrecipient",
      rows: each((address, id) => ({ address, alias_id: id, r_mailbox_id: id, r_alias_id: null })),
    },
  ];
}

function modoboaAliases(picks: Picks): readonly RandomTable[] {
  const aliases = times(400, (i) => {
    const address = i < 5 ? `@${picks.of(hosted)}` : picks.address();
    const expire_at = picks.of([null, null, "2020-01-01 00:00:00", "2999-01-01 00:00:00"]);
    return {
      id: 1000 + i,
      address,
      domain_id: 100 + hosted.indexOf(domainOf(address)),
      internal: 0,
      enabled: picks.flag(),
      expire_at,
    };
  });
  const recipients = times(600, (i) => {
    const isAlias = picks.yes(0.2);
    return {
      address: picks.address(),
      alias_id: 1000 + (i % 400),
      r_mailbox_id: isAlias ? null : 100 + (i % 300),
      r_alias_id: isAlias ? 1000 + ((i * 7) % 400) : null,
    };
  });
  return [
    { table: "admin_alias", rows: aliases },
    { table: "modoboa_admin_aliasrecipient", rows: recipients },
  ];
}

/** Makes the rows of a stack; some 2,000 in all. */
export function randomRows(stack: string, seed: number): readonly RandomTable[] {
  const make = makers[stack];
  if (make === undefined) throw new Error(`no random rows for ${stack}`);
  return make(new Picks(seed));
}

/** Writes rows as SQL that leaves out those that break a key. */
export function insertSql({ table, rows }: RandomTable, driver: "mysql" | "pgsql" | "sqlite"): string {
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => `(${columns.map((column) => literal(row[column])).join(", ")})`);
  const ignore = { mysql: "IGNORE ", sqlite: "OR IGNORE ", pgsql: "" }[driver];
  const unless = driver === "pgsql" ? " ON CONFLICT DO NOTHING" : "";
  return `INSERT ${ignore}INTO ${table} (${columns.join(", ")}) VALUES ${values.join(",\n")}${unless};`;
}

// In quotes numbers too, which PostgreSQL would not take for a boolean otherwise.
function literal(value: Value | undefined): string {
  return value === null || value === undefined ? "NULL" : `'${String(value).replace(/'/g, "''")}'`;
}
