/** The commands on a directory: check, lookup, import, and a table file of Postfix served without any configuration. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory } from "../../support/directories.ts";
import { siteLdif } from "../../support/ldap-site.ts";
import { ldapTables } from "../../support/ldap-tables.ts";
import { launchBrowser, openPage } from "../../support/servers/browser.ts";
import { type Daemon, loginmapd, startDaemon, writeConfig } from "../../support/servers/daemon.ts";
import { freePort, freePorts } from "../../support/servers/ports.ts";
import { run } from "../../support/servers/processes.ts";
import { type Slapd, startSlapd, suffix } from "../../support/servers/slapd.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

const token = "token-0123456789abcdef";

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

describe("a directory that is followed", () => {
  const member = (change: string, uid: string) =>
    `dn: cn=team,ou=groups,${suffix}\nchangetype: modify\n${change}: member\nmember: uid=${uid},ou=people,${suffix}\n`;

  let provider: Slapd;
  let daemon: Daemon;
  let port = 0;
  let admin = 0;

  beforeAll(async () => {
    provider = await startSlapd({ ldif: siteLdif, isProvider: true });
    [port = 0, admin = 0] = await freePorts(2);
    daemon = await startDaemon({
      config: {
        listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
        admin: { endpoint: `inet:127.0.0.1:${admin}`, token },
        maps: { senders: { source: "people" } },
        // Nothing here is found out by an answer that expired.
        cache: { ttl: "10m", negative_ttl: "10m" },
        sources: { people: followed(provider) },
      },
      listening: [port, admin],
    });
  });

  afterAll(async () => {
    await daemon?.kill();
    await provider?.remove();
  });

  test("the status page shows the source, by what it is followed, and where it is", async () => {
    const browser = await launchBrowser();
    try {
      const { page, complaints } = await openPage(browser);
      await page.goto(`http://127.0.0.1:${admin}/`);
      const shown = page.locator("#sources");
      await expect.poll(() => shown.textContent()).toMatch(/^peopleup.*followed: \d+ keys.*signalled by contextCSN$/s);
      await page.getByLabel("Admin token").fill(token);
      await page.keyboard.press("Enter");
      await expect
        .poll(() => page.locator("#sources .hosts li").allTextContents())
        .toEqual([`✓ inet:127.0.0.1:${provider.port}`]);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  test("an owner who comes or goes counts at once, without a flush; what is listed is answered while the directory is away", async () => {
    const answers = (key: string, answer: string) =>
      waitUntil(`${key} to be ${answer}`, async () => (await askOnce(port, "senders", key)) === answer);
    const address = (change: string) =>
      `dn: uid=alice,ou=people,${suffix}\nchangetype: modify\n${change}: mailAlias\nmailAlias: new@example.com\n`;
    await answers("team@example.com", "OK alice,bob,carol");
    await answers("new@example.com", "NOTFOUND ");
    await waitUntil("the listing to be in memory", async () => {
      const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      return /^loginmapd_cache_entries\{map="senders",kind="positive"\} [1-9]\d/m.test(text);
    });
    await provider.change(member("add", "frank"));
    await answers("team@example.com", "OK alice,bob,carol,frank");
    await provider.change(member("delete", "bob"));
    await answers("team@example.com", "OK alice,carol,frank");
    await provider.change(address("add"));
    await answers("new@example.com", "OK alice");
    await provider.change(address("delete"));
    await answers("new@example.com", "NOTFOUND ");
    await provider.kill();
    expect(await askOnce(port, "senders", "f.rank@ad.example")).toBe("OK frank");
    expect(await askOnce(port, "senders", "unheard-of@example.com")).toMatch(/^TEMP /);
  });

  test("list and check --connect read the same listing, and say by what a change is seen", async () => {
    const file = join(folder, "followed.yaml");
    await writeConfig(file, {
      listeners: [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }],
      maps: { senders: { source: "people" } },
      sources: { people: followed(slapd) },
    });
    const { stdout } = await loginmapd(["check", "--connect", "-c", file]);
    expect(stdout).toMatch(/^ {2}listing +ok, \d+ lines in \d+\.\d\d s$/m);
    expect(stdout).toMatch(/^ {2}changes +NOTE the server shows no contextCSN: with OpenLDAP's overlay syncprov/m);
    const listed = await loginmapd(["list", "bob", "-c", file]);
    expect(listed.code).toBe(0);
    expect(listed.stdout.match(/\S+@\S+/g)?.sort()).toEqual([
      "bob@example.com",
      "sales@example.com",
      "team@example.com",
    ]);
  });

  function followed({ uri }: Slapd) {
    return {
      driver: "ldap",
      uri: [uri],
      search_base: suffix,
      filters: {
        address: "(|(mail=:email)(mailAlias=:email)(proxyAddresses=smtp::email))",
        listing: "(objectClass=mailObject)",
      },
      login_attribute: "uid",
      member_attribute: ["member"],
    };
  }
});

test("doctor finds Postfix's own ldap: table in our place, and nothing to say of the map once its line is there", async () => {
  const etc = join(folder, "postfix");
  await mkdir(etc);
  await writeConfig(
    join(etc, "main.cf"),
    `compatibility_level = 3.6
smtpd_sasl_auth_enable = yes
smtpd_sender_login_maps = proxy:ldap:/etc/postfix/ldap-senders.cf
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
`,
  );
  await writeConfig(join(etc, "master.cf"), "submission inet n - n - - smtpd\n");
  const aboutTheMap = async () => {
    const { stdout } = await loginmapd(["doctor", "-c", config, "--postfix-config", etc, "--json"]);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; title: string; changes: object[] }[] };
    return findings.filter(({ check }) => check.startsWith("map-"));
  };
  const line = "smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders";
  expect(await aboutTheMap()).toMatchObject([
    {
      check: "map-elsewhere",
      title: "smtpd_sender_login_maps names no table of loginmapd: proxy:ldap:/etc/postfix/ldap-senders.cf",
      changes: [{ where: "main.cf", line }],
    },
  ]);
  const { code } = await run("postconf", ["-c", etc, "-e", line]);
  expect(code).toBe(0);
  expect(await aboutTheMap()).toEqual([]);
});
