/**
 * The mail database of the benchmark, filled with the mailboxes of workload.ts: loginmapd's own schema, and the table of aliases
 * that PostfixAdmin keeps, where every mailbox is an alias of itself.
 */
import { join } from "node:path";
import { projectRoot } from "../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../support/servers/mariadb.ts";
import { hostedDomains } from "./workload.ts";

/** Who reads it. */
export const account = { user: "reader", password: "read only" } as const;

/** Starts MariaDB with this many mailboxes, each its own owner, spread over the hosted domains. */
export async function startMailDatabase(mailboxes: number, args: readonly string[] = []): Promise<Mariadb> {
  const mariadb = await startMariadb({
    load: [join(projectRoot, "sql/native/001-schema.mysql.sql")],
    sql: fill(mailboxes),
    // Everything fits into memory, as it should on a mail server; 50 postmap clients and their proxymaps may connect.
    arguments: ["--innodb-buffer-pool-size=1G", "--max-connections=300", ...args],
  });
  try {
    await mariadb.addReader(account.user, account.password);
    return mariadb;
  } catch (error) {
    await mariadb.remove();
    throw error;
  }
}

// seq_0_to_N are virtual tables of MariaDB's sequence engine.
function fill(mailboxes: number): string {
  const localpart = "CONCAT('user', LPAD(seq, 7, '0'))";
  const domain = (number: string) => `CONCAT('host', LPAD(${number}, 2, '0'), '.invalid')`;
  const mailboxDomain = domain(`seq MOD ${hostedDomains}`);
  const login = `CONCAT(${localpart}, '@', ${mailboxDomain})`;
  return `
    SET unique_checks = 0, foreign_key_checks = 0;
    INSERT INTO domains (domain) SELECT ${domain("seq")} FROM seq_0_to_${hostedDomains - 1};
    INSERT INTO logins (login) SELECT ${login} FROM seq_0_to_${mailboxes - 1};
    INSERT INTO addresses (domain, localpart, login)
      SELECT ${mailboxDomain}, ${localpart}, ${login} FROM seq_0_to_${mailboxes - 1};
    CREATE TABLE alias (
      address VARCHAR(255) NOT NULL PRIMARY KEY, goto TEXT NOT NULL, domain VARCHAR(255) NOT NULL,
      active TINYINT(1) NOT NULL DEFAULT 1, KEY domain (domain)) CHARSET latin1;
    INSERT INTO alias (address, goto, domain) SELECT login, login, SUBSTRING_INDEX(login, '@', -1) FROM logins;
    ANALYZE TABLE domains, logins, addresses, alias;`;
}

/** A table file of Postfix (mysql_table(5)) as PostfixAdmin's documentation has it: who owns the address. */
export function postfixTable(mariadb: Mariadb): string {
  return `hosts = unix:${mariadb.socket}
user = ${account.user}
password = ${account.password}
dbname = ${mariadb.database}
query = SELECT goto FROM alias WHERE address = '%s' AND active = '1'
`;
}

/** SELECT statements that the server has run since it started, prepared ones included. */
export async function selectsRun(mariadb: Mariadb): Promise<number> {
  const rows = await mariadb.query("SHOW GLOBAL STATUS LIKE 'Com_select'");
  return Number(rows[0]?.["Value"]);
}
