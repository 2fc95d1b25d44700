/**
 * Rows for the tables of every stack that are as tangled as a database may be: few names and domains, so that mailboxes, aliases,
 * alias domains, catch-alls and grants meet; every flag on or off; the same rows for the same seed.
 */
import { froxlor } from "./random-mail/froxlor.ts";
import { iredmail } from "./random-mail/iredmail.ts";
import { ispconfig } from "./random-mail/ispconfig.ts";
import { ispmail } from "./random-mail/ispmail.ts";
import { leister } from "./random-mail/leister.ts";
import { mailcow } from "./random-mail/mailcow.ts";
import { mailinabox } from "./random-mail/mailinabox.ts";
import { modoboa } from "./random-mail/modoboa.ts";
import { native } from "./random-mail/native.ts";
import { type Maker, Picks, type RandomTable, type Value } from "./random-mail/picks.ts";
import { postfixadmin } from "./random-mail/postfixadmin.ts";
import { vimbadmin } from "./random-mail/vimbadmin.ts";

export { everyAddress } from "./random-mail/picks.ts";

const makers: Readonly<Record<string, Maker>> = {
  native,
  postfixadmin,
  vimbadmin,
  iredmail,
  mailcow,
  ispconfig,
  ispmail,
  leister,
  froxlor,
  modoboa,
  mailinabox,
};

/** Makes the rows of a stack; some 2,000 in all. */
export function randomRows(stack: string, seed: number): readonly RandomTable[] {
  const make = makers[stack];
  if (make === undefined) throw new Error(`no random rows for ${stack}`);
  return make(new Picks(seed));
}

/** Writes rows as SQL that leaves out those that break a key. */
export function insertSql({ table, rows }: RandomTable, driver: "mysql" | "pgsql" | "sqlite"): string {
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => `(${columns.map((column) => literal(row[column])).join(", ")})`);
  const ignore = { mysql: "IGNORE ", sqlite: "OR IGNORE ", pgsql: "" }[driver];
  const unless = driver === "pgsql" ? " ON CONFLICT DO NOTHING" : "";
  return `INSERT ${ignore}INTO ${table} (${columns.join(", ")}) VALUES ${values.join(",\n")}${unless};`;
}

// In quotes numbers too, which PostgreSQL would not take for a boolean otherwise.
function literal(value: Value | undefined): string {
  return value === null || value === undefined ? "NULL" : `'${String(value).replace(/'/g, "''")}'`;
}
