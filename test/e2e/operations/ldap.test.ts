/** The commands on a directory: check, lookup, import, and a table file of Postfix served without any configuration. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory } from "../../support/directories.ts";
import { ldapTables, siteLdif } from "../../support/ldap-site.ts";
import { loginmapd, startDaemon, writeConfig } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { type Slapd, startSlapd, suffix } from "../../support/servers/slapd.ts";
import { askOnce } from "../../support/wire/wire.ts";

let slapd: Slapd;
let folder: string;
let config: string;
let table: string;

beforeAll(async () => {
  slapd = await startSlapd({ ldif: siteLdif });
  folder = (await makeDirectory("ldap")).path;
  config = join(folder, "loginmapd.yaml");
  table = join(folder, "senders.cf");
  await writeConfig(table, `server_host = ${slapd.uri}\n${ldapTables["docker-mailserver"]}\n`);
  await writeConfig(config, {
    listeners: [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }],
    maps: { senders: { source: "people" } },
    sources: {
      people: {
        driver: "ldap",
        uri: [slapd.uri],
        search_base: suffix,
        filters: { address: "(|(mail=:email)(mailAlias=:email))" },
        login_attribute: "uid",
        member_attribute: ["member"],
      },
    },
  });
});

afterAll(() => slapd?.remove());

test("check --connect says that the directory takes each filter, and which indexes they want", async () => {
  const { code, stdout } = await loginmapd(["check", "--connect", "-c", config]);
  expect(stdout).toMatch(
    /^ {2}address +ok\n {2}address +NOTE quick only with these indexes on the server: mail eq, mailAlias eq$/m,
  );
  expect(code).toBe(0);
});

test("check --connect names a base that is not there, and ends with 78", async () => {
  const { code, stdout } = await loginmapd(["check", "--connect", "-c", config], {
    env: { LOGINMAPD_SOURCES__PEOPLE__SEARCH_BASE: "dc=nowhere" },
  });
  expect(stdout).toMatch(/^ {2}address +ERROR noSuchObject/m);
  expect(code).toBe(78);
});

test("lookup explains who owns an address, and what a login may do", async () => {
  const { stdout } = await loginmapd(["lookup", "team@example.com", "--login", "carol", "--json", "-c", config]);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: "ok", owners: ["alice", "bob", "carol"] });
});

test("import writes filters", async () => {
  const { code, stdout } = await loginmapd(["import", `ldap:${table}`]);
  expect(stdout).toContain("address: (|(mail=:email)(mailAlias=:email))");
  expect(code).toBe(0);
});

test("a table file is served with no other configuration", async () => {
  const port = await freePort();
  const daemon = await startDaemon({
    args: ["--postfix-cf", `ldap:${table}`, "--listen", `inet:127.0.0.1:${port}`, "--recipient-delimiter", "+"],
    listening: [port],
  });
  try {
    expect(await askOnce(port, "senders", "al+x@example.com")).toBe("OK alice@example.com");
    expect(await askOnce(port, "senders", "*@example.com")).toBe("NOTFOUND ");
  } finally {
    await daemon.kill();
  }
});
