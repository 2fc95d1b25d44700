/** Whether `smtpd_sender_login_maps` names a table of ours, in a form that Postfix takes. */

import { splitList, splitNested } from "../model/postfix-list.ts";
import type { Finding } from "./finding.ts";
import { askingServices } from "./logins.ts";
import type { Patient } from "./observations.ts";
import { type Occurrence, occurrencesIn } from "./restrictions.ts";
import { recommendedTable, tablesOf } from "./table.ts";

const parameter = "smtpd_sender_login_maps";

/** The map has to be set wherever a restriction asks it, and to name loginmapd. */
export function checkPresence({ postfix, settings }: Patient): Finding[] {
  const asking = askingServices(postfix);
  const isSetSomewhere = asking.some((service) => service.value(parameter) !== "");
  const asksSomewhere = asking.some((service) => occurrencesIn(service).length > 0);
  return asking.flatMap((service): Finding[] => {
    const occurrences = occurrencesIn(service);
    const value = service.value(parameter);
    // Without a restriction the map is not asked: that is what has to be said of this service.
    if (occurrences.length === 0 && (isSetSomewhere || asksSomewhere)) return [];
    const table = recommendedTable(settings, postfix);
    if (value === "") {
      return [
        {
          check: "map-not-set",
          ...withoutMap(occurrences),
          services: [service.name],
          title: `${parameter} is not set`,
          changes: [service.change(parameter, table)],
        },
      ];
    }
    if (tablesOf(service).length > 0) return [];
    return [
      {
        check: "map-elsewhere",
        severity: "warning",
        services: [service.name],
        title: `${parameter} names no table of loginmapd: ${value}`,
        consequence: "Postfix decides by the other table and never asks loginmapd.",
        changes: [service.change(parameter, table)],
      },
    ];
  });
}

/** What an empty list of tables does (measured, 3.7.11). */
function withoutMap(occurrences: readonly Occurrence[]): Pick<Finding, "severity" | "consequence"> {
  if (occurrences.length === 0) {
    return {
      severity: "critical",
      consequence: "Nobody owns any address: there is nothing to check a sender against.",
    };
  }
  return occurrences.every(({ restriction }) => restriction === "reject_known_sender_login_mismatch")
    ? { severity: "critical", consequence: "Nobody owns any address, so every login may send as any address." }
    : {
        severity: "error",
        consequence: "Nobody owns any address, so every client that is logged in is refused: 553 not owned by user.",
      };
}

/** Postfix does not start smtpd with a table that it cannot read. */
export function checkForm({ postfix, settings }: Patient): Finding[] {
  return askingServices(postfix).flatMap((service) =>
    tablesOf(service)
      .filter(({ endpoint, map, protocol }) => endpoint === undefined || (protocol === "socketmap" && map === ""))
      .map(({ text, protocol }): Finding => {
        const form =
          protocol === "socketmap" ? "socketmap:inet:host:port:map or socketmap:unix:path:map" : "tcp:host:port";
        return {
          check: "map-malformed",
          severity: "error",
          services: [service.name],
          title: `${text} is not of the form ${form}`,
          consequence: "smtpd ends with `fatal` before it greets: the port is dead.",
          changes: [
            service.change(parameter, service.value(parameter).replace(text, recommendedTable(settings, postfix))),
          ],
        };
      }),
  );
}

// They answer by a rule for every address, not by rows.
const patterns = /^(?:proxy:)*(?:regexp|pcre|static|pipemap|randmap):/;

/** The first table that answers decides: one that answers for every address leaves nothing to those behind it. */
export function checkOrder({ postfix }: Patient): Finding[] {
  return askingServices(postfix).flatMap((service): Finding[] => {
    const words = splitList(service.value(parameter));
    const ours = tablesOf(service).map(({ text }) => text);
    const first = words.findIndex((word) => ours.some((text) => word.includes(text)));
    const [pattern] = words.slice(0, Math.max(first, 0)).filter((word) => patterns.test(word));
    if (pattern === undefined) return [];
    const [before, after] = [words.slice(0, first), words.slice(first)];
    const ordered = [...before.filter((word) => !patterns.test(word)), ...after.slice(0, 1)];
    const rest = [...before.filter((word) => patterns.test(word)), ...after.slice(1)];
    return [
      {
        check: "table-before-map",
        severity: "notice",
        services: [service.name],
        title: `${pattern} comes before our table in ${parameter}`,
        consequence: `For an address that it answers for, loginmapd is never asked: who owns an alias is refused (553). \`postmap -q ADDRESS ${pattern}\` shows what it says.`,
        changes: [service.change(parameter, [...ordered, ...rest].join(", "))],
      },
    ];
  });
}

/** proxymap opens only what `proxy_read_maps` names; it sees main.cf and its own overrides, not those of smtpd. */
export function checkApproval({ postfix }: Patient): Finding[] {
  const reader = postfix.proxymap ?? postfix.main;
  const approved = new Set(splitNested(reader.value("proxy_read_maps")));
  const list = reader.raw("proxy_read_maps");
  return askingServices(postfix).flatMap((service) =>
    tablesOf(service)
      .filter(({ isProxied, text }) => isProxied && !approved.has(text))
      .map(({ text }): Finding => {
        const isOverridden = service.isOverridden(parameter);
        const isListed = list.includes(`$${parameter}`);
        return {
          check: "proxy-not-approved",
          severity: "error",
          services: [service.name],
          title: `proxy_read_maps does not name ${text}, so proxymap does not open it`,
          consequence:
            "smtpd ends with `fatal: proxymap service is not configured` before it greets: the port is dead.",
          changes: [
            isOverridden && isListed
              ? { where: "main.cf", line: `${parameter} = ${service.value(parameter)}` }
              : reader.change("proxy_read_maps", `${list} ${isOverridden ? text : `$${parameter}`}`.trim()),
          ],
        };
      }),
  );
}
