/** Sockets that systemd passes (sd_listen_fds(3)), and what it is told (sd_notify(3)). */
import { execFile } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import { type Endpoint, formatEndpoint } from "../model/settings.ts";

// SD_LISTEN_FDS_START
const firstPassedFd = 3;

/** Listening sockets inherited from systemd, by the endpoint they are bound to (`formatEndpoint`). */
export type InheritedSockets = Map<string, number>;

/**
 * Finds the sockets that systemd passed to this process.
 *
 * @param firstFd where they begin: 3, but for a test that has other files there
 * @returns none unless `LISTEN_PID` names this process
 */
export function inheritedSockets(env: NodeJS.ProcessEnv, pid: number, firstFd = firstPassedFd): InheritedSockets {
  const sockets: InheritedSockets = new Map();
  if (env["LISTEN_PID"] !== String(pid)) return sockets;
  const count = Number(env["LISTEN_FDS"] ?? 0);
  for (let fd = firstFd; fd < firstFd + count; fd++) {
    const endpoint = endpointOf(fd);
    if (endpoint !== undefined) sockets.set(formatEndpoint(endpoint), fd);
  }
  return sockets;
}

/**
 * Reads what a listening socket is bound to from /proc, since Node can tell only for TCP and only after listening. From
 * below /proc/self, since `ProcSubset=pid` of the unit hides /proc/net.
 */
function endpointOf(fd: number): Endpoint | undefined {
  const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  if (inode === undefined) return undefined;
  const unixLine = procLines("/proc/self/net/unix").find((fields) => fields[6] === inode);
  if (unixLine?.[7] !== undefined) return { kind: "unix", path: unixLine[7] };
  for (const table of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    const line = procLines(table).find((fields) => fields[9] === inode);
    if (line?.[1] !== undefined) return inetEndpoint(line[1]);
  }
  return undefined;
}

function procLines(path: string): string[][] {
  try {
    return readFileSync(path, "latin1")
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
  } catch {
    // A kernel without IPv6 has no tcp6 table.
    return [];
  }
}

/** Reads `0100007F:2328` (proc(5), /proc/net/tcp): each 32-bit word of the address in host byte order. */
function inetEndpoint(text: string): Endpoint {
  const [address = "", port = ""] = text.split(":");
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) {
    return {
      kind: "inet",
      host: bytes.map((byte) => Number.parseInt(byte, 16)).join("."),
      port: Number.parseInt(port, 16),
    };
  }
  const groups = (bytes.join("").match(/.{4}/g) ?? []).join(":");
  // SocketAddress writes IPv6 in the short form that an administrator writes.
  return {
    kind: "inet",
    host: new net.SocketAddress({ family: "ipv6", address: groups }).address,
    port: Number.parseInt(port, 16),
  };
}

/** Tells systemd about the state of the daemon; does nothing when it did not ask. */
export class Notifier {
  readonly #isAsked: boolean;
  readonly #onError: (error: Error) => void;

  /** @param onError called when systemd-notify(1) cannot be run */
  constructor(env: NodeJS.ProcessEnv, onError: (error: Error) => void) {
    this.#isAsked = env["NOTIFY_SOCKET"] !== undefined;
    this.#onError = onError;
  }

  /**
   * Sends assignments such as `READY=1`. Node cannot send unix datagrams, so systemd-notify(1) does; the unit needs
   * `NotifyAccess=all` (docs/decisions/0003-systemd-notify.md).
   *
   * @returns when they were sent, or could not be
   */
  notify(...assignments: string[]): Promise<void> {
    if (!this.#isAsked) return Promise.resolve();
    return new Promise((resolve) => {
      execFile("systemd-notify", assignments, { timeout: 5_000 }, (error) => {
        if (error !== null) this.#onError(error);
        resolve();
      });
    });
  }
}

/**
 * How often systemd wants a sign of life, in milliseconds: half of what it allows (sd_watchdog_enabled(3)).
 *
 * @returns `undefined` when it wants none, or not of this process
 */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const timeoutUs = Number(env["WATCHDOG_USEC"] ?? 0);
  const isOurs = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(pid);
  return timeoutUs > 0 && isOurs ? timeoutUs / 2000 : undefined;
}
