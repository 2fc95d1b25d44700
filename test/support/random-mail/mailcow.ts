import { aliasDomains, aliased, domainOf, foreign, hosted, type Maker, mailboxes, times } from "./picks.ts";

/** Rows for the tables of mailcow. */
export const mailcow: Maker = (picks) => [
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
];
