import { aliasDomains, aliased, domainOf, hosted, type Maker, mailboxes, times } from "./picks.ts";

/** Rows for the tables of PostfixAdmin. */
export const postfixadmin: Maker = (picks) => [
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
];
