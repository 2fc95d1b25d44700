import { domainOf, hosted, type Maker, mailboxes, times } from "./picks.ts";

/** Rows for the tables of ViMbAdmin. */
export const vimbadmin: Maker = (picks) => [
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
];
