import {
  aliased,
  domainOf,
  foreign,
  hosted,
  type Maker,
  type Picks,
  type RandomTable,
  type Row,
  times,
} from "./picks.ts";

/** Rows for the tables of Modoboa. */
export const modoboa: Maker = (picks) => [
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
];

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
