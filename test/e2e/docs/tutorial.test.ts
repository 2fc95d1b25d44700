/**
 * The three set-ups of the field's classic tutorial, each by its own table file and one command, with a real Postfix,
 * Dovecot and MariaDB; and what smtpd_sasl_local_domain does, and does not do, to logins without a domain.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, loginmapd, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { type MailServer, startMailServer } from "../../support/servers/mail-server.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { attempt, type Credentials } from "../../support/wire/smtp.ts";

const login = (name: string): Credentials => ({ login: name, password: "pw" });

let mariadb: Mariadb;
let directory: TestDirectory;

beforeAll(async () => {
  directory = await makeDirectory("tutorial");
  mariadb = await startMariadb({
    databases: ["vmail", "dbispconfig"],
    load: [join(projectRoot, "test/e2e/fixtures/tutorial.sql")],
    sql: `CREATE TABLE dbispconfig.mailbox LIKE vmail.mailbox;
          CREATE TABLE dbispconfig.domain LIKE vmail.domain;
          CREATE TABLE dbispconfig.mail_user LIKE vmail.mail_user;
          INSERT INTO mailbox VALUES ('heinz', 'example.com', 1, 1), ('heinz@realm.example', 'realm.example', 1, 1);
          CREATE USER vmail@localhost IDENTIFIED BY 'secret'; CREATE USER vmail@'127.0.0.1' IDENTIFIED BY 'secret';
          GRANT SELECT ON *.* TO vmail@localhost; GRANT SELECT ON *.* TO vmail@'127.0.0.1'`,
  });
});
afterAll(async () => {
  await mariadb?.remove();
  await directory?.remove();
});

/** The file as the tutorial has it, but for where MariaDB listens. */
async function writeTable(name: string, lines: string): Promise<string> {
  const file = join(directory.path, `${name}.cf`);
  await writeFile(file, `user = vmail\npassword = secret\nhosts = 127.0.0.1:${mariadb.port}\n${lines}\n`);
  return file;
}

interface SetUp {
  readonly daemon: Daemon;
  readonly server: MailServer;
  stop(): Promise<void>;
}

/** One command with the file, and one line in main.cf: nothing else is configured. */
async function setUp(
  file: string,
  users: readonly string[],
  options: { mainCf?: Record<string, string>; defaultRealm?: string } = {},
): Promise<SetUp> {
  const [port, admin] = (await freePorts(2)) as [number, number];
  const daemon = await startDaemon({
    args: ["--postfix-cf", file, "--listen", `inet:127.0.0.1:${port}`],
    env: { LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}` },
    listening: [port],
  });
  const server = await startMailServer({
    users: Object.fromEntries(users.map((name) => [name, "pw"])),
    ...options,
    smtpd: () => [
      {
        name: "submission",
        options: {
          smtpd_sender_login_maps: `socketmap:inet:127.0.0.1:${port}:senders`,
          smtpd_sender_restrictions: "reject_sender_login_mismatch",
        },
      },
    ],
  });
  return {
    daemon,
    server,
    async stop() {
      await server?.stop();
      await daemon.stop();
    },
  };
}

describe("variant a: mailbox and domain, both active", () => {
  let it: SetUp;
  beforeAll(async () => {
    const file = await writeTable(
      "mysql-virtual_sender_login_maps-a",
      "dbname = vmail\nquery = SELECT mailbox.username FROM mailbox,domain WHERE mailbox.username='%s' AND mailbox.domain='%d' AND mailbox.domain=domain.domain AND mailbox.enablesmtp=1 AND mailbox.active=1 AND domain.active=1",
    );
    it = await setUp(file, ["alice@example.com", "dave@inactive.test"]);
  });
  afterAll(() => it.stop());

  test("the start says once that + begins an extension, which Postfix does not take for granted", () => {
    const told = it.daemon.logLines().filter(({ problem }) => String(problem).startsWith("--recipient-delimiter: "));
    expect(told.map(({ level, msg }) => [level, msg])).toEqual([["warn", "configuration"]]);
  });

  test.each([
    { rule: "the owner", from: "alice@example.com", login: "alice@example.com", code: 250 },
    { rule: "the owner's tag", from: "alice+shop@example.com", login: "alice@example.com", code: 250 },
    { rule: "somebody else", from: "bob@example.com", login: "alice@example.com", code: 553 },
    { rule: "an inactive mailbox", from: "off@example.com", login: "alice@example.com", code: 553 },
    { rule: "a mailbox without SMTP", from: "nosmtp@example.com", login: "alice@example.com", code: 553 },
    { rule: "an inactive domain", from: "dave@inactive.test", login: "dave@inactive.test", code: 553 },
  ])("$rule: $code", async ({ from, login: name, code }) => {
    expect((await attempt(it.server.postfix.port("submission"), { from, login: login(name) })).code).toBe(code);
  });

  test("not logged in", async () => {
    expect(await attempt(it.server.postfix.port("submission"), { from: "alice@example.com" })).toMatchObject({
      code: 553,
      text: "<alice@example.com>: Sender address rejected: not logged in",
    });
  });
});

describe("variant b: mailbox only", () => {
  let it: SetUp;
  beforeAll(async () => {
    const file = await writeTable(
      "mysql-virtual_sender_login_maps-b",
      "dbname = vmail\nquery = SELECT mailbox.username FROM mailbox WHERE mailbox.username='%s' AND mailbox.enablesmtp=1 AND mailbox.active=1",
    );
    it = await setUp(file, ["alice@example.com", "dave@inactive.test"]);
  });
  afterAll(() => it.stop());

  test.each([
    { rule: "the owner", from: "alice@example.com", login: "alice@example.com", code: 250 },
    { rule: "somebody else", from: "bob@example.com", login: "alice@example.com", code: 553 },
    { rule: "an inactive domain is not looked at", from: "dave@inactive.test", login: "dave@inactive.test", code: 250 },
  ])("$rule: $code", async ({ from, login: name, code }) => {
    expect((await attempt(it.server.postfix.port("submission"), { from, login: login(name) })).code).toBe(code);
  });
});

describe("variant c: port = 3306, and a query that names a table that it does not read", () => {
  let file: string;
  beforeAll(async () => {
    file = await writeTable(
      "mysql-virtual_sender_login_maps-c",
      "port = 3306\ndbname = dbispconfig\nquery = SELECT mail_user.email FROM mailbox,domain WHERE mail_user.email='%s'",
    );
  });

  test("check --connect says what is wrong with it, and that Postfix ignores port", async () => {
    const { code, stdout, stderr } = await loginmapd(["check", "--connect", "--postfix-cf", file]);
    expect(stdout).toMatch(/ERROR.*mail_user\.email/);
    expect(stderr).toMatch(/port: .*\(.*mysql-virtual_sender_login_maps-c\.cf line 4\)/);
    expect(stdout + stderr).not.toContain("secret");
    expect(code).toBe(78);
  });

  test("nobody is let through or refused by it: 451 until it is mended", async () => {
    const it = await setUp(file, ["alice@example.com"]);
    try {
      const port = it.server.postfix.port("submission");
      expect(await attempt(port, { from: "alice@example.com", login: login("alice@example.com") })).toMatchObject({
        code: 451,
      });
      expect(await attempt(port, { from: "alice@example.com" })).toMatchObject({ code: 451 });
    } finally {
      await it.stop();
    }
  });
});

describe("logins without a domain", () => {
  let file: string;
  beforeAll(async () => {
    file = await writeTable(
      "mysql-owners",
      "dbname = vmail\nquery = SELECT mailbox.username FROM mailbox WHERE mailbox.username='%u' OR mailbox.username='%u@realm.example'",
    );
  });

  test("smtpd_sasl_local_domain does nothing with Dovecot: smtpd compares the bare login", async () => {
    const it = await setUp(file, ["carol", "heinz"], { mainCf: { smtpd_sasl_local_domain: "realm.example" } });
    try {
      const port = it.server.postfix.port("submission");
      expect(await attempt(port, { from: "heinz@example.com", login: login("carol") })).toMatchObject({
        code: 553,
        text: "<heinz@example.com>: Sender address rejected: not owned by user carol",
      });
      expect(await attempt(port, { from: "heinz@example.com", login: login("heinz") })).toMatchObject({ code: 250 });
    } finally {
      await it.stop();
    }
  });

  test("auth_default_realm of Dovecot completes the login, and the owner is found under that name", async () => {
    const it = await setUp(file, ["carol@realm.example", "heinz@realm.example"], { defaultRealm: "realm.example" });
    try {
      const port = it.server.postfix.port("submission");
      expect(await attempt(port, { from: "heinz@example.com", login: login("carol") })).toMatchObject({
        code: 553,
        text: "<heinz@example.com>: Sender address rejected: not owned by user carol@realm.example",
      });
      expect(await attempt(port, { from: "heinz@example.com", login: login("heinz") })).toMatchObject({ code: 250 });
    } finally {
      await it.stop();
    }
  });
});
