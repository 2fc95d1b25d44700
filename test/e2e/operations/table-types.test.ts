/** A table of every type that is read, in one list, through every command that takes table files; and the types that are not read. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { siteLdif } from "../../support/ldap-site.ts";
import { ldapTables } from "../../support/ldap-tables.ts";
import { loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePort } from "../../support/servers/ports.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { type Slapd, startSlapd } from "../../support/servers/slapd.ts";
import { askOnce } from "../../support/wire/wire.ts";

let mariadb: Mariadb;
let postgresql: Postgresql;
let slapd: Slapd;
/** `TYPE:FILE` of each type. */
let tables: readonly string[];

/** An address that only the table of one type has, and its owner. */
const owned = {
  mysql: ["m@example.net", "mia"],
  pgsql: ["p@example.net", "pia"],
  sqlite: ["s@example.net", "sue"],
  ldap: ["al@example.com", "alice@example.com"],
  texthash: ["t@example.net", "tom"],
} as const;
const types = Object.keys(owned) as (keyof typeof owned)[];

beforeAll(async () => {
  const rows = ([address, owner]: readonly [string, string]) =>
    `CREATE TABLE senders (address VARCHAR(100) PRIMARY KEY, owner VARCHAR(100)); INSERT INTO senders VALUES ('${address}', '${owner}')`;
  mariadb = await startMariadb({ sql: rows(owned.mysql) });
  await mariadb.addReader("lm", "pw");
  postgresql = await startPostgresql({ sql: rows(owned.pgsql) });
  await postgresql.addReader("lm", "pw");
  slapd = await startSlapd({ ldif: siteLdif });
  const at = (name: string) => join(mariadb.folder, name);
  const database = new Sqlite(at("senders.db"));
  database.exec(rows(owned.sqlite));
  database.close();
  await chmod(at("senders.db"), 0o644);
  const query = "query = SELECT owner FROM senders WHERE address = '%s'\n";
  const account = "user = lm\npassword = pw\n";
  const texts = {
    mysql: `hosts = unix:${mariadb.socket}\ndbname = ${mariadb.database}\n${account}${query}`,
    pgsql: `hosts = unix:${postgresql.socketFolder}\ndbname = ${postgresql.database}\n${account}${query}`,
    sqlite: `dbpath = ${at("senders.db")}\n${query}`,
    ldap: `server_host = ${slapd.uri}\n${ldapTables["docker-mailserver"]}\n`,
    texthash: `${owned.texthash.join(" ")}\n`,
  };
  for (const type of types) await writeFile(at(`${type}-senders`), texts[type], { mode: 0o600 });
  tables = types.map((type) => `${type}:${at(`${type}-senders`)}`);
});

afterAll(async () => {
  await slapd?.remove();
  await postgresql?.remove();
  await mariadb?.remove();
});

const files = () => tables.flatMap((table) => ["--postfix-cf", table]);

test("serve answers from each", async () => {
  const port = await freePort();
  const daemon = await startDaemon({
    args: [...files(), "--listen", `inet:127.0.0.1:${port}`, "--recipient-delimiter", "+"],
    listening: [port],
  });
  try {
    for (const type of types) {
      const [address, owner] = owned[type];
      expect(await askOnce(port, "senders", address), type).toBe(`OK ${owner}`);
    }
    expect(await askOnce(port, "senders", "nobody@example.net")).toBe("NOTFOUND ");
  } finally {
    await daemon.stop();
  }
});

test("check --connect reaches each", async () => {
  const { code, stdout } = await loginmapd(["check", "--connect", ...files(), "--recipient-delimiter", "+"]);
  for (const type of types) expect(stdout, type).toMatch(new RegExp(`^source ${type}-senders:\\n {2}address +ok`, "m"));
  expect(code).toBe(0);
});

test("lookup asks each in turn, and says which answered", async () => {
  const [address] = owned.texthash;
  const { stdout } = await loginmapd(["lookup", address, "--json", ...files()]);
  const { owners, asks } = JSON.parse(stdout) as { owners: string[]; asks: { source: string; won: boolean }[] };
  expect(owners).toEqual(["tom"]);
  expect(new Set(asks.map(({ source }) => source))).toEqual(new Set(types.map((type) => `${type}-senders`)));
  expect(asks.filter(({ won }) => won).map(({ source }) => source)).toEqual(["texthash-senders"]);
});

test("import writes a source of each, in their order", async () => {
  const { code, stdout } = await loginmapd(["import", ...tables]);
  expect(code).toBe(0);
  const { maps, sources } = parse(stdout) as {
    maps: { senders: { sources: string[] } };
    sources: Record<string, { driver: string }>;
  };
  expect(maps.senders.sources.map((name) => sources[name]?.driver)).toEqual(types);
});

test("types that are not read are named, all at once, with what can be done instead", async () => {
  const others = {
    "hash:/etc/postfix/a": "a hash: table is a compiled file: name the text that it was made of, as texthash:/path",
    "proxy:pcre:/etc/postfix/b": "a pcre: table holds patterns",
    "inline:{ a@x.test=b }": "an inline: table stands in main.cf itself: write its lines into a texthash: file",
    "pgsqll:/etc/postfix/d": "expected mysql, pgsql, sqlite, ldap, texthash; the nearest is pgsql",
  };
  const args = Object.keys(others).flatMap((table) => ["--postfix-cf", table]);
  const { code, stderr } = await loginmapd(["check", ...args]);
  for (const words of Object.values(others)) expect(stderr).toContain(words);
  expect(code).toBe(78);
});
