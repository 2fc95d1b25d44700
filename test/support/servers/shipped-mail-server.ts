/**
 * Postfix and Dovecot with the pieces of deploy/ as they stand, in private directories and on free ports.
 *
 * Only places are mapped: /var/spool/postfix to the private queue directory, and each service of master.cf to a port.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory, type TestDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { projectRoot } from "./daemon.ts";
import { privatePlaces } from "./dovecot.ts";
import { freePorts, isListening } from "./ports.ts";
import type { Parameters, PostfixHome } from "./postfix.ts";
import { type Child, type Outcome, run, startChild, stopChild } from "./processes.ts";

/** The services of deploy/postfix/master.cf, as they are called there. */
export const shippedServices = ["submission", "submissions", "127.0.0.1:10587"] as const;

/** One of them. */
export type ShippedService = (typeof shippedServices)[number];

/** A running mail server made of the shipped pieces. */
export interface ShippedMailServer {
  readonly home: PostfixHome;
  port(service: ShippedService): number;
  /** `postconf` with the private configuration. */
  postconf(...args: string[]): Promise<Outcome>;
  log(): Promise<string>;
  /** Waits for a line of Postfix's log that matches, and returns it. */
  logged(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
}

/** What the pieces do not say: accounts, and settings of main.cf on top. */
export interface ShippedMailServerOptions {
  /** SASL login → password. */
  readonly users: Readonly<Record<string, string>>;
  readonly mainCf?: Parameters;
  /** In place of the shipped smtpd_sender_login_maps: one of the variants that the comments of main.cf give. */
  readonly loginMaps?: string;
}

const mailStack = join(projectRoot, "deploy");

/** Starts Dovecot, then Postfix, with the shipped pieces, in the directories of `home`; `stop` removes those too. */
export async function startShippedMailServer(
  home: PostfixHome,
  { users, mainCf = {}, loginMaps }: ShippedMailServerOptions,
): Promise<ShippedMailServer> {
  const directory = await makeDirectory("shipped");
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.toReversed()) await stopChild(child);
    await directory.remove();
    await home.remove();
  };
  try {
    children.push(await startShippedDovecot(directory, home, users));
    const certificate = await makeCertificate(directory);
    const ports = await configure(home, { ...certificate, ...mainCf }, loginMaps);
    const { stdout: daemonDirectory } = await run("postconf", ["-dh", "daemon_directory"]);
    const master = startChild(join(daemonDirectory.trim(), "master"), ["-c", home.etc]);
    children.push(master);
    const log = () => readFile(join(home.etc, "..", "mail.log"), "utf8").catch(() => "");
    await waitUntil("every service of the shipped master.cf to listen", async () => {
      if (!master.isRunning()) throw new Error(`Postfix ended: ${master.stderr()}${await log()}`);
      return (await Promise.all(Array.from(ports.values(), isListening))).every(Boolean);
    });
    return {
      home,
      port: (service) => ports.get(service) as number,
      postconf: (...args) => run("postconf", ["-c", home.etc, ...args]),
      log,
      logged: (pattern) =>
        waitUntil(`a line of Postfix's log to match ${pattern}`, async () =>
          (await log()).split("\n").find((line) => pattern.test(line)),
        ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function configure(
  home: PostfixHome,
  more: Parameters,
  loginMaps: string | undefined,
): Promise<Map<ShippedService, number>> {
  const piece = (name: string) => readFile(join(mailStack, "postfix", name), "utf8");
  const ours = (name: string) => readFile(join(home.etc, name), "utf8");
  let mainCf = await piece("main.cf");
  let lines = "";
  const changes = loginMaps === undefined ? more : { ...more, smtpd_sender_login_maps: loginMaps };
  for (const [name, value] of Object.entries(changes)) {
    // In place of the shipped line, as an administrator would edit it: postconf warns of a second one.
    const line = new RegExp(`^${name} =.*$`, "m");
    if (line.test(mainCf)) mainCf = mainCf.replace(line, `${name} = ${value}`);
    else lines += `${name} = ${value}\n`;
  }
  await home.writeTable("main.cf", `${await ours("main.cf")}${lines}${mainCf}`);

  const free = await freePorts(shippedServices.length);
  const ports = new Map(shippedServices.map((service, i) => [service, free[i] as number]));
  let services = await piece("master.cf");
  for (const [service, port] of ports) {
    const line = new RegExp(`^${service.replaceAll(".", "\\.")}(?= )`, "m");
    if (!line.test(services)) throw new Error(`deploy/postfix/master.cf has no service ${service}`);
    services = services.replace(line, `127.0.0.1:${port}`);
  }
  await home.writeTable("master.cf", `${services}${await ours("master.cf")}`);
  return ports;
}

async function startShippedDovecot(
  directory: TestDirectory,
  home: PostfixHome,
  users: Readonly<Record<string, string>>,
): Promise<Child> {
  const piece = await readFile(join(mailStack, "dovecot/auth-2.3.conf"), "utf8");
  const path = join(directory.path, "dovecot.conf");
  const accounts = Object.entries(users).map(([login, password]) => `${login}:{PLAIN}${password}\n`);
  await writeFile(join(directory.path, "users"), accounts.join(""));
  await writeFile(path, privateDovecot(directory.path) + piece.replaceAll("/var/spool/postfix", home.queue));
  const child = startChild("dovecot", ["-F", "-c", path]);
  await waitUntil("Dovecot's auth socket", () => {
    if (!child.isRunning()) throw new Error(`Dovecot ended: ${child.stderr()}`);
    return isListening(join(home.queue, "private/auth"));
  });
  return child;
}

// What an installed Dovecot has in its other files: places, a password database, no protocols of its own.
function privateDovecot(directory: string): string {
  return `${privatePlaces(directory)}passdb {
  driver = passwd-file
  args = ${directory}/users
}
`;
}

/** Makes a certificate of a day and gives the settings that name it. */
export async function makeCertificate(directory: TestDirectory): Promise<Parameters> {
  const [key, certificate] = [join(directory.path, "key.pem"), join(directory.path, "cert.pem")];
  const made = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=mx.example.test", "-keyout", key, "-out", certificate],
  ]);
  if (made.code !== 0) throw new Error(`openssl: ${made.stderr}`);
  return { smtpd_tls_cert_file: certificate, smtpd_tls_key_file: key };
}
