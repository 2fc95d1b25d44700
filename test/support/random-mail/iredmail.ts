import { aliasDomains, domainOf, hosted, type Maker, mailboxes, times } from "./picks.ts";

/** Rows for the tables of iRedMail. */
export const iredmail: Maker = (picks) => [
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
];
