import { foreign, hosted, type Maker, times } from "./picks.ts";

/** Rows for the tables of Froxlor. */
export const froxlor: Maker = (picks) => [
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
];
