/** The account of each guide in docs/migration/, on a real MariaDB: its columns are enough, and each of them is needed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Database } from "../../../src/model/source.ts";
import type { PresetOptions } from "../../../src/source/presets/preset.ts";
import { blocksUnder, type Guide, readGuides } from "../../support/docs/guides.ts";
import { mysqlConnection } from "../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../support/fakes/open-source.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";

const password = "it's a \\ password";

// Mail-in-a-Box keeps its rows in SQLite, which has no accounts.
const guides = readGuides().filter(({ name }) => name !== "mailinabox");

let mariadb: Mariadb;

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb.remove());

/** Every query of a preset is in one of these at least. */
const optionSets: readonly PresetOptions[] = [
  { include_catchall: true, include_list_members: true, alias_depth: 2, extra_owners: ["boss@example.com"] },
  { include_alias: false, include_alias_domain: false, include_catchall: false },
];

interface Account {
  readonly database: string;
  readonly preset: string;
  readonly options: PresetOptions;
}

/** Makes the database as the stack has it, and the account by the statements of the guide. */
async function prepare(guide: Guide): Promise<Account> {
  const [yaml] = blocksUnder(guide, /^3/, "yaml");
  const { mail } = parse(yaml?.text ?? "").sources as {
    mail: { database: string; preset: string; options?: PresetOptions };
  };
  const { database, preset, options = {} } = mail;
  const rows = readFileSync(join(projectRoot, "sql", guide.name, "example.sql"), "utf8");
  await mariadb.query(
    `DROP DATABASE IF EXISTS \`${database}\`; CREATE DATABASE \`${database}\`; USE \`${database}\`; ${rows}`,
  );
  const [sql] = blocksUnder(guide, /^3/, "sql");
  const quoted = password.replaceAll(/[\\']/g, "\\$&");
  const statements = (sql?.text ?? "").replace(/<the content of [^>]*>/, () => quoted);
  await mariadb.query(`DROP USER IF EXISTS 'loginmapd'@'localhost'; ${statements}`);
  return { database, preset, options };
}

/** Opens the preset as the account, once for each set of options, and gathers what `ask` finds. */
async function withEach<T>(
  { database, preset, options }: Account,
  ask: (source: Database) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (const more of optionSets) {
    const source = openSource({
      connection: mysqlConnection({
        hosts: [{ kind: "unix", path: mariadb.socket }],
        user: "loginmapd",
        password,
        database,
        poolSize: 1,
      }),
      queries: { kind: "preset", preset, options: { ...options, ...more, ...ownOptions(preset) } },
    });
    try {
      found.push(...(await ask(source)));
    } finally {
      await source.close();
    }
  }
  return found;
}

/** What the database says to every query, whatever the options: `ROLE: ok` or the error. */
function reports(account: Account): Promise<string[]> {
  return withEach(account, async (source) => {
    const told = await source.report(performance.now() + 20_000);
    return [...told.map(({ query, error }) => `${query}: ${error ?? "ok"}`), `listing: ${await listed(source)}`];
  });
}

async function listed(source: Database): Promise<string> {
  try {
    for await (const _ of source.listing?.list(new AbortController().signal) ?? []) break;
    return "ok";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Further options that make a preset read more columns. */
function ownOptions(preset: string): PresetOptions {
  return preset === "ispconfig" ? { include_cc: true } : {};
}

async function refusals(account: Account): Promise<number> {
  return (await reports(account)).filter((line) => /denied/.test(line)).length;
}

describe.each(guides)("$name", (guide) => {
  let account: Account;
  beforeAll(async () => {
    account = await prepare(guide);
  });

  test("with the columns granted every query prepares, with every option", async () => {
    const told = await reports(account);
    expect(told).toContain("address: ok");
    expect(told.filter((line) => !line.endsWith(": ok"))).toEqual([]);
    const owners = await withEach(account, (source) => ownersOf(source, "alice@example.com"));
    expect(owners.filter((login) => login === "alice@example.com")).toHaveLength(optionSets.length);
  });

  test("without any one of them a query is refused", async () => {
    const granted = await mariadb.query(
      "SELECT table_name AS t, column_name AS c FROM information_schema.column_privileges WHERE grantee = \"'loginmapd'@'localhost'\"",
    );
    expect(granted.length).toBeGreaterThan(2);
    const before = await refusals(account);
    for (const { t, c } of granted) {
      const column = `SELECT (\`${c}\`) ON \`${account.database}\`.\`${t}\``;
      await mariadb.query(`REVOKE ${column} FROM 'loginmapd'@'localhost'`);
      expect(await refusals(account), `without ${t}.${c}`).toBeGreaterThan(before);
      await mariadb.query(`GRANT ${column} TO 'loginmapd'@'localhost'`);
    }
  });

  test("the account can neither write nor read what else is there", async () => {
    const others = await mariadb.query(
      `SELECT c.table_name AS t, c.column_name AS c FROM information_schema.columns AS c
        WHERE c.table_schema = '${account.database}' AND c.column_name LIKE '%password%'`,
    );
    const grants = await mariadb.query("SHOW GRANTS FOR 'loginmapd'@'localhost'");
    const text = grants.map((row) => Object.values(row).join()).join("\n");
    for (const { t, c } of others) expect(text, `${t}`).not.toContain(String(c));
    expect(text).not.toMatch(/ALL PRIVILEGES|INSERT|UPDATE|DELETE|GRANT OPTION|SELECT ON/);
  });
});
