import { aliased, hosted, type Maker, times } from "./picks.ts";

/** Rows for the tables of Mail-in-a-Box. */
export const mailinabox: Maker = (picks) => [
  { table: "users", rows: times(700, () => ({ email: picks.address() })) },
  {
    table: "aliases",
    rows: [
      ...times(900, () => ({
        source: picks.address([...hosted, ...aliased]),
        destination: picks.of(["", picks.owners(",")]),
        permitted_senders: picks.of([null, null, picks.owners(",")]),
      })),
      ...hosted.slice(0, 4).map((domain) => ({
        source: `@${domain}`,
        destination: picks.owners(","),
        permitted_senders: picks.of([null, picks.address()]),
      })),
      ...aliased.map((domain) => ({
        source: `@${domain}`,
        destination: `@${picks.of(hosted)}`,
        permitted_senders: null,
      })),
    ],
  },
];
