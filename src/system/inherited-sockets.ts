/**
 * Listening sockets that systemd passes (sd_listen_fds(3)), and the listeners that they fit.
 *
 * What a unit calls a socket (FileDescriptorName=) is only repeated in messages: it cannot hold a colon, so it is never what a
 * listener is called.
 */
import { lookup } from "node:dns/promises";
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
import net from "node:net";
import { basename, dirname, join } from "node:path";
import { type Endpoint, formatEndpoint } from "../model/settings.ts";

// SD_LISTEN_FDS_START
const firstPassedFd = 3;

/** A file that systemd passed. */
export interface PassedFile {
  readonly fd: number;
  /** What its unit calls it; `undefined` when systemd did not say. */
  readonly name: string | undefined;
}

/** One that is a listening socket. */
export interface InheritedSocket extends PassedFile {
  /** What it is bound to. */
  readonly endpoint: Endpoint;
}

/** All that was passed. */
export interface Inherited {
  readonly sockets: readonly InheritedSocket[];
  /** No listening sockets, or not there at all. */
  readonly unusable: readonly PassedFile[];
}

/** A listener's endpoint and the socket that serves it. */
export interface Fit {
  readonly endpoint: Endpoint;
  readonly socket: InheritedSocket;
  /** The socket takes connections on every address, the listener names one. */
  readonly isWider: boolean;
}

/**
 * Finds the sockets that systemd passed to this process.
 *
 * @param firstFd where they begin: 3, but for a test that has other files there
 * @returns none unless `LISTEN_PID` names this process
 */
export function inheritedSockets(env: NodeJS.ProcessEnv, pid: number, firstFd = firstPassedFd): Inherited {
  const sockets: InheritedSocket[] = [];
  const unusable: PassedFile[] = [];
  const count = env["LISTEN_PID"] === String(pid) ? Number(env["LISTEN_FDS"] ?? 0) : 0;
  const names = env["LISTEN_FDNAMES"]?.split(":") ?? [];
  for (let i = 0; i < count; i++) {
    const file = { fd: firstFd + i, name: names[i] };
    const endpoint = endpointOf(file.fd);
    if (endpoint === undefined) unusable.push(file);
    else sockets.push({ ...file, endpoint });
  }
  return { sockets, unusable };
}

/**
 * Finds for each endpoint the socket that serves it: bound to the same address, be it by another name (`localhost`, a path through
 * a symbolic link), else to every address of the same port. Each socket serves one endpoint, the one that it fits best.
 */
export async function fitSockets(
  endpoints: readonly Endpoint[],
  sockets: readonly InheritedSocket[],
): Promise<readonly Fit[]> {
  if (sockets.length === 0) return [];
  const addresses = await Promise.all(endpoints.map(addressesOf));
  const candidates = endpoints
    .flatMap((endpoint, i) =>
      sockets.map((socket) => ({ endpoint, socket, rank: rank(socket, endpoint, addresses[i]) })),
    )
    .sort((one, other) => one.rank - other.rank);
  const fits: Fit[] = [];
  for (const { endpoint, socket, rank } of candidates) {
    if (rank === Number.POSITIVE_INFINITY) break;
    if (fits.some((fit) => fit.endpoint === endpoint || fit.socket === socket)) continue;
    fits.push({ endpoint, socket, isWider: rank >= wildcardRank });
  }
  return fits;
}

const wildcardRank = 2;

/** How far the socket is from the endpoint; infinite when it does not serve it. */
function rank({ endpoint: bound }: InheritedSocket, wanted: Endpoint, addresses: readonly string[] = []): number {
  if (formatEndpoint(bound) === formatEndpoint(wanted)) return 0;
  if (bound.kind === "unix") return addresses.includes(realPath(bound.path)) ? 1 : Number.POSITIVE_INFINITY;
  if (wanted.kind === "unix" || bound.port !== wanted.port) return Number.POSITIVE_INFINITY;
  if (addresses.includes(bound.host)) return 1;
  if (bound.host === "0.0.0.0" && addresses.some((address) => net.isIPv4(address))) return wildcardRank;
  // After 0.0.0.0: with BindIPv6Only=ipv6-only it takes no IPv4, and then there is a socket of the other kind beside it.
  return bound.host === "::" ? wildcardRank + 1 : Number.POSITIVE_INFINITY;
}

/** What the endpoint comes down to: addresses of the host, or the path without symbolic links. */
async function addressesOf(endpoint: Endpoint): Promise<readonly string[]> {
  if (endpoint.kind === "unix") return [realPath(endpoint.path)];
  if (net.isIP(endpoint.host) !== 0) return [endpoint.host];
  try {
    return (await lookup(endpoint.host, { all: true })).map(({ address }) => address);
  } catch {
    // Whoever binds it will say that there is no such host.
    return [];
  }
}

function realPath(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/**
 * Reads what a listening socket is bound to from /proc, since Node can tell only for TCP and only after listening. From
 * below /proc/self, since `ProcSubset=pid` of the unit hides /proc/net.
 */
function endpointOf(fd: number): Endpoint | undefined {
  const inode = /^socket:\[(\d+)\]$/.exec(linkOf(fd))?.[1];
  if (inode === undefined) return undefined;
  const unixLine = procLines("/proc/self/net/unix").find((fields) => fields[6] === inode);
  if (unixLine?.[7] !== undefined) return isAccepting(unixLine) ? { kind: "unix", path: unixLine[7] } : undefined;
  for (const table of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    const line = procLines(table).find((fields) => fields[9] === inode);
    // 0A is TCP_LISTEN: a unit with Accept=yes passes a connection instead.
    if (line?.[1] !== undefined) return line[3] === "0A" ? inetEndpoint(line[1]) : undefined;
  }
  return undefined;
}

/** Whether the line of /proc/net/unix has __SO_ACCEPTCON among its flags. */
function isAccepting(fields: readonly string[]): boolean {
  return (Number.parseInt(fields[3] ?? "", 16) & 0x1_0000) !== 0;
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // LISTEN_FDS promised more files than there are.
    return "";
  }
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
