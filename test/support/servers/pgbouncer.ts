/** Runs a private PgBouncer in transaction mode: each statement may get another backend of PostgreSQL. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { freePort, isListening } from "./ports.ts";
import type { Postgresql } from "./postgresql.ts";
import { startChild, stopChild } from "./processes.ts";

/** A pooler in front of one server. */
export interface Pgbouncer {
  readonly port: number;
  remove(): Promise<void>;
}

/** Starts it. `users` are the accounts that may log in, with their passwords. */
export async function startPgbouncer(
  server: Postgresql,
  users: Readonly<Record<string, string>>,
  backends = 2,
): Promise<Pgbouncer> {
  const directory = await makeDirectory("pgbouncer");
  const port = await freePort();
  const at = (name: string) => join(directory.path, name);
  await writeFile(
    at("users"),
    Object.entries(users)
      .map(([user, password]) => `"${user}" "${password}"\n`)
      .join(""),
  );
  await writeFile(
    at("pgbouncer.ini"),
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${at("users")}
pool_mode = transaction
default_pool_size = ${backends}
`,
  );
  const asPostgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
  const isRoot = process.getuid?.() === 0;
  const [command, ...args] = isRoot ? ["setpriv", ...asPostgres, "pgbouncer"] : ["pgbouncer"];
  const child = startChild(command as string, [...args, at("pgbouncer.ini")]);
  await waitUntil("pgbouncer to listen", async () => {
    if (!child.isRunning()) throw new Error(`pgbouncer ended at once: ${child.stderr()}`);
    return isListening(port);
  });
  return {
    port,
    async remove() {
      await stopChild(child);
      await directory.remove();
    },
  };
}
