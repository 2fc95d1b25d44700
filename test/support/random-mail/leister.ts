import { hosted, localparts, type Maker, times } from "./picks.ts";

/** Rows for the tables of Thomas Leister's vmail schema. */
export const leister: Maker = (picks) => [
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
];
