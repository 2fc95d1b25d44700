/** The shipped pieces of Postfix and Dovecot, used as they stand, in front of the built daemon. */
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, projectRoot, startDaemon } from "../support/daemon.ts";
import { makeDirectory, type TestDirectory } from "../support/directories.ts";
import { freePorts } from "../support/ports.ts";
import { makePostfixHome } from "../support/postfix.ts";
import { run } from "../support/processes.ts";
import { type ShippedMailServer, type ShippedService, startShippedMailServer } from "../support/shipped-mail-server.ts";
import { attempt, type Credentials, SmtpSession } from "../support/smtp.ts";
import { openTlsRelay, type TlsRelay } from "../support/tls-relay.ts";

const alice: Credentials = { login: "alice@example.com", password: "pw-alice" };

let directory: TestDirectory;
let daemon: Daemon;
let server: ShippedMailServer;
let socket: string;
let tcpPort: number;
const relays: TlsRelay[] = [];
const portOf = new Map<ShippedService, number>();

beforeAll(async () => {
  directory = await makeDirectory("deploy-postfix");
  const home = await makePostfixHome();
  await mkdir(join(home.queue, "loginmapd"));
  socket = join(home.queue, "loginmapd/socketmap");
  const [admin, tcp] = (await freePorts(2)) as [number, number];
  tcpPort = tcp;
  daemon = await startDaemon({
    config: {
      listeners: [
        { protocol: "socketmap", endpoint: `unix:${socket}`, mode: "0660", group: "postfix" },
        { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcp}`, map: "senders" },
      ],
      admin: { endpoint: `inet:127.0.0.1:${admin}` },
      maps: { senders: { source: "mail" } },
      sources: { mail: { driver: "sqlite", path: await demoDatabase(directory), preset: "native" } },
    },
    listening: [socket, tcp, admin],
  });
  server = await startShippedMailServer(home, {
    users: { "alice@example.com": "pw-alice", "bob@example.com": "pw-bob" },
    // What is accepted stays in the queue, to be looked at.
    mainCf: { defer_transports: "discard" },
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

  test("takes a shared address and an owner's tag", async () => {
    expect((await attempt(port(), { login: alice, from: "sales@example.com" })).code).toBe(250);
    expect((await attempt(port(), { login: alice, from: "alice+lists@example.com" })).code).toBe(250);
  });

  test("takes the login in any case, since Dovecot folds it", async () => {
    expect(
      (await attempt(port(), { login: { ...alice, login: "Alice@Example.COM" }, from: "alice@example.com" })).code,
    ).toBe(250);
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
  const variants = async () => {
    const text = await readFile(join(projectRoot, "deploy/postfix/main.cf"), "utf8");
    return Array.from(text.matchAll(/^# {3}smtpd_sender_login_maps = (\S+)$/gm), ([, table = ""]) => table);
  };

  test("are those that answer here", async () => {
    expect(await variants()).toEqual([
      "socketmap:inet:127.0.0.1:9000:senders",
      "tcp:127.0.0.1:9001",
      "proxy:socketmap:unix:/var/spool/postfix/loginmapd/socketmap:senders",
    ]);
  });

  test.each([
    ["socketmap:unix", () => `socketmap:unix:${socket}:senders`],
    ["tcp", () => `tcp:127.0.0.1:${tcpPort}`],
  ])("%s: postmap gets the owners", async (_, table) => {
    expect(await server.home.postmap(table(), "sales@example.com")).toEqual({
      kind: "found",
      value: "alice@example.com,bob@example.com",
    });
    expect(await server.home.postmap(table(), "nobody@example.com")).toEqual({ kind: "notFound" });
  });
});
