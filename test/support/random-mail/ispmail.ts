import { domainOf, hosted, type Maker, times } from "./picks.ts";

/** Rows for the tables of ISPmail. */
export const ispmail: Maker = (picks) => [
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
];
