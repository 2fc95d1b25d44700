/**
 * The tables of `smtpd_sender_login_maps` that loginmapd can answer, and where a process of Postfix looks for them.
 *
 * @see socketmap_table(5), tcp_table(5), proxymap(8)
 */

import { splitNested } from "../model/postfix-list.ts";
import type { ProtocolName } from "../model/query.ts";
import type { Endpoint, ListenerSettings, Settings } from "../model/settings.ts";
import { formatEndpoint } from "../model/settings.ts";
import type { PostfixConfig, Service } from "./postfix.ts";

/** One table. */
export interface Table {
  /** As main.cf has it, `proxy:` included. */
  readonly text: string;
  readonly isProxied: boolean;
  readonly protocol: ProtocolName;
  /** As written: a unix path may be relative. `undefined` when it cannot be read. */
  readonly endpoint: Endpoint | undefined;
  /** Empty for tcp_table, which carries none, and when it is missing. */
  readonly map: string;
}

/** Reads every socketmap and tcp table of the parameter, those in `unionmap:{...}` too. */
export function tablesOf(service: Service): Table[] {
  return splitNested(service.value("smtpd_sender_login_maps")).flatMap((word): Table[] => {
    const [, proxy, type, rest = ""] = /^(proxy:)*(socketmap|tcp):(.*)$/s.exec(word) ?? [];
    if (type === undefined) return [];
    const isProxied = proxy !== undefined;
    if (type === "tcp") {
      return [{ text: word, isProxied, protocol: "tcp_table", endpoint: parseInet(rest), map: "" } as const];
    }
    const [, place = rest, map = ""] = /^(.*):([^:/\]]*)$/s.exec(rest) ?? [];
    const isComplete = map !== "" && place.includes(":");
    return [
      {
        text: word,
        isProxied,
        protocol: "socketmap",
        endpoint: parsePlace(place),
        map: isComplete ? map : "",
      } as const,
    ];
  });
}

function parsePlace(text: string): Endpoint | undefined {
  if (text.startsWith("unix:") && text.length > "unix:".length) return { kind: "unix", path: text.slice(5) };
  return text.startsWith("inet:") ? parseInet(text.slice(5)) : undefined;
}

/** Reads `host:port`, with the host in brackets or not. */
export function parseInet(text: string): Endpoint | undefined {
  const [, host, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (host === undefined || host === "") return undefined;
  return { kind: "inet", host: host.replace(/^\[(.*)\]$/, "$1").toLowerCase(), port: Number(port) };
}

/** The process that connects to the table: smtpd itself, or proxymap. */
export function clientOf(
  table: Table,
  service: Service,
  { proxymap }: PostfixConfig,
): { readonly isChrooted: boolean } {
  return table.isProxied ? (proxymap ?? { isChrooted: false }) : service;
}

/**
 * Where a path of Postfix's configuration leads, seen from outside of any chroot.
 *
 * Every process works in the queue directory, and a chrooted one has it as its root.
 */
export function pathSeenFrom(path: string, isChrooted: boolean, queueDirectory: string): string {
  if (path.startsWith("/") && !isChrooted) return path;
  return `${queueDirectory}/${path}`.replaceAll(/\/{2,}/g, "/");
}

/** Finds the listener that binds an endpoint; one on every address (0.0.0.0) is found for any numeric one. */
export function listenerAt(
  endpoint: Endpoint,
  { listeners }: Pick<Settings, "listeners">,
): ListenerSettings | undefined {
  return listeners.find(({ endpoint: ours }) => {
    if (ours.kind === "unix" || endpoint.kind === "unix") return formatEndpoint(ours) === formatEndpoint(endpoint);
    const isHost = ours.host === endpoint.host || /^(0\.0\.0\.0|::)$/.test(ours.host) || isLoopbackPair(ours, endpoint);
    return isHost && ours.port === endpoint.port;
  });
}

function isLoopbackPair(a: { readonly host: string }, b: { readonly host: string }): boolean {
  const isLoopback = ({ host }: { readonly host: string }) => /^(localhost|127\.0\.0\.1|::1)$/.test(host);
  return isLoopback(a) && isLoopback(b) && (a.host === "localhost" || b.host === "localhost");
}

/**
 * Writes the table that reaches our daemon best, as `smtpd_sender_login_maps` would name it: a socket below the queue
 * directory serves smtpd in a chroot and outside of it; socketmap goes before tcp.
 */
export function recommendedTable(settings: Settings, { queueDirectory }: PostfixConfig, wanted = ""): string {
  const map = wanted in settings.maps ? wanted : defaultMap(settings);
  const below = `${queueDirectory}/`;
  const candidates = settings.listeners
    .filter(({ protocol }) => protocol !== "milter")
    .map((listener) => ({ listener, rank: rankOf(listener, below) }));
  const [best] = candidates.toSorted((a, b) => a.rank - b.rank);
  if (best === undefined) return `socketmap:inet:127.0.0.1:9000:${map}`;
  const { protocol, endpoint } = best.listener;
  const place =
    endpoint.kind === "unix"
      ? `unix:${endpoint.path.startsWith(below) ? endpoint.path.slice(below.length) : endpoint.path}`
      : formatEndpoint({ ...endpoint, host: endpoint.host.replace(/^(0\.0\.0\.0|localhost)$/, "127.0.0.1") });
  return protocol === "socketmap" ? `socketmap:${place}:${map}` : `tcp:${place.replace(/^inet:/, "")}`;
}

function rankOf({ protocol, endpoint }: ListenerSettings, below: string): number {
  if (protocol === "tcp_table") return endpoint.kind === "inet" ? 2 : 4;
  if (endpoint.kind === "inet") return 1;
  return endpoint.path.startsWith(below) ? 0 : 3;
}

function defaultMap({ maps }: Settings): string {
  return "senders" in maps ? "senders" : (Object.keys(maps)[0] ?? "senders");
}
