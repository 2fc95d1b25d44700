/** The servers that are compared, each with the same listeners. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProtocolName } from "../../src/model/query.ts";
import { type DaemonConfig, startDaemon } from "../support/servers/daemon.ts";
import type { Mariadb } from "../support/servers/mariadb.ts";
import { freePorts, isListening } from "../support/servers/ports.ts";
import { startChild, stopChild } from "../support/servers/processes.ts";
import { waitUntil } from "../support/wait.ts";
import { account } from "./database.ts";
import type { Target } from "./load-job.ts";
import { constantReply, mapName } from "./workload.ts";

/** How a client reaches a server. tcp_table has no unix sockets in Postfix, so neither here. */
export type Way = "socketmap unix" | "socketmap tcp" | "tcp_table tcp";

/** Every way. */
export const ways: readonly Way[] = ["socketmap unix", "socketmap tcp", "tcp_table tcp"];

/** The protocol of a way. */
export function protocolOf(way: Way): ProtocolName {
  return way === "tcp_table tcp" ? "tcp_table" : "socketmap";
}

/** A running server. */
export interface Server {
  readonly name: "loginmapd" | "bare Node" | "C limit";
  readonly pid: number;
  readonly targets: Readonly<Record<Way, Target>>;
  /** Whether it answers the same to everything. */
  readonly isConstant: boolean;
  stop(): Promise<void>;
}

/** A running loginmapd. */
export interface Loginmapd extends Server {
  readonly adminPort: number;
  /** Empties its cache. */
  flush(): Promise<void>;
  /** The value of one sample of its metrics, such as `loginmapd_source_up{source="mail"}`. */
  metric(sample: string): Promise<number>;
}

/** Where a server listens. */
export interface Places {
  readonly targets: Record<Way, Target>;
  readonly socket: string;
  readonly socketmapPort: number;
  readonly tcpTablePort: number;
  readonly adminPort: number;
}

/** Finds free ports and a socket path for a server. */
export async function findPlaces(folder: string, name: string): Promise<Places> {
  const socket = join(folder, `${name}.sock`);
  const [socketmapPort, tcpTablePort, adminPort] = (await freePorts(3)) as [number, number, number];
  const targets = {
    "socketmap unix": { path: socket },
    "socketmap tcp": { port: socketmapPort },
    "tcp_table tcp": { port: tcpTablePort },
  };
  return { targets, socket, socketmapPort, tcpTablePort, adminPort };
}

const token = "token-of-the-benchmark";

/** What a suite wants otherwise; everything else is as loginmapd comes. */
export interface LoginmapdOverrides {
  readonly cache?: Readonly<Record<string, number | string>>;
  /** A table file of Postfix as the source, in place of our own schema and its queries. */
  readonly postfixCf?: string;
  /** Follows the source. */
  readonly listingInterval?: string;
}

/** The configuration of loginmapd in the benchmark: its own schema, its defaults, metrics on. */
export function loginmapdConfig(mariadb: Mariadb, places: Places, overrides: LoginmapdOverrides): DaemonConfig {
  const { cache = {}, postfixCf, listingInterval = "off" } = overrides;
  const hosts = [`unix:${mariadb.socket}`];
  return {
    listeners: [
      { protocol: "socketmap", endpoint: `unix:${places.socket}` },
      { protocol: "socketmap", endpoint: `inet:127.0.0.1:${places.socketmapPort}` },
      { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${places.tcpTablePort}`, map: mapName },
    ],
    admin: { endpoint: `inet:127.0.0.1:${places.adminPort}`, token },
    maps: { [mapName]: { source: "mail" } },
    sources: {
      mail:
        postfixCf === undefined
          ? {
              driver: "mysql",
              hosts,
              ...account,
              database: mariadb.database,
              preset: "native",
              listing_interval: listingInterval,
            }
          : { postfix_cf: postfixCf },
    },
    cache,
  };
}

/** Starts the built loginmapd on the database. */
export async function startLoginmapd(
  folder: string,
  mariadb: Mariadb,
  overrides: LoginmapdOverrides = {},
  name = "loginmapd",
): Promise<Loginmapd> {
  const places = await findPlaces(folder, name);
  const { targets, adminPort } = places;
  const daemon = await startDaemon({
    config: loginmapdConfig(mariadb, places, overrides),
    listening: [places.socket, places.socketmapPort, places.tcpTablePort, adminPort],
  });
  const url = `http://127.0.0.1:${adminPort}`;
  await waitUntil("loginmapd to be ready", async () => (await fetch(`${url}/readyz`)).ok);
  return {
    name: "loginmapd",
    pid: daemon.pid,
    targets,
    isConstant: false,
    adminPort,
    async flush() {
      const response = await fetch(`${url}/v1/cache/flush`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ all: true }),
      });
      if (!response.ok) throw new Error(`flush: ${response.status} ${await response.text()}`);
    },
    async metric(sample) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const line = text.split("\n").find((candidate) => candidate.startsWith(`${sample} `));
      if (line === undefined) throw new Error(`no metric ${sample}`);
      return Number(line.slice(sample.length + 1));
    },
    stop: () => daemon.stop(),
  };
}

/** Starts the reference that answers a constant on `data` events. */
export async function startBareNode(folder: string): Promise<Server> {
  const places = await findPlaces(folder, "bare-node");
  const program = fileURLToPath(new URL("bare-node.mjs", import.meta.url));
  const [socketmap, tcpTable] = [constantReply("socketmap"), constantReply("tcp_table")];
  const words = [socketmap, places.socket, socketmap, `${places.socketmapPort}`, tcpTable, `${places.tcpTablePort}`];
  return reference("bare Node", true, places, process.execPath, [program, ...words]);
}

/** Starts the reference in C, which knows this many mailboxes. */
export async function startLimit(folder: string, program: string, mailboxes: number): Promise<Server> {
  const places = await findPlaces(folder, "limit");
  const { socket, socketmapPort, tcpTablePort } = places;
  const words = ["socketmap", socket, "socketmap", `${socketmapPort}`, "tcp_table", `${tcpTablePort}`];
  return reference("C limit", false, places, program, [`${mailboxes}`, ...words]);
}

async function reference(
  name: "bare Node" | "C limit",
  isConstant: boolean,
  places: Places,
  command: string,
  args: readonly string[],
): Promise<Server> {
  const child = startChild(command, args);
  await waitUntil(`${name} to listen`, async () => {
    if (!child.isRunning()) throw new Error(`${name} ended: ${child.stderr()}`);
    return child.stdout().includes("ready") && (await isListening(places.tcpTablePort));
  });
  return {
    name,
    pid: child.pid,
    targets: places.targets,
    isConstant,
    stop: async () => void (await stopChild(child)),
  };
}
