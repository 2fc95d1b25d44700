/** What must hold between keys, once each has been read by itself: listeners, limits, maps, the admin endpoint. */
import { isIPv4 } from "node:net";
import { nearestOrKnown } from "../model/nearest.ts";
import { type Endpoint, formatEndpoint } from "../model/settings.ts";
import { formatDuration } from "./duration.ts";
import { quote } from "./mismatch.ts";
import type { Problems } from "./problems.ts";
import type { ConfigDraft } from "./schema.ts";

type MapDraft = ConfigDraft["maps"] extends ReadonlyMap<string, infer M> ? M : never;

/** Checks listeners, maps and the admin endpoint against each other. Sources have their own file. */
export function checkWhole(draft: ConfigDraft, findings: Problems): void {
  checkThereIsSomething(draft, findings);
  checkEndpoints(draft, findings);
  checkListeners(draft, findings);
  checkMaps(draft, findings);
  checkTimeouts(draft, findings);
  checkReach(draft, findings);
}

function checkThereIsSomething(draft: ConfigDraft, findings: Problems): void {
  const missing = (what: string, isMissing: boolean, example: string) => {
    // A wrong shape has been reported already: "at least one" would only say it again.
    if (isMissing && !findings.hasProblemUnder(what))
      findings.problem(what, `at least one is needed, such as ${example}`);
  };
  missing("listeners", draft.listeners.length === 0, '- { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }');
  missing("maps", draft.maps.size === 0, "senders: { source: mail }");
  missing("sources", draft.sources.size === 0, "mail: { driver: mysql, database: vmail, preset: postfixadmin }");
}

function checkEndpoints(draft: ConfigDraft, findings: Problems): void {
  const seen = new Map<string, string>();
  const all: [string, Endpoint | undefined][] = [
    ["admin.endpoint", draft.admin.endpoint],
    ...draft.listeners.map(({ endpoint }, i): [string, Endpoint | undefined] => [`listeners[${i}].endpoint`, endpoint]),
  ];
  for (const [path, endpoint] of all) {
    if (endpoint === undefined || (endpoint.kind === "inet" && endpoint.port === 0)) continue;
    const text = formatEndpoint(endpoint);
    const earlier = seen.get(text);
    if (earlier === undefined) seen.set(text, path);
    else findings.problem(path, `${text} is taken by ${earlier}`);
  }
}

function checkListeners(draft: ConfigDraft, findings: Problems): void {
  draft.listeners.forEach((listener, i) => {
    const path = `listeners[${i}]`;
    checkMapOf(listener, path, draft, findings);
    checkMilterKeys(listener, path, findings);
    checkAccessOf(listener, path, findings);
  });
}

type ListenerDraft = ConfigDraft["listeners"][number];

function checkMapOf({ protocol, map }: ListenerDraft, path: string, draft: ConfigDraft, findings: Problems): void {
  if (protocol === "socketmap" && map !== undefined) {
    findings.problem(`${path}.map`, "is for tcp_table and milter: a socketmap client names the map itself");
  }
  if (protocol !== "tcp_table" && protocol !== "milter") return;
  if (map === undefined) {
    const message =
      protocol === "milter"
        ? "map is required: the map whose owners messages are held to"
        : "map is required: tcp_table queries carry no map name, so this listener needs its own";
    if (!findings.hasProblemUnder(`${path}.map`)) findings.problem(path, message);
  } else if (!draft.maps.has(map)) {
    findings.problem(`${path}.map`, `there is no map ${quote(map)}${nearestOrKnown(map, draft.maps.keys())}`);
  }
}

function checkMilterKeys({ protocol }: ListenerDraft, path: string, findings: Problems): void {
  if (protocol === undefined || protocol === "milter") return;
  for (const key of ["action", "resent"]) {
    if (findings.isGiven(`${path}.${key}`)) findings.problem(`${path}.${key}`, "is for milter listeners");
  }
}

function checkAccessOf({ endpoint, mode }: ListenerDraft, path: string, findings: Problems): void {
  if (endpoint?.kind === "unix" && mode !== undefined) checkMode(`${path}.mode`, mode, findings);
  if (endpoint?.kind !== "inet") return;
  for (const key of ["mode", "group"]) {
    if (findings.isGiven(`${path}.${key}`)) findings.problem(`${path}.${key}`, "is for unix endpoints");
  }
}

function checkMode(path: string, mode: number, findings: Problems): void {
  if ((mode & 0o222) === 0) findings.problem(path, "nobody could connect: connecting needs the write permission");
  else if ((mode & 0o002) !== 0) findings.warning(path, "every user of this machine can ask who owns an address");
}

function checkMaps(draft: ConfigDraft, findings: Problems): void {
  const used = new Set<string>();
  for (const [name, map] of draft.maps) {
    const path = `maps.${name}`;
    checkWhichSources(path, map, findings);
    const one: [string, string | undefined] = [`${path}.source`, map.source];
    const several = map.sources.map((source, i): [string, string] => [`${path}.sources[${i}]`, source]);
    const named = map.source === undefined ? several : [one];
    for (const [place, source] of named) {
      if (source === undefined) continue;
      used.add(source);
      if (draft.sources.has(source)) continue;
      findings.problem(place, `there is no source ${quote(source)}${nearestOrKnown(source, draft.sources.keys())}`);
    }
  }
  for (const name of draft.sources.keys()) {
    if (!used.has(name)) findings.warning(`sources.${name}`, "no map uses this source");
  }
}

function checkWhichSources(path: string, map: MapDraft, findings: Problems): void {
  const hasOne = findings.isGiven(`${path}.source`);
  if (hasOne && findings.isGiven(`${path}.sources`)) {
    findings.problem(`${path}.sources`, "only one of source and sources can be given");
  } else if (!hasOne && map.sources.length === 0 && !findings.hasProblemUnder(`${path}.sources`)) {
    findings.problem(path, "source is required, or sources: which of the sources answers?");
  }
  const twice = map.sources.find((source, i) => map.sources.indexOf(source) !== i);
  if (twice !== undefined) findings.problem(`${path}.sources`, `${quote(twice)} stands there twice`);
  if (findings.isGiven(`${path}.combine`) && map.sources.length < 2) {
    findings.warning(`${path}.combine`, "has no effect: there is one source");
  }
}

function checkTimeouts(draft: ConfigDraft, findings: Problems): void {
  const lookupMs = draft.limits.lookup_timeout;
  if (lookupMs === undefined) return;
  for (const [name, source] of draft.sources) {
    for (const key of ["query_timeout", "connect_timeout"] as const) {
      const timeoutMs = source[key];
      if (timeoutMs === undefined || timeoutMs <= lookupMs) continue;
      findings.warning(
        `sources.${name}.${key}`,
        `${formatDuration(timeoutMs)} is longer than limits.lookup_timeout (${formatDuration(lookupMs)}), which ends the lookup first`,
      );
    }
  }
}

/** Warns of what the network can reach or read: neither protocol has a password, the admin endpoint speaks plain HTTP. */
function checkReach(draft: ConfigDraft, findings: Problems): void {
  draft.listeners.forEach(({ endpoint }, i) => {
    if (endpoint === undefined || isLocal(endpoint)) return;
    findings.warning(
      `listeners[${i}].endpoint`,
      "whoever reaches it over the network can ask who owns an address: use a firewall",
    );
  });
  for (const [name, { hosts, tls }] of draft.sources) {
    if (tls !== undefined || hosts.every(isLocal)) continue;
    findings.warning(
      `sources.${name}.hosts`,
      "answers cross the network unencrypted, and whoever stands in between can change them: give tls",
    );
  }
  const { endpoint, token, token_file } = draft.admin;
  if (endpoint === undefined || isLocal(endpoint)) return;
  const hasToken = token !== undefined || token_file !== undefined;
  findings.warning(
    "admin.endpoint",
    hasToken
      ? "the token and the answers cross the network unencrypted: put a TLS proxy before it, or listen on 127.0.0.1"
      : "whoever reaches it over the network can read the metrics: use a firewall, or listen on 127.0.0.1",
  );
}

function isLocal(endpoint: Endpoint): boolean {
  if (endpoint.kind === "unix" || endpoint.host === "localhost" || endpoint.host === "::1") return true;
  return isIPv4(endpoint.host) && endpoint.host.startsWith("127.");
}
