/** The shipped pieces of Postfix and Dovecot, used as they stand, in front of the built daemon. */
import { readFileSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { type Daemon, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { makePostfixHome } from "../../support/servers/postfix.ts";
import { run } from "../../support/servers/processes.ts";
import {
  type ShippedMailServer,
  type ShippedService,
  startShippedMailServer,
} from "../../support/servers/shipped-mail-server.ts";
import { openTlsRelay, type TlsRelay } from "../../support/servers/tls-relay.ts";
import { attempt, type Credentials, SmtpSession } from "../../support/wire/smtp.ts";

const alice: Credentials = { login: "alice@example.com", password: "pw-alice" };

let directory: TestDirectory;
let daemon: Daemon;
let server: ShippedMailServer;
let socket: string;
let milter: string;
let inetPort: number;
let tcpPort: number;
let adminPort: number;
const relays: TlsRelay[] = [];
const portOf = new Map<ShippedService, number>();

beforeAll(async () => {
  directory = await makeDirectory("deploy-postfix");
  const home = await makePostfixHome();
  await mkdir(join(home.queue, "loginmapd"));
  socket = join(home.queue, "loginmapd/socketmap");
  milter = join(home.queue, "loginmapd/milter");
  [adminPort, tcpPort, inetPort] = (await freePorts(3)) as [number, number, number];
  daemon = await startDaemon({
    config: {
      listeners: [
        { protocol: "socketmap", endpoint: `unix:${socket}`, mode: "0660", group: "postfix" },
        { protocol: "socketmap", endpoint: `inet:127.0.0.1:${inetPort}` },
        { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcpPort}`, map: "senders" },
        milterListener(milter),
      ],
      admin: { endpoint: `inet:127.0.0.1:${adminPort}` },
      maps: { senders: { source: "mail" } },
      sources: { mail: { driver: "sqlite", path: await demoDatabase(directory), preset: "native" } },
    },
    listening: [socket, milter, inetPort, tcpPort, adminPort],
  });
  server = await startShippedMailServer(home, {
    users: { "alice@example.com": "pw-alice", "bob@example.com": "pw-bob" },
    // What is accepted stays in the queue, to be looked at.
    mainCf: { defer_transports: "discard", ...milterLines() },
  });
  const starttls = await openTlsRelay(server.port("submission"), "starttls");
  const implicit = await openTlsRelay(server.port("submissions"), "implicit");
  relays.push(starttls, implicit);
  portOf.set("submission", starttls.port);
  portOf.set("submissions", implicit.port);
  portOf.set("127.0.0.1:10587", server.port("127.0.0.1:10587"));
});
afterAll(async () => {
  for (const relay of relays) await relay.close();
  await server?.stop();
  await daemon?.stop();
  await directory?.remove();
});

/** The listener of docs/milter.md at its private place, as it is on the seventh day. */
function milterListener(path: string): object {
  const [yaml] = readBlocks("docs/milter.md").filter(({ language }) => language === "yaml");
  const { listeners } = parse(yaml?.text ?? "") as { listeners: { endpoint: string; action: string }[] };
  const [listener] = listeners;
  expect(listener).toMatchObject({ endpoint: "unix:/var/spool/postfix/loginmapd/milter", action: "log" });
  return { ...listener, endpoint: `unix:${path}`, action: "reject" };
}

/** The lines of main.cf in docs/milter.md. */
function milterLines(): Record<string, string> {
  const [lines] = readBlocks("docs/milter.md").filter(({ language }) => language === "");
  const entries = (lines?.text ?? "")
    .trim()
    .split("\n")
    .map((line) => line.split(" = ") as [string, string]);
  expect(entries.map(([name]) => name)).toEqual(["submission_milters", "submission_milter_default_action"]);
  return Object.fromEntries(entries);
}

async function demoDatabase({ path }: TestDirectory): Promise<string> {
  const file = join(path, "native.sqlite");
  const database = new Database(file);
  for (const script of ["sql/native/001-schema.sqlite.sql", "sql/demo/rows.sql"])
    database.exec(await readFile(join(projectRoot, script), "utf8"));
  database.close();
  return file;
}

describe.each(["submission", "submissions", "127.0.0.1:10587"] as const)("the service %s", (service) => {
  const port = () => portOf.get(service) as number;

  test.each(["PLAIN", "LOGIN"] as const)("lets an owner send as the address after AUTH %s", async (mechanism) => {
    expect(await attempt(port(), { login: { ...alice, mechanism }, from: "alice@example.com" })).toMatchObject({
      code: 250,
    });
  });

  test("refuses a login that does not own the address", async () => {
    expect(await attempt(port(), { login: alice, from: "bob@example.com" })).toMatchObject({
      code: 553,
      enhanced: "5.7.1",
      text: "<bob@example.com>: Sender address rejected: not owned by user alice@example.com",
    });
  });

  test("refuses an address that nobody owns", async () => {
    expect((await attempt(port(), { login: alice, from: "ceo@elsewhere.example" })).code).toBe(553);
  });

  test("refuses the null sender, for which Postfix never asks the map", async () => {
    expect(await attempt(port(), { login: alice, from: "" })).toMatchObject({
      code: 550,
      enhanced: "5.7.1",
      text: "<>: Sender address rejected: nobody owns the null sender",
    });
  });

  test("takes a shared address and an owner's tag", async () => {
    expect((await attempt(port(), { login: alice, from: "sales@example.com" })).code).toBe(250);
    expect((await attempt(port(), { login: alice, from: "alice+lists@example.com" })).code).toBe(250);
  });

  test("takes the login in any case, since Dovecot folds it", async () => {
    expect(
      (await attempt(port(), { login: { ...alice, login: "Alice@Example.COM" }, from: "alice@example.com" })).code,
    ).toBe(250);
  });

  test("refuses somebody else's From: by the milter, and takes the own one", async () => {
    const session = await SmtpSession.open(port());
    await session.logIn(alice);
    expect(await session.send("alice@example.com", ["From: bob@example.com"])).toMatchObject({
      code: 550,
      text: "<bob@example.com>: From address rejected: not owned by user alice@example.com",
    });
    expect(await session.send("alice@example.com", ["From: alice@example.com"])).toMatchObject({ code: 250 });
    await session.quit();
  });

  test("takes nothing without a login", async () => {
    expect((await attempt(port(), { from: "alice@example.com" })).code).toBe(554);
  });
});

test("submission offers AUTH after STARTTLS alone, the test port without", async () => {
  const offers = async (port: number) => {
    const session = await SmtpSession.open(port);
    const { lines } = await session.command("EHLO client.example");
    await session.quit();
    return lines.filter((line) => /^(AUTH|STARTTLS)\b/.test(line));
  };
  expect(await offers(server.port("submission"))).toEqual(["STARTTLS"]);
  expect(await offers(portOf.get("submission") as number)).toEqual(["AUTH PLAIN LOGIN"]);
  expect(await offers(server.port("127.0.0.1:10587"))).toEqual(["AUTH PLAIN LOGIN"]);
});

test("an accepted message says in its Received: header who was logged in", async () => {
  const session = await SmtpSession.open(server.port("127.0.0.1:10587"));
  await session.logIn(alice);
  await session.mailFrom("alice@example.com");
  await session.rcptTo("recipient@elsewhere.example");
  await session.command("DATA");
  const queued = await session.command("Subject: header\r\n\r\nbody\r\n.");
  await session.quit();
  const id = /^Ok: queued as (\S+)$/.exec(queued.text)?.[1] as string;
  const { stdout } = await run("postcat", ["-c", server.home.etc, "-hq", id]);
  expect(stdout).toMatch(/^Received: [\s\S]*\(Authenticated sender: alice@example\.com\)/m);
  expect(await server.logged(new RegExp(`submission-test/smtpd.* ${id}: `))).toContain(
    "sasl_method=PLAIN, sasl_username=alice@example.com",
  );
});

test("Postfix takes the shipped lines without a warning, every one of them", async () => {
  const { code, stderr } = await server.postconf("-n");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const services = await server.postconf("-M");
  expect(services.stderr).toBe("");
  expect(await server.log()).not.toMatch(/warning: .*(unused parameter|unknown|unrecognized)/);
});

test("the services run in a chroot, as Debian has it", async () => {
  const { stdout } = await server.postconf("-M");
  const ours = stdout.split("\n").filter((line) => / smtpd /.test(line));
  expect(ours).toHaveLength(3);
  for (const line of ours) expect(line.split(/\s+/)[4]).toBe("y");
});

test("the socket is for Postfix alone", async () => {
  const { mode } = await stat(socket);
  expect((mode & 0o777).toString(8)).toBe("660");
});

describe("the variants in the comments of main.cf", () => {
  const text = readFileSync(join(projectRoot, "deploy/postfix/main.cf"), "utf8");
  const variants = Array.from(text.matchAll(/^# {3}smtpd_sender_login_maps = (\S+)$/gm), ([, table = ""]) => table);
  // Only places are mapped.
  const here = (table: string) =>
    table
      .replace("/var/spool/postfix/loginmapd/socketmap", socket)
      .replace(/:9000\b/, `:${inetPort}`)
      .replace(/:9001\b/, `:${tcpPort}`);

  test("are three", () => {
    expect(variants).toEqual([
      "socketmap:inet:127.0.0.1:9000:senders",
      "tcp:127.0.0.1:9001",
      "proxy:socketmap:unix:/var/spool/postfix/loginmapd/socketmap:senders",
    ]);
  });

  describe.each(variants)("%s", (variant) => {
    let other: ShippedMailServer;
    beforeAll(async () => {
      const users = { [alice.login]: alice.password };
      other = await startShippedMailServer(await makePostfixHome(), { users, loginMaps: here(variant) });
    });
    afterAll(() => other?.stop());

    test("smtpd takes the owner and refuses everybody else, as the daemon says", async () => {
      const port = other.port("127.0.0.1:10587");
      const before = await lookups();
      expect((await attempt(port, { login: alice, from: "sales@example.com" })).code).toBe(250);
      expect((await attempt(port, { login: alice, from: "alice+lists@example.com" })).code).toBe(250);
      for (const from of ["bob@example.com", "ceo@elsewhere.example"])
        expect(await attempt(port, { login: alice, from })).toMatchObject({
          code: 553,
          text: `<${from}>: Sender address rejected: not owned by user alice@example.com`,
        });
      expect((await lookups()) - before).toBe(4);
      expect((await other.postconf("-h", "smtpd_sender_login_maps")).stdout).toBe(`${here(variant)}\n`);
      expect(await other.log()).not.toMatch(/warning: .*(lookup|table|proxymap)/);
    });

    test("postmap gets the owners", async () => {
      expect(await other.home.postmap(here(variant), "sales@example.com")).toEqual({
        kind: "found",
        value: "alice@example.com,bob@example.com",
      });
      expect(await other.home.postmap(here(variant), "nobody@example.com")).toEqual({ kind: "notFound" });
    });
  });

  async function lookups(): Promise<number> {
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    const counts = metrics.matchAll(/^loginmapd_lookups_total\{.*\} (\d+)$/gm);
    return Array.from(counts, ([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
  }
});
