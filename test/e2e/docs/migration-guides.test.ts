/**
 * The guides of docs/migration/, followed to the end: each block as it stands, but for where things are on this machine.
 *
 * The stack is its example rows in a private MariaDB (or SQLite file), its Postfix a private one with the lines of step 1,
 * and then of step 4. Commands of containers run here: no engine does in the tests.
 */
import { chmod, chown, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import {
  blocksUnder,
  overridesUnder,
  parametersAfter,
  parametersUnder,
  reachable,
  readGuides,
  services,
} from "../../support/docs/guides.ts";
import { type Daemon, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { type DoctorLine, writeListener, writePostfixLines } from "../../support/servers/doctor-lines.ts";
import { effectiveLists, expectEnforced } from "../../support/servers/effective-lists.ts";
import { type MailServer, startMailServer } from "../../support/servers/mail-server.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts, isListening } from "../../support/servers/ports.ts";
import { makePostfixHome, type Parameters, type PostfixHome } from "../../support/servers/postfix.ts";
import { type Outcome, run, startChild, stopChild } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";
import { attempt } from "../../support/wire/smtp.ts";

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb.remove());

const alice = { login: "alice@example.com", password: "pw" };
// Owned by somebody else in the rows of every stack, or by nobody.
const forged = "erin@catch.test";
describe.each(readGuides())("$name", (guide) => {
  const isMailcow = guide.name === "mailcow";
  let directory: TestDirectory;
  let server: MailServer;
  let home: PostfixHome;
  let ports: { trial: number; admin: number };
  let env: Record<string, string>;

  beforeAll(async () => {
    directory = await makeDirectory(`guide-${guide.name}`);
    const [trial, admin] = (await freePorts(2)) as [number, number];
    ports = { trial, admin };
    server = await startMailServer({
      users: { [alice.login]: alice.password },
      mainCf: local(reachable(parametersAfter(guide))),
      smtpd: () => services(guide).map((name) => ({ name, options: local(overrides(name)), chroot: !isMailcow })),
    });
    // The Postfix of the administrator; that of the mail server has no table that is not at hand.
    const sasl = { smtpd_sasl_type: "dovecot", smtpd_sasl_path: "private/auth" };
    home = await makePostfixHome({ queue_directory: server.home.queue, ...sasl });
    await writePostfix(parametersUnder(guide, /^1/), overridesUnder(guide, /^1/));
    await writeTables();
    await mkdir(path("bin"));
    await script("loginmapd", `exec ${process.execPath} ${join(projectRoot, "dist/main.js")} "$@"`);
    await script("systemctl", `echo "systemctl $*" >> ${path("called")}`);
    await copyFile(join(projectRoot, "test/support/servers/docker-compose.sh"), path("bin/docker"));
    await chmod(path("bin/docker"), 0o755);
    await mkdir(path("etc/loginmapd"), { recursive: true });
    await writeFile(path("etc/loginmapd/mysql-password"), "a-secret-of-the-package\n", { mode: 0o640 });
    await mkdir(path("checkout/data/conf"), { recursive: true });
    env = {
      PATH: `${path("bin")}:${process.env["PATH"]}:/usr/sbin`,
      MAIL_CONFIG: home.etc,
      LOGINMAPD_CONFIG: isMailcow
        ? path("checkout/data/conf/loginmapd/loginmapd.yaml")
        : path("etc/loginmapd/loginmapd.yaml"),
      LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}`,
    };
    await makeRows();
  });
  afterAll(async () => {
    await server?.stop();
    await home?.remove();
    await directory?.remove();
  });

  function path(name: string): string {
    return join(directory.path, name);
  }

  /** Text of the guide, for this machine. */
  function local<T extends string | Parameters>(text: T): T {
    if (typeof text !== "string")
      return Object.fromEntries(Object.entries(text).map(([name, value]) => [name, local(value)])) as T;
    const etc = isMailcow ? path("checkout/data/conf/loginmapd") : path("etc/loginmapd");
    return text
      .replaceAll("/etc/loginmapd", etc)
      .replaceAll("/etc/postfix", home?.etc ?? "/etc/postfix")
      .replaceAll("/opt/postfix/conf/sql", path("checkout/data/conf/postfix/sql"))
      .replaceAll(/(?:\/var)?\/run\/mysqld\/mysqld\.sock/g, mariadb.socket)
      .replaceAll("/var/spool/postfix", server?.home.queue ?? "/var/spool/postfix")
      .replaceAll("/home/user-data/mail", path("user-data"))
      .replaceAll(
        /inet:(?:127\.0\.0\.1|0\.0\.0\.0|loginmapd|loginmapd-trial):9000/g,
        `inet:127.0.0.1:${ports.trial}`,
      ) as T;
  }

  function shell(commands: string, more: Record<string, string> = {}): Promise<Outcome> {
    return run("sh", ["-e", "-c", local(commands)], { cwd: path("checkout"), env: { ...env, ...more } }, 60_000);
  }

  async function script(name: string, body: string): Promise<void> {
    await writeFile(path(`bin/${name}`), `#!/bin/sh\n${body}\n`);
    await chmod(path(`bin/${name}`), 0o755);
  }

  /** The overrides of a service after step 4. */
  function overrides(service: string): Parameters {
    return reachable(overridesUnder(guide, /^4/).get(service) ?? {});
  }

  /** The tables and rows of the stack, and the account that its own Postfix has. */
  async function makeRows(): Promise<void> {
    const rows = await readFile(join(projectRoot, "sql", guide.name, "example.sql"), "utf8");
    if (guide.name === "mailinabox") {
      await mkdir(path("user-data"));
      const database = new Database(path("user-data/users.sqlite"));
      database.exec(rows);
      database.close();
      return;
    }
    const [yaml] = blocksUnder(guide, /^3/, "yaml");
    const { database } = parse(yaml?.text ?? "").sources.mail as { database: string };
    await mariadb.query(
      `DROP DATABASE IF EXISTS \`${database}\`; CREATE DATABASE \`${database}\`; USE \`${database}\`; ${rows}
       CREATE OR REPLACE USER stack@localhost IDENTIFIED BY 'stack-password'; GRANT SELECT ON \`${database}\`.* TO stack@localhost;
       DROP USER IF EXISTS loginmapd@localhost`,
    );
  }

  /** Writes lines of main.cf and, in place of what they had, the overrides of services. */
  async function writePostfix(parameters: Parameters, own: ReadonlyMap<string, Parameters>): Promise<void> {
    for (const [name, value] of Object.entries(local(parameters))) await home.setParameter(name, value);
    const entries = services(guide).map((name) => {
      const lines = Object.entries(own.get(name) ?? {}).map(([key, value]) => `  -o ${key}=${local(value)}\n`);
      return `${name} inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n${lines.join("")}`;
    });
    const master = await readFile(join(home.etc, "master.cf"), "utf8");
    const internal = master.slice(master.indexOf("\ncleanup "));
    await home.writeTable("master.cf", `smtp inet n - y - - smtpd\n${entries.join("")}${internal}`);
  }

  /** The tables that the lines of step 1 name, with the account of this stack. */
  async function writeTables(): Promise<void> {
    for (const { file = "", text } of blocksUnder(guide, /^1/, "").filter((block) => /^query/m.test(block.text))) {
      const target = isMailcow ? path(`checkout/${file}`) : local(file);
      const account = local(text)
        .replace(/^user = .*$/m, "user = stack")
        .replace(/^password = .*$/m, "password = stack-password")
        .replace(/^hosts = .*$/m, `hosts = unix:${mariadb.socket}`);
      await mkdir(join(target, ".."), { recursive: true });
      await writeFile(target, account);
      // The other table of ISPConfig's list; postconf looks whether it is there.
      await writeFile(join(home.etc, "mysql-virtual_sender.cf"), account);
    }
  }

  test("step 1: Postfix takes the lines, and the commands print what they print", async () => {
    const lists = await effectiveLists(home.etc, services(guide));
    for (const { text } of blocksUnder(guide, /^1/, "console")) {
      const [, command = "", output = ""] = /^\$ (.*)\n(.*)\n$/.exec(text) ?? [];
      expect((await shell(command)).stdout.trim()).toBe(output);
    }
    const isEnforced = [...lists.values()].some((list) => list.includes("sender_login_mismatch"));
    expect(isEnforced).toBe(!["iredmail", "vimbadmin"].includes(guide.name));
  });

  test("step 2: the table file is served as it is", async () => {
    const blocks = blocksUnder(guide, /^2/, "sh").filter(({ text }) => !text.startsWith("docker build"));
    const serving = blocks.findIndex(({ text }) => /loginmapd.* serve|^ *serve /ms.test(text));
    if (serving === -1) {
      expect(guide.name).toBe("vimbadmin");
      return;
    }
    const child = startChild("sh", ["-e", "-c", local(blocks[serving]?.text ?? "")], { cwd: path("checkout"), env });
    try {
      await waitUntil("the trial to listen", async () => !child.isRunning() || isListening(ports.trial));
      expect(child.isRunning(), child.stderr()).toBe(true);
      const asked = await shell(blocks[serving + 1]?.text ?? "");
      expect(asked).toMatchObject({ code: 0, stderr: "" });
      expect(asked.stdout.trim().split(",")).toContain("alice@example.com");
      expect(child.stderr()).not.toContain('"level":"warn"');
    } finally {
      await stopChild(child);
    }
  });

  test("steps 3 and 4: a checked configuration, the owner sends, a forged sender is refused", async () => {
    for (const { text } of blocksUnder(guide, /^3/, "sh").slice(0, -1))
      expect(await shell(text)).toMatchObject({ code: 0 });
    const secret = (await readFile(local("/etc/loginmapd/mysql-password"), "utf8")).trim();
    for (const { text } of blocksUnder(guide, /^3/, "sql"))
      await mariadb.query(text.replace(/<the content of [^>]*>/, secret));
    await writeConfiguration();

    const [configured] = blocksUnder(guide, /^3/, "sh").slice(-1);
    const checked = await shell(configured?.text ?? "");
    expect(checked).toMatchObject({ code: 0, stderr: "" });
    expect(checked.stdout).toMatch(/^ {2}address +(?:ok|SLOW)/m);
    expect(checked.stdout).not.toMatch(/ERROR|no connection/);
    expect(checked.stdout).toMatch(/^owners: .*alice@example\.com/m);
    for (const { text } of guide.name === "vimbadmin" ? blocksUnder(guide, /^2/, "sh") : [])
      expect((await shell(text)).stdout).toMatch(/^owners: +alice@example\.com, bob@example\.com/m);

    const daemon = await serve();
    try {
      await switchOver();
      expect(
        await attempt(server.postfix.port(services(guide)[0] as string), { from: alice.login, login: alice }),
      ).toMatchObject({
        code: 250,
      });
      for (const name of services(guide)) {
        expect(await attempt(server.postfix.port(name), { from: forged, login: alice }), name).toMatchObject({
          code: 553,
          text: `<${forged}>: Sender address rejected: not owned by user ${alice.login}`,
        });
      }
    } finally {
      await daemon.stop();
    }
  });

  /** The configuration of the package with the sources of the guide, or the whole file where the guide has it all. */
  async function writeConfiguration(): Promise<void> {
    const yaml = blocksUnder(guide, /^3/, "yaml")[0]?.text ?? "";
    const packaged = await readFile(join(projectRoot, "deploy/debian/loginmapd.yaml"), "utf8");
    const text = yaml.includes("listeners:") ? yaml : packaged.slice(0, packaged.indexOf("sources:\n")) + yaml;
    await copyFile(path("etc/loginmapd/mysql-password"), path("etc/loginmapd/admin-token"));
    await writeFile(env["LOGINMAPD_CONFIG"] as string, local(text), { mode: 0o640 });
    const socketDirectory = join(server.home.queue, "loginmapd");
    await mkdir(socketDirectory, { mode: 0o2750 });
    await chown(socketDirectory, 0, Number((await run("id", ["-g", "postfix"])).stdout));
    await chmod(socketDirectory, 0o2750);
  }

  function serve(): Promise<Daemon> {
    const listening = isMailcow ? ports.trial : join(server.home.queue, "loginmapd/socketmap");
    const args = ["-c", env["LOGINMAPD_CONFIG"] as string];
    return startDaemon({ args, env, listening: [listening, ports.admin] });
  }

  /** Step 4 on the Postfix of step 1: files and commands, then what the doctor says. */
  async function switchOver(): Promise<void> {
    const [edits, asks] = [
      blocksUnder(guide, /^4/, "sh").filter(({ text }) => text.startsWith("postconf -e")),
      blocksUnder(guide, /^4/, "sh").filter(({ text }) => !text.startsWith("postconf -e")),
    ];
    for (const { text } of edits) expect(await shell(text)).toMatchObject({ code: 0, stderr: "" });
    const wanted = Object.entries(local(parametersUnder(guide, /^4/)));
    if (edits.length > 0) {
      for (const [name, value] of wanted) expect((await shell(`postconf -h ${name}`)).stdout.trim(), name).toBe(value);
    }
    await writePostfix(
      parametersAfter(guide),
      new Map([...overridesUnder(guide, /^1/), ...overridesUnder(guide, /^4/)]),
    );
    expectEnforced(await effectiveLists(home.etc, services(guide)));
    await closeWhatIsNotAsked();
    for (const { text } of asks) {
      const answer = await shell(text);
      expect(answer).toMatchObject({ code: 0, stderr: "" });
      // The owners, and no finding of the doctor.
      expect(answer.stdout).toMatch(/^(?:(?:\S+,)*alice@example\.com(?:,\S+)*\n)+(?:Looked at: [\s\S]*)?$/);
    }
  }

  /** The one thing that the guides leave to the doctor: where the line belongs differs with the services of a site. */
  async function closeWhatIsNotAsked(): Promise<void> {
    const { stdout } = await shell("loginmapd doctor --json || true");
    const { findings } = JSON.parse(stdout) as { findings: { check: string; changes: DoctorLine[] }[] };
    expect(findings.map(({ check }) => check)).toEqual(["milter-missing"]);
    const lines = findings.flatMap(({ changes }) => changes);
    for (const { where, line } of await writePostfixLines(home.etc, lines)) {
      // The guide for mailcow makes a configuration of its own, without a milter.
      expect(where).toBe("loginmapd.yaml");
      await writeListener(env["LOGINMAPD_CONFIG"] as string, line);
    }
  }
});
