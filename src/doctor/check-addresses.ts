/** Whether loginmapd takes addresses apart as Postfix does: extensions and local domains. */

import { splitList } from "../model/postfix-list.ts";
import type { MapSettings } from "../model/settings.ts";
import type { Finding } from "./finding.ts";
import { askingServices } from "./logins.ts";
import type { Patient } from "./observations.ts";
import { placeOf } from "./place.ts";
import type { Service } from "./postfix.ts";
import { listenerAt, tablesOf } from "./table.ts";

/** Compares `recipient_delimiter` and `local_domains` of every map that Postfix asks. */
export function checkAddresses(patient: Patient): Finding[] {
  return askingServices(patient.postfix).flatMap((service) =>
    mapsOf(patient, service).flatMap(([name, map]) => [
      ...compareDelimiter(service, name, map),
      ...compareDomains(service, name, map),
    ]),
  );
}

function mapsOf({ postfix, settings }: Patient, service: Service): [string, MapSettings][] {
  const names = tablesOf(service).flatMap((table) => {
    if (table.protocol === "socketmap") return table.map;
    const endpoint = placeOf(table, service, postfix)?.endpoint;
    return (endpoint && listenerAt(endpoint, settings)?.map) ?? [];
  });
  return [...new Set(names)].flatMap((name): [string, MapSettings][] => {
    const map = settings.maps[name];
    return map === undefined ? [] : [[name, map]];
  });
}

function compareDelimiter(service: Service, name: string, { recipientDelimiter }: MapSettings): Finding[] {
  const parameter = "recipient_delimiter";
  const postfix = service.value(parameter);
  const extra = [...recipientDelimiter].filter((char) => !postfix.includes(char));
  const missing = [...postfix].filter((char) => !recipientDelimiter.includes(char));
  if (extra.length === 0 && missing.length === 0) return [];
  return [
    {
      check: "recipient-delimiter",
      severity: "warning",
      services: [],
      title: `recipient_delimiter is ${quoted(postfix)} in Postfix and ${quoted(recipientDelimiter)} in the map ${name}`,
      consequence:
        missing.length > 0
          ? `A login that sends as its own address with an extension (user${missing[0]}tag@...) is refused: 553 not owned by user.`
          : `user${extra[0]}tag@... is an address of its own to Postfix; here it belongs to whoever owns user@...`,
      // Postfix's own is the one that its delivery goes by, so ours follows.
      changes: [{ where: "loginmapd.yaml", line: `maps.${name}.recipient_delimiter: "${postfix}"` }],
    },
  ];
}

function quoted(delimiter: string): string {
  return delimiter === "" ? "empty" : `"${delimiter}"`;
}

/**
 * Compares `$mydestination`, once the map has local domains at all: without them nobody wants bare localparts as keys.
 *
 * A table in `mydestination` cannot be listed, so with one no domain counts as unknown to Postfix.
 */
function compareDomains(service: Service, name: string, { localDomains }: MapSettings): Finding[] {
  if (localDomains.length === 0) return [];
  const words = splitList(service.value("mydestination").toLowerCase());
  const domains = words.filter((word) => !/[/:]/.test(word));
  const hasTable = domains.length < words.length;
  const extra = hasTable ? [] : localDomains.filter((domain) => !domains.includes(domain));
  const missing = domains.filter((domain) => !/^localhost(\.|$)/.test(domain) && !localDomains.includes(domain));
  if (extra.length === 0 && missing.length === 0) return [];
  const wanted = [...localDomains.filter((domain) => !extra.includes(domain)), ...missing];
  return [
    {
      check: "local-domains",
      severity: "warning",
      services: [],
      title: [
        ...(extra.length === 0
          ? []
          : [`local_domains of the map ${name} has ${extra.join(", ")}, mydestination has not`]),
        ...(missing.length === 0
          ? []
          : [`mydestination has ${missing.join(", ")}, local_domains of the map ${name} has not`]),
      ].join("; "),
      consequence:
        extra.length > 0
          ? `Who owns the bare name user also owns user@${extra[0]}, which may be somebody else's.`
          : `A login that owns the bare name user cannot send as user@${missing[0]}: 553 not owned by user.`,
      changes: [{ where: "loginmapd.yaml", line: `maps.${name}.local_domains: [${wanted.join(", ")}]` }],
    },
  ];
}
