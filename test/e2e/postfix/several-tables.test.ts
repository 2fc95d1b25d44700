/**
 * Lists of tables: the same files in one `smtpd_sender_login_maps`, asked by smtpd itself and through one map of loginmapd.
 * The verdicts are the same for every sender and login, in either order of the tables, also where one of them fails.
 */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import { type MailServer, startMailServer } from "../../support/servers/mail-server.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts } from "../../support/servers/ports.ts";
import {
  allLists,
  asPostfixFinds,
  fatalLists,
  lists,
  nameOf,
  owners,
  rows,
  senders,
  textFile,
} from "../../support/several-tables.ts";
import { SmtpSession } from "../../support/wire/smtp.ts";

const logins = ["alice@example.com", "bob@example.com"] as const;
const password = "several";

let mariadb: Mariadb;
let socketmapPort: number;
let daemon: Daemon;
let server: MailServer;
let files: Readonly<Record<string, string>>;

beforeAll(async () => {
  mariadb = await startMariadb({ databases: ["isp"], sql: rows });
  await mariadb.query("CREATE USER lm@localhost IDENTIFIED BY 'pw'; GRANT SELECT ON isp.* TO lm@localhost");
  const sqlite = join(mariadb.folder, "senders.sqlite");
  const database = new Sqlite(sqlite);
  database.exec(`
    CREATE TABLE senders (address TEXT, owner TEXT);
    INSERT INTO senders VALUES ('@example.com', 'boss@example.com'), ('info@example.com', NULL), ('info@example.com', 'bob@example.com'),
      ('bob+news@example.com', 'boss@example.com'), ('@local.example', 'alice@example.com'), ('comma@example.com', ',')`);
  database.close();
  await chmod(sqlite, 0o644);
  const [port, away] = (await freePorts(2)) as [number, number];
  socketmapPort = port;
  const connection = `hosts = unix:${mariadb.socket}\nuser = lm\npassword = pw\ndbname = isp\n`;
  const aliases = "query = SELECT destination FROM virtual_aliases WHERE source='%s'\n";
  server = await startMailServer({
    users: Object.fromEntries(logins.map((login) => [login, password])),
    async smtpd(home) {
      const write = async (type: string, name: string, content: string) =>
        `${type}:${await home.writeTable(type === "texthash" ? name : `${name}.cf`, content)}`;
      files = {
        aliases: await write("mysql", "aliases", `${connection}${aliases}`),
        mailboxes: await write(
          "mysql",
          "mailboxes",
          `${connection}query = SELECT email FROM virtual_users WHERE email='%s'\n`,
        ),
        file: await write(
          "sqlite",
          "file",
          `dbpath = ${sqlite}\nquery = SELECT owner FROM senders WHERE address='%s'\n`,
        ),
        broken: await write(
          "sqlite",
          "broken",
          `dbpath = ${sqlite}\nquery = SELECT no_such_column FROM senders WHERE address='%s'\n`,
        ),
        text: await write("texthash", "text", textFile),
        twice: await write(
          "texthash",
          "twice",
          "alice@example.com alice@example.com\nALICE@example.com bob@example.com\n",
        ),
        away: await write(
          "mysql",
          "away",
          `hosts = inet:127.0.0.1:${away}\nuser = lm\npassword = pw\ndbname = isp\n${aliases}`,
        ),
        limited: await write("mysql", "limited", `${connection}${aliases}expansion_limit = 1\n`),
      };
      daemon = await startDaemon({
        config: {
          listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
          admin: { endpoint: `unix:${join(mariadb.folder, "admin")}` },
          sources: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, { postfix_cf: file }])),
          maps: Object.fromEntries(
            allLists.map((list) => [
              nameOf(list),
              {
                ...(list.length === 1 ? { source: list[0] } : { sources: list }),
                local_domains: ["local.example", "[127.0.0.1]"],
              },
            ]),
          ),
        },
        listening: [port],
      });
      return allLists.flatMap((list) => {
        const name = nameOf(list);
        const service = (side: string, maps: string) => ({
          name: `${name} ${side}`,
          options: {
            smtpd_sender_login_maps: maps,
            smtpd_sender_restrictions: "reject_sender_login_mismatch",
          },
        });
        return [
          service("postfix", list.map((table) => files[table]).join(", ")),
          service("loginmapd", `socketmap:inet:127.0.0.1:${port}:${name}`),
        ];
      });
    },
  });
});
afterAll(async () => {
  await server?.stop();
  await daemon?.stop();
  await mariadb?.remove();
});

async function verdicts(service: string, login: string | undefined): Promise<string[]> {
  const session = await SmtpSession.open(server.postfix.port(service));
  try {
    if (login !== undefined) expect((await session.logIn({ login, password })).code).toBe(235);
    const envelopes = senders.map(({ address, smtputf8 }) => ({ from: address, smtputf8 }));
    return (await session.verdicts(envelopes)).map(({ code, enhanced, text }) => `${code} ${enhanced} ${text}`);
  } finally {
    await session.quit();
  }
}

describe.each(lists.map((list) => ({ list, name: nameOf(list) })))("$name", ({ name }) => {
  test("the verdicts are those of Postfix's own list", async () => {
    const differences: string[] = [];
    for (const login of [...logins, undefined]) {
      const [postfix, ours] = await Promise.all([
        verdicts(`${name} postfix`, login),
        verdicts(`${name} loginmapd`, login),
      ]);
      for (const [i, { address }] of senders.entries()) {
        if (postfix[i] !== ours[i]) differences.push(`${login} ${address}: ${postfix[i]}, but ours ${ours[i]}`);
      }
    }
    expect(differences, daemon.log().slice(-2000)).toEqual([]);
  });
});

/** What smtpd says with our map to these senders of a login: the first digits of each reply. */
async function codes(list: readonly string[], login: string, addresses: readonly string[]): Promise<string> {
  const all = await verdicts(`${nameOf(list)} loginmapd`, login);
  return addresses.map((address) => all[senders.findIndex((one) => one.address === address)]?.slice(0, 3)).join(" ");
}

test("the comparison is worth something: owners send, others do not, and failures are told where their turn comes", async () => {
  const asked = ["bob@example.com", "bob+other@example.com", "bob+news@example.com", "null@example.com"];
  const bob = "bob@example.com";
  expect(await codes(["aliases", "mailboxes"], bob, asked)).toBe("250 250 553 553");
  expect(await codes(["mailboxes", "aliases"], bob, asked)).toBe("250 250 553 553");
  expect(await codes(["aliases", "away"], bob, asked)).toBe("451 451 553 451");
  expect(await codes(["away", "aliases"], bob, asked)).toBe("451 451 451 451");
  expect(await codes(["mailboxes", "twice"], bob, asked)).toBe("250 451 451 553");
  const middle = ["bob@example.com", "bob+own@example.com", "bob+other@example.com", "last@example.com"];
  expect(await codes(["mailboxes", "away", "text"], bob, middle)).toBe("250 553 451 451");
  expect(await codes(["text"], bob, ["last@example.com", "hash@example.com", "many@example.com"])).toBe("250 250 553");
});

test.each([
  { list: ["aliases", "mailboxes"] },
  { list: ["mailboxes", "aliases"] },
  { list: ["text", "file", "aliases"] },
  { list: ["mailboxes", "away", "text"] },
] as const)("$list: the owners are those that Postfix's library finds, key by key in every table", async ({ list }) => {
  const failed = "failed";
  const known = new Map<string, Promise<string | undefined>>();
  const ask = (table: string, key: string) => {
    const file = files[table] as string;
    const asked =
      known.get(`${file} ${key}`) ??
      server.home.postmap(file, key).then((answer) => {
        if (answer.kind === "found") return answer.value;
        // Lines that Postfix ignores are warnings.
        if (answer.kind === "failed" && answer.message.includes("fatal:")) throw new Error(failed);
        return undefined;
      });
    known.set(`${file} ${key}`, asked);
    return asked;
  };
  const wrong: string[] = [];
  for (const address of ["alice", "bob", "info", "team", "bob+news", "bob+own", "bob+other", "null", "comma", "z"].map(
    (one) => `${one}@example.com`,
  )) {
    const expected = await asPostfixFinds(address, list, ask).catch(() => failed);
    const { stdout, code } = await loginmapd([
      "query",
      nameOf(list),
      address,
      "--server",
      `inet:127.0.0.1:${socketmapPort}`,
    ]);
    const ours = code === 75 ? failed : code === 0 ? owners(stdout) : "";
    if (ours !== expected) wrong.push(`${address}: ${expected}, but ours ${ours}`);
  }
  expect(wrong).toEqual([]);
});

test("a list that no reply of socketmap holds is 451 with ours, where smtpd itself reads it", async () => {
  const say = async (side: string) => {
    const session = await SmtpSession.open(server.postfix.port(`text ${side}`));
    expect((await session.logIn({ login: "alice@example.com", password })).code).toBe(235);
    const [verdict] = await session.verdicts([{ from: "huge@example.com", smtputf8: false }]);
    await session.quit();
    return verdict?.code;
  };
  expect([await say("postfix"), await say("loginmapd")]).toEqual([250, 451]);
});

test.each([
  { list: fatalLists[0], answered: ["bob+news@example.com"], reply: "553" },
  { list: fatalLists[1], answered: [], reply: "" },
  { list: fatalLists[2], answered: ["last@example.com"], reply: "250" },
])("a wrong column in a sqlite table of $list: smtpd dies of its own, and says 451 with ours", async (one) => {
  const [login, failing] = ["bob@example.com", "bob@example.com"];
  const session = await SmtpSession.open(server.postfix.port(`${nameOf(one.list)} postfix`));
  expect((await session.logIn({ login, password })).code).toBe(235);
  const say = async (from: string) => String((await session.verdicts([{ from, smtputf8: false }]))[0]?.code);
  for (const address of one.answered) expect(await say(address)).toBe(one.reply);
  await expect(say(failing)).rejects.toThrow("closed the connection");
  await server.postfix.logged(/fatal: .*SQL prepare failed: no such column/);
  expect(await codes(one.list, login, [...one.answered, failing])).toBe(`${one.reply} 451`.trim());
});

test("serve with the two files and no configuration is one map of both, and so is what import prints", async () => {
  const [port] = (await freePorts(1)) as [number];
  const args = ["--postfix-cf", files["aliases"] as string, "--postfix-cf", files["mailboxes"] as string];
  const served = await startDaemon({
    args: [...args, "--listen", `inet:127.0.0.1:${port}`, "--recipient-delimiter", "+"],
    listening: [port],
  });
  try {
    const ask = async (key: string) =>
      (await loginmapd(["query", "senders", key, "--server", `inet:127.0.0.1:${port}`])).stdout.trim();
    expect(await ask("bob@example.com")).toBe("bob@example.com");
    expect(await ask("bob+x@example.com")).toBe("bob@example.com");
    expect(await ask("bob+news@example.com")).toBe("alice@example.com");
    expect(await ask("z@example.com")).toBe("boss@example.com");
  } finally {
    await served.stop();
  }
  const { stdout, code } = await loginmapd(["import", files["aliases"] as string, files["text"] as string]);
  expect(code).toBe(0);
  expect(stdout).toContain("sources: [ aliases, text ]");
  expect(stdout).toContain("driver: texthash");
});

test("a lookup is explained with the source of every key", async () => {
  const config = daemon.configFile as string;
  const map = nameOf(["aliases", "mailboxes"]);
  const { stdout } = await loginmapd(["lookup", "bob+x@example.com", "--map", map, "--json", "-c", config]);
  const { sources, combine, asks } = JSON.parse(stdout) as {
    sources: string[];
    combine: string;
    asks: { source: string; key: string; state: string; won: boolean }[];
  };
  expect([sources, combine]).toEqual([["aliases", "mailboxes"], "first"]);
  expect(asks.map(({ source, key, state, won }) => `${key} ${source} ${state}${won ? " won" : ""}`)).toEqual([
    "bob+x@example.com aliases answered",
    "bob+x@example.com mailboxes answered",
    "bob@example.com aliases answered",
    "bob@example.com mailboxes answered won",
    "@example.com aliases answered",
    "@example.com mailboxes not_asked",
  ]);
});
