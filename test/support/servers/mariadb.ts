/**
 * Runs a private MariaDB: its own data directory, socket and loopback port, gone when the test is.
 *
 * The data directory is copied from a template that is made once per machine and MariaDB version (some 2 s); a start then
 * takes about 0.4 s. Nothing here uses the code under test.
 */
import { execFile, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createConnection as connectSocket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import mysql from "mysql2/promise";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { makeAuthority, makeCertificate } from "./certificates.ts";
import { freePort } from "./ports.ts";
import type { PrivateDatabase, PrivateDatabaseOptions } from "./private-database.ts";
import { type Child, startChild } from "./processes.ts";
import { templateFolder } from "./template-folder.ts";

const run = promisify(execFile);

/** What a test may ask for. */
export interface MariadbOptions extends PrivateDatabaseOptions {
  /** Further arguments of `mariadbd`, such as `--max-connections=5`. */
  readonly arguments?: readonly string[];
}

/** A private server. Its administrator is `root` without a password, over the unix socket only. */
export interface Mariadb extends PrivateDatabase {
  /** Path of the unix socket. */
  readonly socket: string;
  /** Feeds a file to the `mariadb` client. */
  load(file: string): Promise<void>;
  /** Makes an account for 127.0.0.1 and the socket with SELECT on the first database. */
  addReader(user: string, password: string): Promise<void>;
}

// Durability is of no interest to a test; small files start faster.
const fast = [
  "--innodb-log-file-size=4M",
  "--innodb-flush-log-at-trx-commit=0",
  "--skip-innodb-doublewrite",
  "--innodb-buffer-pool-dump-at-shutdown=0",
];
// mariadbd refuses to run as root unless told so.
const asRoot = process.getuid?.() === 0 ? ["--user=root"] : [];
const startDeadlineMs = 30_000;

/** Starts a private MariaDB. Names the Debian packages when it is not installed. */
export async function startMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  const { path: folder } = await makeDirectory("mariadb");
  await run("cp", ["-a", "--reflink=auto", await template(), join(folder, "data")]);
  const tls = options.tls === true ? await certificates(folder) : [];
  const server = new Server(folder, await freePort(), options.databases?.[0] ?? "vmail", [
    ...(options.arguments ?? []),
    ...tls,
  ]);
  try {
    await server.start();
    for (const name of options.databases ?? [server.database]) await server.query(`CREATE DATABASE \`${name}\``, "");
    for (const file of options.load ?? []) await server.load(file);
    if (options.sql !== undefined) await server.query(options.sql);
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
}

class Server implements Mariadb {
  readonly socket: string;
  readonly port: number;
  readonly database: string;
  readonly folder: string;
  readonly caFile: string;
  readonly #arguments: readonly string[];
  #child: Child | undefined;

  constructor(folder: string, port: number, database: string, extra: readonly string[]) {
    this.folder = folder;
    this.socket = join(folder, "s.sock");
    this.port = port;
    this.database = database;
    this.caFile = join(folder, "ca.pem");
    this.#arguments = [
      "--no-defaults",
      ...asRoot,
      `--datadir=${join(folder, "data")}`,
      `--socket=${this.socket}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--pid-file=${join(folder, "pid")}`,
      `--log-error=${join(folder, "error.log")}`,
      `--tmpdir=${folder}`,
      "--skip-name-resolve",
      "--innodb-buffer-pool-size=64M",
      "--character-set-server=utf8mb4",
      ...fast,
      // Rows committed before a SIGKILL must be there after it.
      "--innodb-flush-log-at-trx-commit=2",
      ...extra,
    ];
  }

  get pid(): number {
    if (this.#child?.isRunning() !== true) throw new Error("mariadbd is not running");
    return this.#child.pid;
  }

  async start(): Promise<void> {
    if (this.#child?.isRunning() === true) throw new Error("mariadbd is running already");
    const child = startChild("mariadbd", this.#arguments);
    this.#child = child;
    try {
      // The server is ready when it greets; the socket file appears a little earlier.
      await waitUntil("mariadbd to greet", () => !child.isRunning() || greets(this.socket), startDeadlineMs);
      if (!child.isRunning()) throw new Error("mariadbd ended at once");
    } catch (error) {
      const log = await readFile(join(this.folder, "error.log"), "utf8").catch(() => "");
      throw new Error(`${(error as Error).message}\n${log.split("\n").slice(-15).join("\n")}`);
    }
  }

  async query(sql: string, database: string = this.database): Promise<Record<string, unknown>[]> {
    const connection = await mysql.createConnection({
      socketPath: this.socket,
      user: "root",
      database,
      multipleStatements: true,
    });
    try {
      const [result] = await connection.query(sql);
      const sets = Array.isArray(result) ? (result as unknown[]) : [];
      const last = sets.filter((set) => Array.isArray(set)).at(-1) ?? sets;
      return last as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  }

  async load(file: string): Promise<void> {
    const child = run("mariadb", ["--no-defaults", "--user=root", `--socket=${this.socket}`, this.database]);
    child.child.stdin?.end(await readFile(file));
    await child;
  }

  async addReader(user: string, password: string): Promise<void> {
    await this.query(
      ["127.0.0.1", "localhost"]
        .map(
          (host) =>
            `CREATE USER '${user}'@'${host}' IDENTIFIED BY '${password}';` +
            `GRANT SELECT ON \`${this.database}\`.* TO '${user}'@'${host}'`,
        )
        .join(";"),
    );
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  pause(): void {
    process.kill(this.pid, "SIGSTOP");
    awaitStandstill(this.pid);
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child?.isRunning() !== true) return;
    this.#child?.signal(signal);
    await this.#child?.exited;
  }
}

async function template(): Promise<string> {
  const version = spawnSync("mariadbd", ["--no-defaults", "--version"], { encoding: "utf8" });
  if (version.status !== 0) {
    throw new Error(
      "mariadbd is missing: apt-get install mariadb-server-core mariadb-client-core (or bash test/all.sh)",
    );
  }
  return templateFolder("mariadb", `${version.stdout} ${fast} ${asRoot}`, (folder) =>
    run("mariadb-install-db", [
      "--no-defaults",
      `--datadir=${folder}`,
      ...asRoot,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      "--skip-name-resolve",
      ...fast,
    ]),
  );
}

function greets(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(path);
    socket.once("data", () => socket.destroy());
    socket.once("error", () => {});
    socket.once("close", () => resolve(socket.bytesRead > 0));
    socket.setTimeout(1000, () => socket.destroy());
  });
}

async function certificates(folder: string): Promise<string[]> {
  const caFile = await makeAuthority(folder);
  const { certFile, keyFile } = await makeCertificate(folder);
  return [`--ssl-ca=${caFile}`, `--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`];
}

/** Waits until every thread stands still: SIGSTOP is delivered at once, but takes effect thread by thread. */
function awaitStandstill(pid: number): void {
  const end = performance.now() + 60_000;
  const isRunning = (thread: string): boolean => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1");
    return stat.charAt(stat.lastIndexOf(")") + 2) !== "T";
  };
  while (readdirSync(`/proc/${pid}/task`).some(isRunning)) {
    if (performance.now() > end) throw new Error(`process ${pid} does not stop`);
  }
}
