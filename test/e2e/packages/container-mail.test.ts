/** Postfix and Dovecot as the container of deploy/compose.yaml has them, without a container: only places are mapped. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { freePort, isListening } from "../../support/servers/ports.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { type Child, run, startChild, stopChild } from "../../support/servers/processes.ts";
import { makeCertificate } from "../../support/servers/shipped-mail-server.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { openTlsRelay, type TlsRelay } from "../../support/servers/tls-relay.ts";
import { waitUntil } from "../../support/wait.ts";
import { attempt, type Credentials, SmtpSession } from "../../support/wire/smtp.ts";

const read = (name: string) => readFile(join(projectRoot, "deploy/compose/postfix", name), "utf8");

let directory: TestDirectory;
let home: PostfixHome;
let stage: Stage;
let relay: TlsRelay;
let accounts: Credentials[];
let plainPort: number;
let milterPort: number;
const children: Child[] = [];

beforeAll(async () => {
  directory = await makeDirectory("container-mail");
  home = await makePostfixHome();
  milterPort = await freePort();
  stage = await startStage({ milterPort });
  await startDovecot();
  plainPort = await startPostfix();
  relay = await openTlsRelay(plainPort, "starttls");
});
afterAll(async () => {
  await relay?.close();
  for (const child of children.toReversed()) await stopChild(child);
  await stage?.stop();
  await home?.remove();
  await directory?.remove();
});

async function startDovecot(): Promise<void> {
  const users = await read("users");
  accounts = Array.from(users.matchAll(/^([^#:]+):\{PLAIN\}(.+)$/gm), ([, login = "", password = ""]) => ({
    login,
    password,
  }));
  await writeFile(join(directory.path, "users"), users);
  const path = join(directory.path, "dovecot.conf");
  const places = `base_dir = ${directory.path}/run\nstate_dir = ${directory.path}/state\n`;
  const text = (await read("dovecot.conf"))
    .replace("/etc/dovecot/users", join(directory.path, "users"))
    .replace("/var/spool/postfix", home.queue);
  await writeFile(path, places + text);
  const child = startChild("dovecot", ["-F", "-c", path]);
  children.push(child);
  await waitUntil("Dovecot's auth socket", () => {
    if (!child.isRunning()) throw new Error(`Dovecot ended: ${child.stderr()}`);
    return isListening(join(home.queue, "private/auth"));
  });
}

async function startPostfix(): Promise<number> {
  const port = await freePort();
  const certificate = await makeCertificate(directory);
  const base = await readFile(join(home.etc, "main.cf"), "utf8");
  // Of our usual main.cf the places alone: everything else has to be in the container's own.
  const places = base.match(/^(queue_directory|data_directory|mail_owner|setgid_group|maillog_file_prefixes) = .+$/gm);
  const text = (await read("main.cf"))
    .replace("/dev/stdout", join(home.etc, "..", "mail.log"))
    .replace("socketmap:inet:loginmapd:9000:", `socketmap:inet:127.0.0.1:${stage.ports.socketmap}:`)
    .replace("inet:loginmapd:9002", `inet:127.0.0.1:${milterPort}`)
    .replace("/etc/ssl/certs/ssl-cert-snakeoil.pem", String(certificate["smtpd_tls_cert_file"]))
    .replace("/etc/ssl/private/ssl-cert-snakeoil.key", String(certificate["smtpd_tls_key_file"]));
  await home.writeTable("main.cf", `${places?.join("\n")}\n${text}`);
  await home.writeTable("master.cf", (await read("master.cf")).replace(/^submission inet/m, `127.0.0.1:${port} inet`));
  const { stdout: daemonDirectory } = await run("postconf", ["-dh", "daemon_directory"]);
  const master = startChild(join(daemonDirectory.trim(), "master"), ["-c", home.etc]);
  children.push(master);
  await waitUntil("submission to listen", async () => {
    if (!master.isRunning()) throw new Error(`Postfix ended: ${master.stderr()}${await log()}`);
    return isListening(port);
  });
  return port;
}

const log = () => readFile(join(home.etc, "..", "mail.log"), "utf8").catch(() => "");

test("both accounts of the file users may send as themselves and as the address they share", async () => {
  expect(accounts.map(({ login }) => login)).toEqual(["alice@example.com", "bob@example.com"]);
  for (const login of accounts)
    for (const from of [login.login, "sales@example.com"])
      expect((await attempt(relay.port, { login, from })).code, `${login.login} as ${from}`).toBe(250);
});

test("a forged sender is refused, and whoever is not logged in", async () => {
  const [alice] = accounts;
  expect(await attempt(relay.port, { login: alice!, from: "bob@example.com" })).toMatchObject({
    code: 553,
    text: "<bob@example.com>: Sender address rejected: not owned by user alice@example.com",
  });
  expect((await attempt(relay.port, { from: "alice@example.com" })).code).toBe(554);
});

test("a foreign From: is refused by the milter", async () => {
  const session = await SmtpSession.open(relay.port);
  await session.logIn(accounts[0] as Credentials);
  expect(await session.send("alice@example.com", ["From: bob@example.com"])).toMatchObject({
    code: 550,
    text: "<bob@example.com>: From address rejected: not owned by user alice@example.com",
  });
  expect((await session.send("alice@example.com", ["From: alice@example.com"])).code).toBe(250);
  await session.quit();
});

test("nothing is taken without TLS", async () => {
  expect((await attempt(plainPort, { from: "alice@example.com" })).code).toBe(530);
});

test("Postfix logs no warning", async () => {
  expect(await log()).toMatch(/postfix\/submission\/smtpd/);
  expect(await log()).not.toMatch(/warning|fatal|error:/);
});
