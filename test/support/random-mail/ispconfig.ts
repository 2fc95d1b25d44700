import { aliased, hosted, localparts, type Maker, times, yn } from "./picks.ts";

/** Rows for the tables of ISPConfig. */
export const ispconfig: Maker = (picks) => [
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
];
