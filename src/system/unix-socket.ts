/** Binding a unix socket: a stale one is replaced, a live one is not; its mode and group are set before anyone can connect. */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, unlinkSync } from "node:fs";
import net from "node:net";
import { ListenError } from "./errno.ts";

/**
 * Makes way for a socket at `path`: removes one that nobody listens on.
 *
 * @throws {ListenError} when a server answers there, or when something else than a socket has the name
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new ListenError(`unix:${path}`, "a file that is no socket has this name; remove it");
  if (await isAlive(path)) throw new ListenError(`unix:${path}`, "another server listens there; stop it first");
  unlinkSync(path);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // A full queue (EAGAIN) is a live server too; only a refused connection proves that nobody listens.
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

/**
 * Binds with no permissions for others, then opens the socket to its group and mode.
 *
 * @param listen binds synchronously
 */
export function bindUnixSocket(path: string, mode: number, group: string | undefined, listen: () => void): void {
  const umask = process.umask(0o177);
  try {
    listen();
  } finally {
    process.umask(umask);
  }
  if (group !== undefined) chownSync(path, process.getuid?.() ?? -1, groupId(group));
  chmodSync(path, mode);
}

/** Changes mode and group of a socket that is bound; without a group it gets that of the process. */
export function setAccess(path: string, mode: number, group: string | undefined): void {
  const id = group === undefined ? process.getgid?.() : groupId(group);
  chownSync(path, process.getuid?.() ?? -1, id ?? -1);
  chmodSync(path, mode);
}

/** Looks a group up where the system does (`getent`), since Node cannot. */
function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const { stdout } = spawnSync("getent", ["group", group], { encoding: "utf8" });
  const id = stdout?.split(":")[2];
  if (id === undefined) throw new Error(`there is no group "${group}"`);
  return Number(id);
}
