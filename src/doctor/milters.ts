/** The milters of a service that are listeners of ours, and the lines that make it ask one. */
import { dirname } from "node:path";
import { type Endpoint, formatEndpoint, type ListenerSettings } from "../model/settings.ts";
import type { Change } from "./finding.ts";
import type { Patient } from "./observations.ts";
import type { PostfixConfig, Service } from "./postfix.ts";
import { listenerAt, parseInet, pathSeenFrom } from "./table.ts";

/** One milter of a service that is one of our listeners. */
export interface AskedMilter {
  readonly listener: ListenerSettings;
  /** What Postfix does while it is away: of its own, else of the service. */
  readonly defaultAction: string;
  /** The words of `smtpd_milters` that name it. */
  readonly text: string;
}

/** Gives each milter of a service as it is written: a place, or braces with options of its own (Postfix 3.0). */
export function milterWords(service: Service): string[] {
  return service.value("smtpd_milters").match(/\{[^}]*\}|[^\s,{}]+/g) ?? [];
}

/** Finds those that are ours: of our configuration, or of a line that the doctor gave. */
export function askedMilters(service: Service, { postfix, settings, added = [] }: Patient): AskedMilter[] {
  const ours = [...settings.listeners, ...added].filter(({ protocol }) => protocol === "milter");
  return milterWords(service).flatMap((text) => {
    const endpoint = endpointOf(text, service, postfix);
    const found = endpoint && listenerAt(endpoint, { listeners: ours });
    const [, own] = /default_action\s*=\s*(\w+)/.exec(text) ?? [];
    const defaultAction = own ?? service.value("milter_default_action");
    return found === undefined ? [] : [{ listener: found, defaultAction, text }];
  });
}

/** What makes a service ask a milter of ours. */
export interface AskingLines {
  /** The milter that it asks then. */
  readonly listener: ListenerSettings;
  readonly changes: readonly Change[];
}

/** Gives the lines for a service that asks none; our configuration gets a listener where it has none, which only looks on. */
export function linesToAsk(service: Service, patient: Patient): AskingLines {
  const { postfix, settings } = patient;
  const configured = settings.listeners.find(({ protocol }) => protocol === "milter");
  const listener = configured ?? proposedListener(service, patient);
  const added = configured === undefined ? [listenerLine(listener)] : [];
  if (askedMilters(service, { ...patient, added: [listener] }).length > 0) return { listener, changes: added };
  const name = nameOf(listener, postfix);
  // While it only looks on, nobody has to wait for a daemon that is away.
  const isLenient = listener.action === "log" && service.value("milter_default_action") !== "accept";
  const milters = [...milterWords(service), isLenient ? `{ ${name}, default_action=accept }` : name].join(", ");
  // Where main.cf sets it, port 25 would ask as well.
  const change = service.isOverridden("smtpd_milters") ? service.change : service.override;
  return { listener, changes: [...added, change("smtpd_milters", milters)] };
}

/** Where Postfix looks for it already, else beside the socket of the map, else on a port of loopback. */
function proposedListener(service: Service, { postfix, settings: { listeners, maps } }: Patient): ListenerSettings {
  const map = "senders" in maps ? "senders" : Object.keys(maps)[0];
  const common = { protocol: "milter", mode: 0o660, group: "postfix", map, action: "log", resent: "refuse" } as const;
  const named = milterWords(service).map((word) => endpointOf(word, service, postfix));
  const ours = named.find((endpoint) => endpoint?.kind === "unix" && endpoint.path.includes("loginmapd"));
  if (ours !== undefined) return { ...common, endpoint: ours };
  const { endpoint: beside } = listeners.find(({ endpoint }) => isBelow(endpoint, postfix)) ?? {};
  if (beside?.kind === "unix") {
    return { ...common, endpoint: { kind: "unix", path: `${dirname(beside.path)}/milter` } };
  }
  const taken = new Set(listeners.map(({ endpoint }) => (endpoint.kind === "inet" ? endpoint.port : 0)));
  let port = 9002;
  while (taken.has(port)) port += 1;
  return { ...common, endpoint: { kind: "inet", host: "127.0.0.1", port } };
}

function isBelow(endpoint: Endpoint, { queueDirectory }: PostfixConfig): boolean {
  return endpoint.kind === "unix" && endpoint.path.startsWith(`${queueDirectory}/`);
}

function listenerLine(listener: ListenerSettings): Change {
  const { endpoint, map, action } = listener;
  const access = endpoint.kind === "unix" ? ', mode: "0660", group: postfix' : "";
  const keys = `protocol: milter, endpoint: "${formatEndpoint(endpoint)}"${access}, map: ${map}, action: ${action}`;
  return { where: "loginmapd.yaml", line: `- { ${keys} }`, adds: listener };
}

/** Where the milter of a word is, seen from outside of any chroot. */
function endpointOf(word: string, service: Service, { queueDirectory }: PostfixConfig): Endpoint | undefined {
  const [, type, place = ""] = /(inet|unix|local):([^\s,{}]+)/.exec(word) ?? [];
  if (type === undefined) return undefined;
  if (type === "inet") return parseInet(place);
  return { kind: "unix", path: pathSeenFrom(place, service.isChrooted, queueDirectory) };
}

/** How `smtpd_milters` names a listener. */
function nameOf({ endpoint }: ListenerSettings, postfix: PostfixConfig): string {
  if (endpoint.kind === "inet") {
    return formatEndpoint({ ...endpoint, host: endpoint.host.replace(/^(0\.0\.0\.0|localhost)$/, "127.0.0.1") });
  }
  return `unix:${isBelow(endpoint, postfix) ? endpoint.path.slice(postfix.queueDirectory.length + 1) : endpoint.path}`;
}
