/** The grants that `audit` prints, run on the schema of each stack that has grants: after each, the login may send as the address. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { allowanceFor } from "../../../src/audit/allowance.ts";
import { foldKey, splitAddress } from "../../../src/model/address.ts";
import type { Database } from "../../../src/model/source.ts";
import { mysqlConnection, pgsqlConnection } from "../../support/fakes/connections.ts";
import { domainsOf, openSource, ownersOf } from "../../support/fakes/open-source.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";

const stacks = {
  mysql: {
    native: ["sql/native/001-schema.mysql.sql", "sql/demo/rows.sql"],
    mailcow: ["sql/mailcow/example.sql"],
    modoboa: ["sql/modoboa/example.sql"],
    froxlor: ["sql/froxlor/example.sql"],
  },
  pgsql: {
    native: ["sql/native/001-schema.pgsql.sql", "sql/demo/rows.sql"],
    modoboa: ["sql/modoboa/example.pgsql.sql", "sql/modoboa/example.sql"],
  },
} as const;
const login = "alice@example.com";
// Nobody's, in a domain of the stack, of another provider, an internationalised one, and what SQL and Postfix quote.
const senders = [
  "nobody.yet@example.com",
  "ceo@nowhere.example",
  "Anna@münchen.example",
  "o'neill@example.com",
  '"two words"@example.com',
];

let mariadb: Mariadb;
let postgresql: Postgresql;
const opened: Database[] = [];

beforeAll(async () => {
  [mariadb, postgresql] = await Promise.all([startMariadb(), startPostgresql()]);
  await mariadb.addReader("reader", "secret");
  await postgresql.addReader("reader", "secret");
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});
afterAll(async () => {
  await mariadb?.remove();
  await postgresql?.remove();
});

function open(driver: "mysql" | "pgsql", preset: string, database: string): Database {
  const login = { password: "secret", database, poolSize: 1 };
  const connection =
    driver === "mysql"
      ? mysqlConnection({ hosts: [{ kind: "unix", path: mariadb.socket }], ...login })
      : pgsqlConnection({ hosts: [{ kind: "inet", host: "127.0.0.1", port: postgresql.port }], ...login });
  const source = openSource({ connection, queries: { kind: "preset", preset, options: {} } });
  opened.push(source);
  return source;
}

/** As the resolver behind its gate: an address in a domain that is not listed is foreign, and not asked for. */
async function maySend(source: Database, sender: string): Promise<boolean> {
  const domains = await domainsOf(source);
  const { domain } = splitAddress(foldKey(sender) ?? "");
  if (domains !== undefined && !domains.includes(domain)) return false;
  return (await ownersOf(source, sender)).includes(login);
}

async function runIn(driver: "mysql" | "pgsql", database: string, sql: string): Promise<void> {
  if (driver === "mysql") await mariadb.query(`USE \`${database}\`; ${sql}`);
  else await postgresql.query(sql, database);
}

/** A script; of one that comes second its rows alone, as example.pgsql.sql says. */
function sqlOf(script: string, isRowsOnly: boolean): string {
  const text = readFileSync(join(projectRoot, script), "utf8");
  return isRowsOnly ? text.slice(text.indexOf("\nINSERT")) : text;
}

const cases = Object.entries(stacks).flatMap(([driver, files]) =>
  Object.entries(files).map(([preset, scripts]) => ({ driver: driver as "mysql" | "pgsql", preset, scripts })),
);

describe.each(cases)("$preset on $driver", ({ driver, preset, scripts }) => {
  const database = `grants_${preset}`;

  beforeAll(async () => {
    const rows = scripts.map((script: string, i: number) => sqlOf(script, i > 0)).join("\n");
    if (driver === "mysql") {
      await mariadb.query(`CREATE DATABASE ${database}; GRANT SELECT ON ${database}.* TO reader@localhost`);
    } else await postgresql.query(`CREATE DATABASE ${database}`);
    await runIn(driver, database, rows);
    if (driver === "pgsql") await runIn(driver, database, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
  });

  test.each(senders)("%s", async (sender) => {
    const before = open(driver, preset, database);
    expect(await maySend(before, sender)).toBe(false);
    const owners = await ownersOf(before, sender);
    const allowance = allowanceFor({ login, address: sender, owners, presets: [preset] });
    expect(allowance?.kind).toBe("sql");
    await runIn(driver, database, allowance?.line ?? "missing");
    expect(await maySend(open(driver, preset, database), sender)).toBe(true);
  });
});
