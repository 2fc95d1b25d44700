import { everyAddress, foreign, hosted, localparts, type Maker, times } from "./picks.ts";

/** Rows for the tables of loginmapd's own schema. */
export const native: Maker = (picks) => [
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
];
