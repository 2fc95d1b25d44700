/** Whether Postfix may connect to a unix socket: search permission on every directory, write permission on the socket. */
import { dirname } from "node:path/posix";
import type { Account, FileStatus, Observations } from "./observations.ts";

/** What keeps Postfix out. */
export interface Denial {
  readonly path: string;
  readonly isSocket: boolean;
}

/**
 * Lists the directories on the way to a socket, and the socket.
 *
 * @param base where the way begins: the queue directory for a relative path or in a chroot, else `/`
 */
export function stepsTo(socket: string, base: string): string[] {
  const steps = [socket];
  for (let path = dirname(socket); ; path = dirname(path)) {
    steps.unshift(path);
    if (path === base || path === "/") return steps;
  }
}

/** Finds the first step that the account may not take; `undefined` when all may be taken, or what is there is not known. */
export function denialOn(steps: readonly string[], { account, files }: Observations): Denial | undefined {
  if (account === undefined || account.uid === 0) return undefined;
  const socket = steps.at(-1);
  const denied = steps.find((path) => !mayPass(files.get(path), account, path === socket ? 0o2 : 0o1));
  return denied === undefined ? undefined : { path: denied, isSocket: denied === socket };
}

function mayPass(status: FileStatus | undefined, { uid, gids }: Account, wanted: number): boolean {
  if (status === undefined || status.kind === "absent" || status.kind === "hidden") return true;
  const { mode } = status;
  if (status.uid === uid) return ((mode >> 6) & wanted) !== 0;
  return ((gids.includes(status.gid) ? mode >> 3 : mode) & wanted) !== 0;
}
