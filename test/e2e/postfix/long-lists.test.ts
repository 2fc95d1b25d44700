/**
 * Owner lists around what a protocol carries: the explanation says what the wire says, and what a real smtpd makes of it.
 */
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Explanation } from "../../../src/lookup/explain.ts";
import type { RecentError } from "../../../src/telemetry/recent-errors.ts";
import { toText } from "../../support/differential.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import {
  type MailServer,
  restrictions,
  smtpdPerRestriction,
  startMailServer,
} from "../../support/servers/mail-server.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { adminToken } from "../../support/servers/stage.ts";
import { SmtpSession } from "../../support/wire/smtp.ts";
import { askOnce, WireClient } from "../../support/wire/wire.ts";

const login = "user7@example.com";
const stranger = "erin@example.com";
const people = (count: number) => Array.from({ length: count }, (_, i) => `user${i}@example.com`);
/** A list of one login after ours, so many bytes long in all. */
const bytes = (length: number) => [login, "x".repeat(length - login.length - 1)];

/** Localpart → owners, and whether each protocol carries them. */
const lists: Readonly<Record<string, { owners: string[]; socketmap: boolean; tcpTable: boolean }>> = {
  few: { owners: people(9), socketmap: true, tcpTable: true },
  "tcp-full": { owners: bytes(4091), socketmap: true, tcpTable: true },
  "tcp-over": { owners: bytes(4092), socketmap: true, tcpTable: false },
  // 3000 bytes, of which tcp_table escapes every one of a thousand.
  escaped: { owners: [login, `${"%".repeat(1000)}${"x".repeat(1982)}`], socketmap: true, tcpTable: false },
  hundreds: { owners: people(300), socketmap: true, tcpTable: false },
  "socketmap-full": { owners: bytes(99_997), socketmap: true, tcpTable: false },
  "socketmap-over": { owners: bytes(99_998), socketmap: false, tcpTable: false },
  thousands: { owners: people(9000), socketmap: false, tcpTable: false },
};

let directory: TestDirectory;
let daemon: Daemon;
let ports: { readonly socketmap: number; readonly tcpTable: number; readonly admin: number };
let mail: MailServer;

beforeAll(async () => {
  directory = await makeDirectory("long-lists");
  const path = join(directory.path, "lists.sqlite");
  const database = new Sqlite(path);
  database.exec("CREATE TABLE owners (address TEXT, login TEXT); CREATE INDEX by_address ON owners (address)");
  const insert = database.prepare("INSERT INTO owners VALUES (?, ?)");
  database.exec("BEGIN");
  for (const [name, { owners }] of Object.entries(lists))
    for (const owner of owners) insert.run(`${name}@example.com`, owner);
  database.exec("COMMIT");
  database.close();
  const [socketmap, tcpTable, admin] = (await freePorts(3)) as [number, number, number];
  ports = { socketmap, tcpTable, admin };
  daemon = await startDaemon({
    config: {
      listeners: [
        { protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` },
        { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcpTable}`, map: "senders" },
      ],
      admin: { endpoint: `inet:127.0.0.1:${admin}`, token: adminToken },
      maps: { senders: { source: "mail" } },
      sources: {
        mail: {
          driver: "sqlite",
          path,
          queries: { address: "SELECT login FROM owners WHERE address = :email ORDER BY rowid" },
        },
      },
    },
    listening: [socketmap, tcpTable, admin],
  });
  mail = await startMailServer({
    users: { [login]: "pw", [stranger]: "pw" },
    smtpd: () => [
      ...smtpdPerRestriction(`socketmap:inet:127.0.0.1:${socketmap}:senders`, "socketmap "),
      ...smtpdPerRestriction(`tcp:127.0.0.1:${tcpTable}`, "tcp_table "),
    ],
  });
});

afterAll(async () => {
  await mail?.stop();
  await daemon?.stop();
  await directory?.remove();
});

async function explained(name: string, who: string): Promise<Explanation> {
  const query = new URLSearchParams({ address: `${name}@example.com`, login: who });
  const response = await fetch(`http://127.0.0.1:${ports.admin}/v1/lookup?${query}`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  return (await response.json()) as Explanation;
}

async function askTcpTable(key: string): Promise<string> {
  const client = await WireClient.open(ports.tcpTable);
  try {
    client.send(`get ${key}\n`);
    return await client.line();
  } finally {
    client.close();
  }
}

test.each(Object.entries(lists))("%s: the explanation tells what each protocol carries", async (name, list) => {
  const { outcome, reason, owners, replies } = await explained(name, login);
  const [viaSocketmap, viaTcpTable] = replies;
  const socketmap = await askOnce(ports.socketmap, "senders", `${name}@example.com`);
  const tcpTable = await askTcpTable(`${name}@example.com`);

  expect(owners).toEqual(list.owners);
  if (list.socketmap) {
    expect(socketmap).toBe(`OK ${list.owners.join(",")}`);
    expect(viaSocketmap).toMatchObject({ result: "ok", listBytes: socketmap.length - 3, maxListBytes: 99_997 });
    expect(outcome).toBe("ok");
  } else {
    expect(socketmap).toMatch(/^TEMP owner list too long \[/);
    expect(viaSocketmap).toMatchObject({ result: "temp", reason: "owner list too long", maxListBytes: 99_997 });
    expect([outcome, reason]).toEqual(["temp", "owner list too long"]);
  }
  if (list.tcpTable) {
    expect(tcpTable).toMatch(/^200 /);
    expect(viaTcpTable).toMatchObject({ result: "ok", listBytes: tcpTable.length - 4, maxListBytes: 4091 });
  } else {
    expect(tcpTable).toMatch(/^400 owner%20list%20too%20long%20/);
    expect(viaTcpTable).toMatchObject({ result: "temp", reason: "owner list too long", maxListBytes: 4091 });
  }
});

test.each([
  ["few", login],
  ["few", stranger],
  ["tcp-full", login],
  ["tcp-over", login],
  ["hundreds", login],
  ["hundreds", stranger],
  ["thousands", login],
  ["thousands", stranger],
])("%s, logged in as %s: smtpd answers over each protocol what the explanation says", async (name, who) => {
  const { verdicts = [], replies } = await explained(name, who);
  for (const reply of replies) {
    const foretold = Object.fromEntries(
      (reply.verdicts ?? verdicts).map(({ restriction, code, text }) => [
        restriction,
        code === 250 ? "250" : `${code} ${text}`,
      ]),
    );
    const said: Record<string, string> = {};
    for (const restriction of restrictions) {
      const session = await SmtpSession.open(mail.postfix.port(`${reply.protocol} ${restriction}`));
      try {
        await session.logIn({ login: who, password: "pw" });
        const [verdict] = await session.verdicts([{ from: `${name}@example.com`, smtputf8: false }]);
        if (verdict === undefined) throw new Error("smtpd said nothing");
        said[restriction] = verdict.code === 250 ? "250" : toText(verdict);
      } finally {
        await session.quit();
      }
    }
    expect(said, reply.protocol).toEqual(foretold);
  }
});

test("the command says so too, and that Postfix gets no answer: exit 69", async () => {
  const config = ["-c", daemon.configFile as string];
  const outcome = await loginmapd(["lookup", ...config, "thousands@example.com", "--login", login]);
  expect(outcome).toMatchObject({ code: 69, stderr: "" });
  expect(outcome.stdout).toContain("no answer over socketmap (owner list too long: 187889 bytes, the limit is 99997)");
  expect(outcome.stdout).toContain("no answer over tcp_table (owner list too long: 187889 bytes, the limit is 4091)");
  expect(outcome.stdout).toContain("451 4.3.0 <thousands@example.com>: Temporary lookup failure");
  const hundreds = await loginmapd(["lookup", ...config, "hundreds@example.com", "--login", login]);
  expect(hundreds.code).toBe(0);
  expect(hundreds.stdout).toMatch(/\nPostfix over socketmap, logged in as user7@example\.com:\n.* 250 Ok\n/);
  expect(hundreds.stdout).toMatch(/\nPostfix over tcp_table, logged in as user7@example\.com:\n.* 451 4\.3\.0 /);
});

test("the recent errors tell which listener and map, and why, once for all that is alike", async () => {
  const before = await recentErrors();
  for (let i = 0; i < 15; i++) await askOnce(ports.socketmap, "senders", "thousands@example.com");
  for (let i = 0; i < 15; i++) await askOnce(ports.socketmap, "typo", "few@example.com");
  const alike = await recentErrors();
  const listener = `inet:127.0.0.1:${ports.socketmap}`;
  const tooLong = { message: "lookup failed", reason: "owner list too long", listener, map: "senders" };
  const refused = { message: "query refused", reason: "unknown map", listener, count: 15 };
  expect(alike).toEqual(expect.arrayContaining([expect.objectContaining(tooLong), expect.objectContaining(refused)]));
  const known = before.find((one) => one.reason === tooLong.reason && one.listener === listener)?.count ?? 0;
  expect(alike.filter((one) => one.reason === tooLong.reason && one.listener === listener)).toMatchObject([
    { count: known + 15 },
  ]);
});

async function recentErrors(): Promise<readonly RecentError[]> {
  const response = await fetch(`http://127.0.0.1:${ports.admin}/v1/status`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  return ((await response.json()) as { recentErrors: RecentError[] }).recentErrors;
}
