/**
 * Runs a private PostgreSQL: its own data directory, socket and loopback port, gone when the test is.
 *
 * The data directory is copied from a template that is made once per machine and version (some 0.6 s); a start then takes about
 * 0.1 s. TimeZone and DateStyle are unusual on purpose: they show every place where a client formats by itself. Nothing here uses
 * the code under test.
 */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { appendFile, chown, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { makeAuthority, makeCertificate } from "./certificates.ts";
import { freePort } from "./ports.ts";
import type { PrivateDatabase, PrivateDatabaseOptions } from "./private-database.ts";
import { type Child, startChild } from "./processes.ts";
import { templateFolder } from "./template-folder.ts";

const run = promisify(execFile);

/** What a test may ask for. */
export interface PostgresqlOptions extends PrivateDatabaseOptions {
  /** Settings of the server, such as `max_connections = 5`: they go before those of this file. */
  readonly settings?: readonly string[];
  /** A standby of this server, which must have been started with `wal_level = replica`: it follows, and can only be read. */
  readonly standbyOf?: Postgresql;
}

/** A private server. Its administrator is `root` without a password, over the unix socket and over loopback. */
export interface Postgresql extends PrivateDatabase {
  /** Folder of the unix socket; the one of the default port is there too, for clients that can name no other. */
  readonly socketFolder: string;
  /** Opens a connection as administrator; the caller ends it. */
  connect(database?: string): Promise<pg.Client>;
  /** Feeds a file to psql, which stops at the first error. */
  load(file: string, database?: string): Promise<void>;
  /** Makes an account with a password and SELECT on every table of a database, now and later. */
  addReader(user: string, password: string, database?: string): Promise<void>;
  /** Locks a table: whoever reads it waits until the lock is released, everything else goes on. */
  lockTable(table: string): Promise<{ release(): Promise<void> }>;
}

const startDeadlineMs = 30_000;
const isRoot = process.getuid?.() === 0;

// PostgreSQL refuses to run as root; setpriv is of util-linux, which every Debian has.
const asPostgres = isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

// Durability is of no interest to a test.
const fast = ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off"];

const hostBasedAccess = `local all root trust
local replication root trust
local all all scram-sha-256
host all root 127.0.0.1/32 trust
host replication root 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`;

/** Starts a private PostgreSQL. Names the Debian package when it is not installed. */
export async function startPostgresql(options: PostgresqlOptions = {}): Promise<Postgresql> {
  const { path: folder } = await makeDirectory("postgresql");
  const port = await freePort();
  const server = new Server(folder, port, options.standbyOf?.database ?? options.databases?.[0] ?? "vmail");
  try {
    if (options.standbyOf === undefined)
      await run("cp", ["-a", "--reflink=auto", await template(), join(folder, "data")]);
    await giveToPostgres(folder);
    if (options.standbyOf !== undefined) await copyOf(options.standbyOf, folder);
    const tls = options.tls === true ? await certificates(folder) : [];
    const settings = [
      "listen_addresses = '127.0.0.1'",
      `port = ${port}`,
      `unix_socket_directories = '${folder}'`,
      "shared_buffers = 16MB",
      "max_connections = 100",
      "timezone = 'Australia/Adelaide'",
      "datestyle = 'German, DMY'",
      ...fast,
      ...tls,
      ...(options.settings ?? []),
    ];
    await appendFile(join(folder, "data/postgresql.conf"), `\n${settings.join("\n")}\n`);
    await symlink(join(folder, `.s.PGSQL.${port}`), join(folder, ".s.PGSQL.5432"));
    await server.start();
    if (options.standbyOf === undefined) {
      for (const name of options.databases ?? [server.database])
        await server.query(`CREATE DATABASE "${name}"`, "postgres");
    }
    for (const file of options.load ?? []) await server.load(file);
    if (options.sql !== undefined) await server.query(options.sql);
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
}

/** The programs of the newest version that is installed: Debian keeps them out of the PATH. */
export function postgresqlPrograms(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(root, version, "bin")).find((path) => existsSync(join(path, "initdb")));
  if (found === undefined)
    throw new Error("PostgreSQL is missing: apt-get install postgresql-15 (or bash test/all.sh)");
  return found;
}

class Server implements Postgresql {
  readonly socketFolder: string;
  readonly port: number;
  readonly database: string;
  readonly folder: string;
  readonly caFile: string;
  #child: Child | undefined;

  constructor(folder: string, port: number, database: string) {
    this.folder = folder;
    this.socketFolder = folder;
    this.port = port;
    this.database = database;
    this.caFile = join(folder, "ca.pem");
  }

  get pid(): number {
    if (this.#child?.isRunning() !== true) throw new Error("postgres is not running");
    return this.#child.pid;
  }

  async start(): Promise<void> {
    if (this.#child?.isRunning() === true) throw new Error("postgres is running already");
    const [command, ...args] = [...asPostgres, join(postgresqlPrograms(), "postgres"), "-D", join(this.folder, "data")];
    const child = startChild(command as string, args, { env: { LC_ALL: "C.UTF-8" } });
    this.#child = child;
    const isReady = async () => {
      if (!child.isRunning())
        throw new Error(`postgres ended at once: ${child.stderr().split("\n").slice(-15).join("\n")}`);
      await this.query("SELECT 1", "postgres");
      return true;
    };
    await waitUntil("postgres to take connections", isReady, startDeadlineMs);
  }

  async connect(database: string = this.database): Promise<pg.Client> {
    const client = new pg.Client({ host: this.folder, port: this.port, user: "root", database, password: () => "" });
    await client.connect();
    return client;
  }

  async query(sql: string, database: string = this.database): Promise<Record<string, unknown>[]> {
    const client = await this.connect(database);
    try {
      const result = await client.query(sql);
      return [result].flat().at(-1)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  async lockTable(table: string): Promise<{ release(): Promise<void> }> {
    const client = await this.connect();
    await client.query("BEGIN");
    await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return { release: () => client.end() };
  }

  async load(file: string, database: string = this.database): Promise<void> {
    const where = ["-h", this.folder, "-p", String(this.port), "-U", "root", "-d", database];
    await run(join(postgresqlPrograms(), "psql"), ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...where, "-f", file]);
  }

  async addReader(user: string, password: string, database: string = this.database): Promise<void> {
    await this.query(
      `DO $do$ BEGIN CREATE ROLE ${user} LOGIN PASSWORD '${password}'; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;
       GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user};
       ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${user}`,
      database,
    );
  }

  async stop(): Promise<void> {
    if (this.#child?.isRunning() !== true) return;
    this.#child.signal("SIGINT");
    await this.#child.exited;
  }

  async kill(): Promise<void> {
    if (this.#child?.isRunning() !== true) return;
    this.resume();
    // SIGQUIT is "as after a crash", and takes the children along; SIGKILL of the first process alone would leave them.
    for (const pid of this.#processes()) signalIfThere(pid, "SIGKILL");
    await this.#child.exited;
  }

  pause(): void {
    for (const pid of this.#processes()) signalIfThere(pid, "SIGSTOP");
  }

  resume(): void {
    for (const pid of this.#processes()) signalIfThere(pid, "SIGCONT");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The postmaster first: while it stands still it starts no others. */
  #processes(): number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "latin1").trim();
    return [
      this.pid,
      ...children
        .split(" ")
        .filter((pid) => pid !== "")
        .map(Number),
    ];
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function template(): Promise<string> {
  const initdb = join(postgresqlPrograms(), "initdb");
  const version = spawnSync(initdb, ["--version"], { encoding: "utf8" }).stdout;
  return templateFolder("postgresql", `${version} ${hostBasedAccess} ${isRoot}`, async (folder) => {
    await giveToPostgres(folder);
    const wanted = ["-D", folder, "-U", "root", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"];
    const [command, ...args] = [...asPostgres, initdb, ...wanted];
    await run(command as string, args, { env: { ...process.env, LC_ALL: "C.UTF-8" } });
    await writeFile(join(folder, "pg_hba.conf"), hostBasedAccess);
  });
}

async function copyOf(primary: Postgresql, folder: string): Promise<void> {
  const programs = postgresqlPrograms();
  const from = ["-h", primary.folder, "-p", String(primary.port), "-U", "root"];
  const wanted = ["-D", join(folder, "data"), "-X", "stream", "-c", "fast", "--no-sync", "-R"];
  const [command, ...args] = [...asPostgres, join(programs, "pg_basebackup"), ...from, ...wanted];
  await run(command as string, args);
}

async function giveToPostgres(path: string): Promise<void> {
  if (!isRoot) return;
  const [uid, gid] = ["-u", "-g"].map((what) =>
    Number(spawnSync("id", [what, "postgres"], { encoding: "utf8" }).stdout),
  );
  await chown(path, uid as number, gid as number);
}

async function certificates(folder: string): Promise<string[]> {
  await makeAuthority(folder);
  const { certFile, keyFile } = await makeCertificate(folder);
  await giveToPostgres(keyFile);
  return ["ssl = on", `ssl_cert_file = '${certFile}'`, `ssl_key_file = '${keyFile}'`];
}
