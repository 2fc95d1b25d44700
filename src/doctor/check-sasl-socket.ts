/** Whether smtpd reaches the auth socket of Dovecot: without it, smtpd does not start. */

import type { Endpoint } from "../model/settings.ts";
import { formatEndpoint } from "../model/settings.ts";
import { denialOn, stepsTo } from "./access.ts";
import type { Change, Finding } from "./finding.ts";
import { loginServices } from "./logins.ts";
import type { Patient } from "./observations.ts";
import type { PostfixConfig, Service } from "./postfix.ts";
import { parseInet, pathSeenFrom } from "./table.ts";

const parameter = "smtpd_sasl_path";

/** The first thing that stands between each service and Dovecot. */
export function checkSaslSocket(patient: Patient): Finding[] {
  return loginServices(patient.postfix).flatMap((service): Finding[] => {
    const obstacle = chrooted(patient, service) ?? forbidden(patient, service) ?? silent(patient, service);
    if (obstacle === undefined) return [];
    return [
      {
        ...obstacle,
        severity: "error",
        services: [service.name],
        consequence: "smtpd ends with `fatal: no SASL authentication mechanisms` before it greets: the port is dead.",
      },
    ];
  });
}

type Obstacle = Pick<Finding, "check" | "title" | "changes"> | undefined;

function chrooted({ postfix, observations }: Patient, service: Service): Obstacle {
  const endpoint = saslEndpoint(service, postfix);
  const written = service.value(parameter);
  const { queueDirectory } = postfix;
  if (endpoint?.kind !== "unix" || !service.isChrooted || !written.startsWith("/")) return undefined;
  if (observations.files.get(endpoint.path)?.kind !== "absent") return undefined;
  const isBelow = written.startsWith(`${queueDirectory}/`);
  const path = isBelow ? written.slice(queueDirectory.length + 1) : "private/auth";
  return {
    check: "sasl-chroot",
    title: `${parameter} ${written} does not exist in the chroot of this service (${queueDirectory})`,
    changes: [service.change(parameter, path), ...(isBelow ? [] : [listenerLine(`${queueDirectory}/${path}`)])],
  };
}

function forbidden({ postfix, observations }: Patient, service: Service): Obstacle {
  const endpoint = saslEndpoint(service, postfix);
  if (endpoint?.kind !== "unix") return undefined;
  const isBelowQueue = service.isChrooted || !service.value(parameter).startsWith("/");
  const denial = denialOn(stepsTo(endpoint.path, isBelowQueue ? postfix.queueDirectory : "/"), observations);
  if (denial === undefined) return undefined;
  return {
    check: "sasl-permission",
    title: `the account ${observations.account?.name} may not ${denial.isSocket ? "connect to" : "enter"} ${denial.path}`,
    changes: [listenerLine(endpoint.path)],
  };
}

function silent({ postfix, observations }: Patient, service: Service): Obstacle {
  const endpoint = saslEndpoint(service, postfix);
  if (endpoint === undefined) return undefined;
  const place = formatEndpoint(endpoint);
  const answer = observations.sasl.get(place);
  if (answer?.kind !== "unreachable") return undefined;
  return {
    check: "sasl-silent",
    title: `no answer from Dovecot at ${place} (${parameter}): ${answer.reason}`,
    changes: [endpoint.kind === "unix" ? listenerLine(endpoint.path) : service.change(parameter, "private/auth")],
  };
}

function listenerLine(path: string): Change {
  return {
    where: "Dovecot",
    line: `service auth { unix_listener ${path} { mode = 0660 user = postfix group = postfix } }`,
  };
}

/** Finds it, as seen from outside of any chroot; `undefined` with another SASL server. */
export function saslEndpoint(service: Service, { queueDirectory }: PostfixConfig): Endpoint | undefined {
  if (service.value("smtpd_sasl_type") !== "dovecot") return undefined;
  const path = service.value("smtpd_sasl_path");
  if (path.startsWith("inet:")) return parseInet(path.slice("inet:".length));
  return { kind: "unix", path: pathSeenFrom(path, service.isChrooted, queueDirectory) };
}
