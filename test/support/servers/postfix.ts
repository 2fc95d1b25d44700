/**
 * A private Postfix: its own directories, its own ports, nothing that could deliver mail.
 *
 * The master program runs directly on directories made beforehand, and every configuration file is dated back: Postfix
 * keeps polling a younger one, which makes a start last seconds.
 */
import { chmod, chown, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { freePorts, isListening } from "./ports.ts";
import { type Outcome, run, startChild, stopChild } from "./processes.ts";

/** Values of main.cf, or of the `-o` overrides of one service. */
export type Parameters = Readonly<Record<string, string>>;

/** One smtpd with settings of its own, on a port of its own. */
export interface SmtpdService {
  readonly name: string;
  readonly options: Parameters;
  /** Runs it as Debian does, with the queue directory as its root. */
  readonly chroot?: boolean;
}

/** The directories of a private Postfix that has not been started; enough for postmap. */
export interface PostfixHome {
  /** `config_directory`. */
  readonly etc: string;
  /** `queue_directory`, the root of a chrooted smtpd. */
  readonly queue: string;
  /** Sets one parameter of main.cf; before the start, since a running Postfix is not told. */
  setParameter(name: string, value: string): Promise<void>;
  /** Writes a file (a table's .cf) into `etc` and returns its path. */
  writeTable(name: string, content: string): Promise<string>;
  /** `postmap -q KEY TABLE`. */
  postmap(table: string, key: string): Promise<PostmapAnswer>;
  /** `postmap -q - TABLE`: every key over one connection. */
  postmapBatch(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  remove(): Promise<void>;
}

/** What `postmap -q` said: exit 1 means "not found" only while standard error is empty. */
export type PostmapAnswer =
  | { readonly kind: "found"; readonly value: string }
  | { readonly kind: "notFound" }
  | { readonly kind: "failed"; readonly message: string };

/** A running private Postfix. */
export interface Postfix {
  /** The port of the smtpd of that name. */
  port(service: string): number;
  /** Everything logged so far. Postfix logs a little later than it answers: wait with `logged`. */
  log(): Promise<string>;
  /** Waits for a line that matches, and returns it. */
  logged(pattern: RegExp): Promise<string>;
  /** Ends every process; the directories stay with their home. */
  stop(): Promise<void>;
}

const base: Parameters = {
  compatibility_level: "3.6",
  mail_owner: "postfix",
  setgid_group: "postdrop",
  myhostname: "mx.example.test",
  mydomain: "example.test",
  myorigin: "local.example",
  mydestination: "local.example",
  mynetworks: "127.0.0.0/8",
  inet_interfaces: "127.0.0.1",
  inet_protocols: "ipv4",
  smtpd_peername_lookup: "no",
  disable_dns_lookups: "yes",
  default_transport: "discard:",
  relay_transport: "discard:",
  local_transport: "discard:",
  virtual_transport: "discard:",
  alias_maps: "",
  alias_database: "",
  local_recipient_maps: "",
  recipient_delimiter: "+",
  smtpd_tls_security_level: "none",
  smtpd_relay_restrictions: "permit_mynetworks, permit_sasl_authenticated, reject",
  smtpd_client_connection_count_limit: "0",
  smtpd_client_connection_rate_limit: "0",
  // Without these a session that is refused often, or resets often, is slowed down on purpose.
  in_flow_delay: "0",
  smtpd_error_sleep_time: "0",
  smtpd_soft_error_limit: "100000",
  smtpd_hard_error_limit: "100000",
  smtpd_junk_command_limit: "100000",
};

const services = `
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
pickup unix n - n 60 1 pickup
postlog unix-dgram n - n - 1 postlogd
`;

const privateQueues = [
  "active",
  "bounce",
  "corrupt",
  "defer",
  "deferred",
  "flush",
  "hold",
  "incoming",
  "private",
  "saved",
  "trace",
];

/**
 * Makes the directories of a private Postfix.
 *
 * @param mainCf settings on top of, or in place of, those that keep it quiet and local
 */
export async function makePostfixHome(mainCf: Parameters = {}): Promise<PostfixHome> {
  if (process.getuid?.() !== 0)
    throw new Error("Postfix's master and its directories need root: run the tests as root");
  const directory = await makeDirectory("postfix");
  const [etc, queue, data] = ["etc", "queue", "data"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  const [postfixId, postdropId] = [await idOf("-u", "postfix"), await groupOf("postdrop")];
  for (const path of [etc, queue, data]) await mkdir(path, { mode: 0o755 });
  await chown(data, postfixId, 0);
  const make = async (name: string, mode: number, owner: number, group: number) => {
    const path = join(queue, name);
    await mkdir(path);
    await chown(path, owner, group);
    await chmod(path, mode);
  };
  for (const name of privateQueues) await make(name, 0o700, postfixId, 0);
  await make("pid", 0o755, 0, 0);
  await make("maildrop", 0o730, postfixId, postdropId);
  await make("public", 0o710, postfixId, postdropId);

  const settings: Record<string, string> = {
    ...base,
    queue_directory: queue,
    data_directory: data,
    maillog_file: join(directory.path, "mail.log"),
    maillog_file_prefixes: directory.path,
    ...mainCf,
  };
  const writeMainCf = () => {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    return writeDated(join(etc, "main.cf"), lines.join(""));
  };
  await writeMainCf();
  await writeDated(join(etc, "master.cf"), services);

  return {
    etc,
    queue,
    async setParameter(name, value) {
      settings[name] = value;
      await writeMainCf();
    },
    async writeTable(name, content) {
      const path = join(etc, name);
      await writeDated(path, content);
      return path;
    },
    async postmap(table, key) {
      const outcome = await run("postmap", ["-c", etc, "-q", key, table]);
      if (outcome.code === 0) return { kind: "found", value: outcome.stdout.replace(/\n$/, "") };
      if (outcome.code === 1 && outcome.stderr === "") return { kind: "notFound" };
      return { kind: "failed", message: outcome.stderr };
    },
    async postmapBatch(table, keys) {
      const outcome = await run("postmap", ["-c", etc, "-q", "-", table], { input: `${keys.join("\n")}\n` }, 120_000);
      if (outcome.stderr !== "") throw new Error(`postmap -q - ${table}: ${outcome.stderr}`);
      return new Map(
        outcome.stdout
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => line.split("\t") as [string, string]),
      );
    },
    remove: directory.remove,
  };
}

/** Starts Postfix with these smtpd services and waits until each of them accepts connections. */
export async function startPostfix(home: PostfixHome, smtpd: readonly SmtpdService[]): Promise<Postfix> {
  const ports = await freePorts(smtpd.length);
  const portOf = new Map(smtpd.map((service, i) => [service.name, ports[i] as number]));
  const lines = smtpd.map(({ name, options, chroot }) => {
    const overrides = Object.entries(options).map(([key, value]) => `  -o { ${key} = ${value} }\n`);
    return `127.0.0.1:${portOf.get(name)} inet n - ${chroot ? "y" : "n"} - - smtpd\n${overrides.join("")}`;
  });
  await writeDated(join(home.etc, "master.cf"), lines.join("") + services);

  const daemonDirectory = (await postconf("-dh", "daemon_directory")).trim();
  const child = startChild(join(daemonDirectory, "master"), ["-c", home.etc]);
  const logFile = join(home.etc, "..", "mail.log");
  const log = () => readFile(logFile, "utf8").catch(() => "");
  const stop = async () => {
    await stopChild(child);
  };
  try {
    await waitUntil("every smtpd of Postfix to listen", async () => {
      if (!child.isRunning()) throw new Error(`Postfix ended: ${child.stderr()}${await log()}`);
      return (await Promise.all(ports.map(isListening))).every(Boolean);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port(service) {
      const port = portOf.get(service);
      if (port === undefined) throw new Error(`no smtpd is called ${service}`);
      return port;
    },
    log,
    logged: (pattern) =>
      waitUntil(`a line of Postfix's log to match ${pattern}`, async () =>
        (await log()).split("\n").find((line) => pattern.test(line)),
      ),
    stop,
  };
}

async function writeDated(path: string, content: string): Promise<void> {
  await writeFile(path, content);
  await backdate(path);
}

/** Makes files a minute old: Postfix reads a younger one again until it is two seconds old. */
export async function backdate(...paths: readonly string[]): Promise<void> {
  const aMinuteAgo = Date.now() / 1000 - 60;
  for (const path of paths) await utimes(path, aMinuteAgo, aMinuteAgo);
}

async function postconf(...args: string[]): Promise<string> {
  return succeed(await run("postconf", args), "postconf: is the package postfix installed?");
}

async function idOf(option: "-u", name: string): Promise<number> {
  return Number(succeed(await run("id", [option, name]), `no account ${name}: is the package postfix installed?`));
}

async function groupOf(name: string): Promise<number> {
  const entry = succeed(await run("getent", ["group", name]), `no group ${name}: is the package postfix installed?`);
  return Number(entry.split(":")[2]);
}

function succeed(outcome: Outcome, hint: string): string {
  if (outcome.code !== 0) throw new Error(`${hint} ${outcome.stderr}`);
  return outcome.stdout;
}
