/** Whether the milter that our configuration has is asked where people log in, there alone, and with what Postfix does without it. */
import { splitList } from "../model/postfix-list.ts";
import { formatEndpoint, type ListenerSettings } from "../model/settings.ts";
import type { Finding } from "./finding.ts";
import { isPublic, loginServices, takesLogins } from "./logins.ts";
import type { Patient } from "./observations.ts";
import type { PostfixConfig, Service } from "./postfix.ts";
import { checksLogins, occurrencesIn } from "./restrictions.ts";
import { pathSeenFrom } from "./table.ts";

/** One milter of a service that is one of our listeners. */
interface AskedMilter {
  readonly listener: ListenerSettings;
  /** What Postfix does while it is away: of its own, else of the service. */
  readonly defaultAction: string;
  /** The words of `smtpd_milters` that name it. */
  readonly text: string;
}

/** Finds what does not fit. Says nothing of a site whose configuration has no milter. */
export function checkMilter({ postfix, settings }: Patient): Finding[] {
  const ours = settings.listeners.filter(({ protocol }) => protocol === "milter");
  if (ours.length === 0) return [];
  return [
    ...loginServices(postfix).flatMap((service) => atLogins(service, ours, postfix)),
    ...postfix.smtpd.flatMap((service) => atPort25(service, ours, postfix)),
  ];
}

/** Whether every message of the service is held to its owners, so that a null sender is no way round the map. */
export function isHeldByMilter(service: Service, { postfix, settings }: Patient): boolean {
  if (isSwitchedOff(service)) return false;
  return askedOf(service, settings.listeners, postfix).some(({ listener }) => listener.action === "reject");
}

function atLogins(service: Service, ours: readonly ListenerSettings[], postfix: PostfixConfig): Finding[] {
  const asked = askedOf(service, ours, postfix);
  if (asked.length === 0) return occurrencesIn(service).some(checksLogins) ? [missing(service, ours, postfix)] : [];
  if (isSwitchedOff(service)) return [switchedOff(service)];
  return asked.flatMap((milter) => (lets(milter) ? [lenient(service, milter)] : []));
}

function missing(service: Service, ours: readonly ListenerSettings[], postfix: PostfixConfig): Finding {
  const [listener] = ours;
  const milters = [...splitList(service.value("smtpd_milters")), nameOf(listener as ListenerSettings, postfix)];
  return {
    check: "milter-missing",
    severity: "notice",
    services: [service.name],
    title: "the map guards the envelope sender, and nothing the From: header, which is what people read",
    consequence: "Whoever is logged in can write as anybody else. Our milter listener is not asked here.",
    // Where main.cf sets it, port 25 would ask as well.
    changes: [
      service[service.isOverridden("smtpd_milters") ? "change" : "override"]("smtpd_milters", milters.join(", ")),
    ],
  };
}

function switchedOff(service: Service): Finding {
  const rest = splitList(service.value("receive_override_options")).filter((option) => option !== "no_milters");
  return {
    check: "milter-off",
    severity: "warning",
    services: [service.name],
    title: "receive_override_options = no_milters switches the milter off",
    consequence:
      "smtpd_milters has no effect: nobody asks about the From: header. The option belongs to the service on which a content filter hands mail back.",
    changes: [service.change("receive_override_options", rest.join(", "))],
  };
}

function lets({ listener, defaultAction }: AskedMilter): boolean {
  return listener.action === "reject" && defaultAction === "accept";
}

function lenient(service: Service, { text, defaultAction }: AskedMilter): Finding {
  const isOwn = text.includes("default_action");
  const milters = service.value("smtpd_milters").replace(text, text.replace(`=${defaultAction}`, "=tempfail"));
  return {
    check: "milter-default-action",
    severity: "warning",
    services: [service.name],
    title: "milter_default_action = accept beside action: reject",
    consequence: "While the daemon is away, restarts included, every message passes with any From: header.",
    changes: [isOwn ? service.change("smtpd_milters", milters) : service.change("milter_default_action", "tempfail")],
  };
}

function atPort25(service: Service, ours: readonly ListenerSettings[], postfix: PostfixConfig): Finding[] {
  const asked = askedOf(service, ours, postfix);
  if (asked.length === 0 || !isPublic(service) || takesLogins(service)) return [];
  const value = asked.reduce((rest, { text }) => rest.replace(text, ""), service.value("smtpd_milters"));
  return [
    {
      check: "milter-port-25",
      severity: "notice",
      services: [service.name],
      title: "our milter is asked where nobody logs in",
      consequence:
        "It has nothing to say of mail from outside, and while the daemon is away such mail is deferred for nothing.",
      changes: [service.override("smtpd_milters", splitList(value).join(", "))],
    },
  ];
}

function isSwitchedOff(service: Service): boolean {
  return splitList(service.value("receive_override_options")).includes("no_milters");
}

/** Finds our listeners in `smtpd_milters`: `inet:host:port`, `unix:path`, each alone or in braces with options of its own. */
function askedOf(service: Service, ours: readonly ListenerSettings[], postfix: PostfixConfig): AskedMilter[] {
  const words = service.value("smtpd_milters").match(/\{[^}]*\}|[^\s,{}]+/g) ?? [];
  return words.flatMap((text) => {
    const [, place = ""] = /((?:inet|unix|local):[^\s,{}]+)/.exec(text) ?? [];
    const found = ours.find(({ protocol, endpoint }) => {
      return protocol === "milter" && formatEndpoint(endpoint) === placeOf(place, service, postfix);
    });
    const [, own] = /default_action\s*=\s*(\w+)/.exec(text) ?? [];
    const defaultAction = own ?? service.value("milter_default_action");
    return found === undefined ? [] : [{ listener: found, defaultAction, text }];
  });
}

/** Where a milter is, as we write it. */
function placeOf(place: string, service: Service, { queueDirectory }: PostfixConfig): string {
  const [, path] = /^(?:unix|local):(.*)$/.exec(place) ?? [];
  if (path !== undefined) return `unix:${pathSeenFrom(path, service.isChrooted, queueDirectory)}`;
  return place.replace("inet:localhost:", "inet:127.0.0.1:");
}

/** How `smtpd_milters` names a listener. */
function nameOf({ endpoint }: ListenerSettings, { queueDirectory }: PostfixConfig): string {
  const isInside = endpoint.kind === "unix" && endpoint.path.startsWith(`${queueDirectory}/`);
  return isInside ? `unix:${endpoint.path.slice(queueDirectory.length + 1)}` : formatEndpoint(endpoint);
}
